"""Our own judgement of a version: kept once, at its place in the text, and never in the way of what others said."""

from typing import Any

import pytest
from django.core.management import call_command

from skills_app.domain.enums import VersionOrigin
from skills_app.domain.judging import JUDGE_VERSION
from skills_app.domain.profiles import PROFILES
from skills_app.domain.scoring import SCORERS
from skills_app.models import Skill, SkillVersion, ValidationReport
from skills_app.services import judge_version as judging
from skills_app.services.judge_version import judge_version, judge_versions, versions_to_judge
from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db


def version_of(skill: Skill) -> SkillVersion:
    assert skill.current_version
    return skill.current_version


def test_a_report_a_profile_and_an_assessment_a_scorer_are_kept_once() -> None:
    version = version_of(make.skill("a/one"))

    assert judge_version(version=version)
    assert not judge_version(version=version)

    own = version.validation_reports.filter(is_own=True)
    assert sorted(own.values_list("validator", flat=True)) == sorted([*PROFILES, "bundle"])
    assert sorted(version.quality_assessments.values_list("scorer", flat=True)) == [
        "fleet-1",
        "skill-fleet-2026-01",
    ]
    broken = own.get(validator="bundle").findings.get(rule_id="bundle.link.broken")
    assert version.content.split("\n")[broken.line - 1].startswith("See [the guide]")
    assert broken.title.endswith(".")


def test_a_document_known_alone_is_not_judged_by_its_files() -> None:
    version = version_of(make.skill("a/one", origin=VersionOrigin.RUN))

    judge_version(version=version)

    assert not version.validation_reports.filter(validator="bundle").exists()


def test_the_row_of_the_skill_takes_our_word_only_where_nobody_else_said_anything() -> None:
    alone, told = make.skill("a/alone"), make.skill("a/told")
    make.report(told, status="failed", is_passed=False)
    make.assessment(told, quality_score=0.9, calibrated_score=0.6)
    for skill in (alone, told):
        judge_version(version=version_of(skill))
        skill.refresh_from_db()

    reference = version_of(alone).quality_assessments.get(scorer="skill-fleet-2026-01")
    assert (alone.report_status, alone.quality_score) == ("passed", None)
    assert alone.calibrated_score == reference.deterministic_score
    assert (told.report_status, told.quality_score, told.calibrated_score) == ("failed", 0.9, 0.6)


def test_a_moved_skill_is_judged_again_and_its_old_judgement_goes() -> None:
    skill = make.skill("a/one")
    version = version_of(skill)
    judge_version(version=version)
    first = set(version.validation_reports.values_list("digest", flat=True))
    Skill.objects.filter(pk=skill.pk).update(path="b/other", slug="other")

    version = SkillVersion.objects.select_related("skill").get(pk=version.pk)
    assert judge_version(version=version)

    again = set(version.validation_reports.values_list("digest", flat=True))
    assert len(again) == len(first)
    assert not again & first
    rules = version.validation_reports.get(validator="spec").findings.values_list("rule_id", flat=True)
    assert "spec.name.folder" in rules


def test_other_rules_judge_again_and_keep_what_was(monkeypatch: pytest.MonkeyPatch) -> None:
    version = version_of(make.skill("a/one"))
    judge_version(version=version)
    num = version.validation_reports.count()
    monkeypatch.setattr(judging, "JUDGE_VERSION", "later")

    assert list(versions_to_judge()) == [version]
    assert judge_versions() == 1
    assert not versions_to_judge().exists()
    assert version.validation_reports.count() == 2 * num
    assert ValidationReport.objects.filter(details__judge=JUDGE_VERSION).count() == num


def test_two_who_judge_at_once_keep_the_findings_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    version = version_of(make.skill("a/one"))
    judge = judging.judge_skill
    first: list[int] = []

    def slow(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(judging, "judge_skill", judge)
        assert judge_version(version=version)
        first.extend(version.validation_reports.values_list("pk", flat=True))
        return judge(*args, **kwargs)

    monkeypatch.setattr(judging, "judge_skill", slow)

    assert not judge_version(version=version)
    assert list(version.validation_reports.values_list("pk", flat=True)) == first != []


def test_another_version_of_a_scorer_is_another_judge() -> None:
    for name, scorer in SCORERS.items():
        assert f"{name}-{scorer('').version}" in JUDGE_VERSION.split("+")


def test_one_file_skills_are_not_due() -> None:
    make.skill("a/one", content="{}", content_kind="json")

    assert judge_versions() == 0


def test_the_command_judges_all_and_says_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        make.skill(f"a/s{number}")

    call_command("judge")

    assert "Judged 3 versions" in capsys.readouterr().out
    assert not versions_to_judge().exists()


def test_a_secret_in_a_file_is_found_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    token = "ghp_" + "a1B2" * 9
    version = version_of(make.skill("a/one", files=(make.text_file("scripts/run.py", f"key = '{token}'\n"),)))

    judge_version(version=version)

    found: Any = version.validation_reports.get(validator="bundle").findings.get(rule_id="bundle.secret")
    assert (found.path, found.line, found.is_required) == ("scripts/run.py", None, True)
    assert token not in found.message
