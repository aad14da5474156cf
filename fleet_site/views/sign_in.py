"""Signing in and out, by password or by a one-time link, and what belongs to one's own account."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fleet_site.access import require
from fleet_site.forms import SignInForm
from fleet_site.one_time_link import use_token, user_of_token
from fleet_site.sessions import BY_LINK, end_sessions, note_sign_in, sessions_of
from skills_app.services.record_audit import record_audit

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """Django's sign-in: it cycles the session's key, checks where to go next, and feeds the lock-out."""

    form_class = SignInForm
    template_name = "registration/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        response = super().form_valid(form)
        note_sign_in(self.request, is_by_link=False)
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        response = super().form_invalid(form)
        response.status_code = 422
        return response


@login_not_required
@require_GET
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Send those who open Django's admin pages to the one sign-in page; say it when they have no right to them."""
    if request.user.is_authenticated:
        raise PermissionDenied("These pages are for the superusers of this site. Ask one of them.")
    return HttpResponseRedirect(f"{resolve_url('site:sign_in')}?{request.GET.urlencode()}")


@login_not_required
@never_cache
@sensitive_variables("token")
@require_http_methods(["GET", "POST"])
def one_time_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask first, sign in on the POST: a mail program that looks at links must not use one up."""
    user = use_token(token) if request.method == "POST" else user_of_token(token)
    if user is None:
        return render(request, "registration/link_unusable.html", {}, status=410)
    if request.method == "GET":
        return render(request, "registration/one_time_link.html", {"person": user})
    login(request, user, backend=MODEL_BACKEND)
    note_sign_in(request, is_by_link=True)
    record_audit(actor=user, verb="signed_in_by_link", target_kind="person", target_key=user.get_username())
    if not user.has_usable_password():
        messages.info(
            request, "You have no password yet. Set one under your name, or ask for a link next time."
        )
    return redirect("site:home")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@require("read")
def password(request: HttpRequest) -> HttpResponse:
    """Change one's password; who came by a link, or has none, need not know the old one."""
    user = cast(User, request.user)
    needs_old = user.has_usable_password() and not request.session.get(BY_LINK)
    form_class = PasswordChangeForm if needs_old else SetPasswordForm
    form = form_class(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, user)
        request.session[BY_LINK] = False
        end_sessions(user, but_key=request.session.session_key)
        record_audit(
            actor=user, verb="changed_password", target_kind="person", target_key=user.get_username()
        )
        messages.success(request, "Your password was changed. You were signed out everywhere else.")
        return redirect("site:password")
    status = 422 if form.errors else 200
    return render(
        request, "registration/password.html", {"form": form, "needs_old": needs_old}, status=status
    )


@require_GET
@require("read")
def sessions(request: HttpRequest) -> HttpResponse:
    """List where one is signed in."""
    rows = sessions_of(cast(User, request.user), this_key=request.session.session_key)
    return render(request, "registration/sessions.html", {"sessions": rows})


@require_POST
@require("read")
def sessions_end(request: HttpRequest) -> HttpResponse:
    """End one other session, or all others."""
    user = cast(User, request.user)
    count = end_sessions(user, but_key=request.session.session_key, mark=request.POST.get("mark", ""))
    if count:
        record_audit(
            actor=user,
            verb="ended_sessions",
            target_kind="person",
            target_key=user.get_username(),
            after={"num_ended": count},
        )
        messages.success(request, f"{count} other {'session was' if count == 1 else 'sessions were'} ended.")
    else:
        messages.info(request, "That session had ended already.")
    return redirect("site:sessions")
