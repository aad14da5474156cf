"""The rules that documents and files are judged by."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from fleet_site.access import require
from fleet_site.http import render_page
from skills_app.domain.bundle import BUNDLE
from skills_app.domain.findings import Severity
from skills_app.domain.profiles import PROFILES, find_rule
from skills_app.queries.rules_for_list import rules_for_list, skills_breaking


@require_GET
@require("read")
def rule_list(request: HttpRequest) -> HttpResponse:
    """Show every rule with its sentence and source; the address narrows by profile, severity, and what is broken."""
    names = [*PROFILES, BUNDLE]
    profile = request.GET.get("profile", "")
    severity = request.GET.get("severity", "")
    is_broken = request.GET.get("broken") == "1"
    groups = rules_for_list(
        profile=profile if profile in names else "",
        severity=severity if severity in list(Severity) else "",
        is_broken=is_broken,
    )
    context = {
        "groups": groups,
        "num_rules": sum(len(group.rows) for group in groups),
        "profiles": names,
        "profile": profile,
        "severities": list(Severity),
        "severity": severity,
        "is_broken": is_broken,
    }
    return render_page(request, "skills_app/rule_list.html", context, partial="rule-list")


@require_GET
@require("read")
def rule_detail(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Show one rule and the skills whose current version breaks it."""
    rule = find_rule(rule_id)
    if rule is None:
        raise Http404(f"There is no rule {rule_id[:100]}. The page of rules lists all of them.")
    return render_page(
        request, "skills_app/rule_detail.html", {"rule": rule, "skills": skills_breaking(rule_id)}
    )
