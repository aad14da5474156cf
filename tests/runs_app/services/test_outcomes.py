"""From artifacts of runs to versions with reports."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs_app.domain.enums import ProblemReason
from runs_app.domain.revision import Revision
from runs_app.models import Generation, Run, RunOutcome
from runs_app.services.add_source import add_source
from runs_app.services.outcomes import read_outcomes
from runs_app.services.sync_source import sync_source
from skills_app.domain.enums import VersionOrigin
from skills_app.domain.promotion import PromotionState
from skills_app.models import (
    AuditEntry,
    Category,
    Finding,
    PathAlias,
    Promotion,
    QualityAssessment,
    Skill,
    SkillVersion,
    ValidationReport,
)
from skills_app.services.add_version import add_version
from skills_app.services.make_skill import make_skill
from skills_app.services.place_skill import place_skill
from tests.runs_app.services.seed_runs import NOW, keep_artifacts, mirrored_run, seed_artifacts
from tests.shared_data import shared_data

pytestmark = pytest.mark.django_db

DOCUMENT = (
    "---\nname: demo-skill\ndescription: Use when a test needs one.\n---\n\n# Demo\n\n## Quick Start\n\nGo.\n"
)
METADATA = json.dumps(
    {"skill_id": "tools/demo-skill", "name": "demo-skill", "type": "tool", "weight": "lightweight"}
)
REPORT = json.dumps(
    {"passed": True, "status": "passed", "score": 0.9, "errors": [], "warnings": [], "checks": []}
)
FULL_RUN = {"skill_content.md": DOCUMENT, "skill_metadata.json": METADATA, "validation_report.json": REPORT}


def seed() -> dict[str, Run]:
    artifacts = seed_artifacts(shared_data("seed_mlruns"))
    return {run_id: mirrored_run(run_id, texts) for run_id, texts in artifacts.items()}


def test_the_seed_becomes_one_skill_with_its_reports() -> None:
    runs = seed()
    assert len(runs) == 7
    assert read_outcomes(runs=list(runs.values())) == []
    outcome = RunOutcome.objects.get(run=runs["2c825fc5620542d9a680d343181c1237"])
    skill = Skill.objects.get()
    assert (skill.path, skill.name) == ("design/design-system-guidelines", "design-system-guidelines")
    assert skill.category is not None
    assert skill.category.path == "design"
    assert (skill.skill_type, skill.weight, skill.load_priority) == (
        "specialization",
        "medium",
        "task_specific",
    )
    assert (skill.num_versions, skill.report_status) == (1, "passed")
    assert (skill.quality_score, skill.calibrated_score) == (0.94, 0.5968478260869563)
    assert outcome.version == skill.current_version == SkillVersion.objects.get()
    report = outcome.validation_report
    assert report is not None
    assert (report.version, report.status, report.is_passed, report.score) == (
        outcome.version,
        "passed",
        True,
        0.88,
    )
    assert (report.num_errors, report.num_warnings, report.findings.count()) == (0, 1, 6)
    assert list(report.findings.values_list("rule_id", "is_passed")) == [
        ("spec_frontmatter", True),
        ("spec_naming", True),
        ("meta_consistency", True),
        ("plan_alignment", False),
        ("pattern_count", True),
        ("acc_standards", True),
    ]
    quality = outcome.quality_assessment
    assert quality is not None
    assert (quality.quality_score, quality.deterministic_score) == (0.94, 0.5968478260869563)
    assert (quality.calibrated_score, quality.audience_alignment) == (0.5968478260869563, 0.95)
    assert quality.measures["pattern_count"] == 12
    assert len(quality.strengths) == 5
    assert quality.version == outcome.version


def test_the_seed_keeps_reports_without_a_document_and_an_assessment_without_a_record() -> None:
    runs = seed()
    read_outcomes(runs=list(runs.values()))
    lost = RunOutcome.objects.get(run=runs["2a8000d86d6548a8b79496545e5df469"])
    assert (lost.skill_path, lost.version) == ("python/async-programming", None)
    assert lost.validation_report is not None
    assert (lost.validation_report.status, lost.validation_report.version) == ("warnings", None)
    assert lost.validation_report.findings.count() == 5
    assert lost.metadata["allowed_tools"] == ["bash", "write_file", "read_file"]
    bare = RunOutcome.objects.get(run=runs["2ebd630de0414022a714c7d015ef856d"])
    assert (bare.version, bare.validation_report, bare.skill_path) == (None, None, "")
    assert bare.quality_assessment is not None
    assert bare.quality_assessment.deterministic_score == 0.6413043478260868
    assert RunOutcome.objects.count() == 3


def test_findings_of_the_seed_stand_at_their_places() -> None:
    runs = seed()
    read_outcomes(runs=list(runs.values()))
    version = SkillVersion.objects.get()
    lines = version.content.splitlines()
    places = {row.rule_id: row for row in Finding.objects.filter(report__version=version)}
    assert (places["spec_frontmatter"].line, places["spec_frontmatter"].end_line) == (1, 4)
    naming = places["spec_naming"]
    assert naming.line is not None
    assert "design-system-guidelines" in lines[naming.line - 1]
    accessibility = places["acc_standards"]
    assert accessibility.line is not None
    assert "ccessibility" in lines[accessibility.line - 1]
    assert lines[accessibility.line - 1].startswith("#")


def test_reading_again_changes_nothing_and_costs_two_queries(django_assert_num_queries) -> None:
    runs = list(seed().values())
    read_outcomes(runs=runs)
    num_entries = AuditEntry.objects.count()
    stamp = Skill.objects.get().updated_at
    with django_assert_num_queries(2):
        assert read_outcomes(runs=runs) == []
    assert (AuditEntry.objects.count(), Skill.objects.get().updated_at) == (num_entries, stamp)
    assert (
        SkillVersion.objects.count(),
        ValidationReport.objects.count(),
        QualityAssessment.objects.count(),
    ) == (1, 2, 2)


def test_a_page_without_artifacts_costs_one_query(django_assert_num_queries) -> None:
    runs = [mirrored_run(f"{number:032x}", {"plan.json": "{}"}) for number in range(20)]
    with django_assert_num_queries(1):
        assert read_outcomes(runs=runs) == []


def test_the_same_document_of_two_runs_is_one_version_and_another_is_the_next() -> None:
    first = mirrored_run("a" * 32, FULL_RUN)
    second = mirrored_run("b" * 32, FULL_RUN, ended_at=NOW + timedelta(hours=1))
    third = mirrored_run(
        "c" * 32, {**FULL_RUN, "skill_content.md": DOCUMENT + "More.\n"}, ended_at=NOW + timedelta(hours=2)
    )
    assert read_outcomes(runs=[third, second, first]) == []
    one, two = SkillVersion.objects.order_by("number")
    assert (one.number, one.parent, two.number, two.parent) == (1, None, 2, one)
    assert RunOutcome.objects.get(run=first).version == RunOutcome.objects.get(run=second).version == one
    assert RunOutcome.objects.get(run=third).version == two
    skill = Skill.objects.get()
    assert (skill.current_version, skill.num_versions, skill.path) == (two, 2, "tools/demo-skill")


def test_an_older_run_that_arrives_late_does_not_become_current() -> None:
    read_outcomes(runs=[mirrored_run("a" * 32, FULL_RUN)])
    late = mirrored_run(
        "b" * 32, {**FULL_RUN, "skill_content.md": DOCUMENT + "Old.\n"}, ended_at=NOW - timedelta(days=9)
    )
    read_outcomes(runs=[late])
    skill = Skill.objects.get()
    assert skill.current_version is not None
    assert (skill.num_versions, skill.current_version.number) == (2, 1)


def began(run_id: str, words: str, hours: float, *, of: float | None = None) -> SkillVersion:
    """Mirror a run of so many hours (half an hour unless given) that ended so many hours after noon; return its version."""
    texts = {**FULL_RUN, "skill_content.md": f"{DOCUMENT}{words}\n"}
    run = mirrored_run(run_id * 32, texts, ended_at=NOW + timedelta(hours=hours))
    run.started_at = run.ended_at - timedelta(hours=0.5 if of is None else of)  # type: ignore[operator]
    run.save()
    assert read_outcomes(runs=[run]) == []
    version = RunOutcome.objects.get(run=run).version
    assert version
    return version


def edited(version: SkillVersion, words: str, hours: float) -> SkillVersion:
    """Make a draft of a version by hand, so many hours after noon."""
    return add_version(
        skill=version.skill,
        content=f"{DOCUMENT}{words}\n",
        origin=VersionOrigin.EDIT,
        made_at=NOW + timedelta(hours=hours),
        files=(),
        parent=version,
        becomes_current=False,
    ).version


def test_a_run_made_its_version_from_the_one_that_was_current_when_it_began_and_not_from_a_draft() -> None:
    first = began("a", "First.", 0)
    draft = edited(first, "A draft.", 1)
    found = add_version(
        skill=first.skill,
        content=f"{DOCUMENT}On disk.\n",
        origin=VersionOrigin.LIBRARY,
        made_at=NOW,
        parent=draft,
    ).version

    assert began("b", "Second.", 2).parent == found
    assert began("c", "Beside the second.", 2.5, of=0.6).parent == found
    assert began("d", "Long before.", -1).parent is None
    assert began("e", "Third.", 4).parent == SkillVersion.objects.get(content__contains="Beside")


def test_a_run_began_from_what_was_published_then() -> None:
    first = began("a", "First.", 0)
    draft = edited(first, "A draft.", 1)
    Promotion.objects.create(
        skill=first.skill,
        version=draft,
        state=PromotionState.PUBLISHED,
        started_at=NOW,
        published_at=NOW + timedelta(hours=3),
    )
    SkillVersion.objects.filter(pk=first.pk).update(created_at=NOW)
    beside = add_version(
        skill=first.skill,
        content=f"{DOCUMENT}On disk.\n",
        origin=VersionOrigin.LIBRARY,
        made_at=NOW + timedelta(hours=3.5),
        parent=draft,
        becomes_current=False,
    ).version

    assert began("b", "Before.", 2).parent == first
    assert began("c", "After.", 4).parent == draft
    assert beside.parent == draft


def test_a_run_of_a_generation_began_from_what_that_was_asked_to_make_anew() -> None:
    first = began("a", "First.", 0)
    draft = edited(first, "A draft.", 1)
    revision = Revision(draft.content, first.skill.path, draft.number, "Say more.", 1)
    Generation.objects.create(
        task="Again.",
        request={"revision": asdict(revision)},
        skill=first.skill,
        run_id="b" * 32,
        queued_at=NOW,
        model="m",
    )

    assert began("b", "Anew.", 2).parent == draft


def test_what_a_generation_made_anew_was_not_current_until_it_was_published() -> None:
    first = began("a", "First.", 0)
    anew = began("b", "Anew.", 1)
    Generation.objects.create(task="Again.", skill=first.skill, version=anew, queued_at=NOW, model="m")

    assert began("c", "Next.", 2).parent == first


def test_a_document_without_metadata_goes_by_its_front_matter() -> None:
    read_outcomes(runs=[mirrored_run("a" * 32, {"skill_content.md": DOCUMENT})])
    skill = Skill.objects.get()
    assert (skill.path, skill.category, skill.description) == (
        "demo-skill",
        None,
        "Use when a test needs one.",
    )


def test_a_document_that_names_no_skill_is_a_problem_and_its_reports_are_kept() -> None:
    run = mirrored_run(
        "a" * 32,
        {**FULL_RUN, "skill_content.md": "# Only text\n", "skill_metadata.json": '{"description": "x"}'},
    )
    (problem,) = read_outcomes(runs=[run])
    assert (problem.reason, problem.run_id) == (ProblemReason.WRONG_SHAPE, "a" * 32)
    assert problem.path == f"330001648406427495/{'a' * 32}/artifacts/skill_content.md"
    assert "names no skill" in problem.message
    assert Skill.objects.count() == 0
    assert RunOutcome.objects.get().validation_report is not None


def test_a_known_problem_is_returned_again_until_its_artifact_changes() -> None:
    run = mirrored_run("a" * 32, {**FULL_RUN, "validation_report.json": '"passed=True checks=[Item("'})
    first = read_outcomes(runs=[run])
    assert [problem.reason for problem in first] == [ProblemReason.UNREADABLE_REPR]
    assert read_outcomes(runs=[run]) == first
    keep_artifacts(run, FULL_RUN)
    assert read_outcomes(runs=[run]) == []
    assert RunOutcome.objects.get().validation_report is not None


def test_reports_found_before_their_document_hang_on_the_version_afterwards() -> None:
    run = mirrored_run("a" * 32, {"skill_metadata.json": METADATA, "validation_report.json": REPORT})
    read_outcomes(runs=[run])
    assert ValidationReport.objects.get().version is None
    keep_artifacts(run, FULL_RUN)
    read_outcomes(runs=[run])
    assert ValidationReport.objects.get().version == SkillVersion.objects.get()


def test_a_document_deleted_at_its_source_stays_linked() -> None:
    run = mirrored_run("a" * 32, FULL_RUN)
    read_outcomes(runs=[run])
    keep_artifacts(run, {"skill_metadata.json": METADATA})
    read_outcomes(runs=[run])
    assert RunOutcome.objects.get().version == SkillVersion.objects.get()


def test_a_run_that_names_an_old_path_adds_to_the_skill_that_moved() -> None:
    skill, _ = make_skill(path="tools/demo-skill")
    place_skill(skill=skill, path="practices/demo-skill")
    read_outcomes(runs=[mirrored_run("a" * 32, FULL_RUN)])
    assert Skill.objects.get().path == "practices/demo-skill"
    assert PathAlias.objects.get().path == "tools/demo-skill"
    assert RunOutcome.objects.get().skill_path == "practices/demo-skill"


def test_a_run_that_names_a_category_puts_its_skill_below_it() -> None:
    make_skill(path="tools/other")
    read_outcomes(
        runs=[
            mirrored_run(
                "a" * 32, {"skill_content.md": DOCUMENT, "skill_metadata.json": '{"skill_id": "tools"}'}
            )
        ]
    )
    assert set(Skill.objects.values_list("path", flat=True)) == {"tools/other", "tools/demo-skill"}
    assert list(Category.objects.values_list("path", flat=True)) == ["tools"]


def test_a_path_that_climbs_is_a_problem_and_the_name_serves() -> None:
    run = mirrored_run("a" * 32, {**FULL_RUN, "skill_metadata.json": '{"skill_id": "../../etc/passwd"}'})
    (problem,) = read_outcomes(runs=[run])
    assert "../../etc/passwd" in problem.message
    assert Skill.objects.get().path == "demo-skill"


def test_a_sync_of_the_seed_folder_ends_with_the_same_outcomes() -> None:
    source = add_source(address=str(shared_data("seed_mlruns")))
    sync_source(source=source, who="test")
    assert Run.objects.count() == 7
    run = Run.objects.get(run_id="2c825fc5620542d9a680d343181c1237")
    assert (run.skill_name, run.has_document, run.quality_score) == ("design-system-guidelines", True, 0.94)
    assert (run.deterministic_score, run.validation_score, run.num_warnings) == (0.5968478260869563, 0.88, 1)
    assert run.outcome.version == SkillVersion.objects.get()
    before = (SkillVersion.objects.get().pk, AuditEntry.objects.count())
    sync_source(source=source, who="test", is_full=True)
    assert (SkillVersion.objects.get().pk, AuditEntry.objects.count()) == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite in memory has one writer; PostgreSQL has many"
)
def test_two_readers_at_once_make_one_version_and_one_report() -> None:
    make_skill(path="tools/demo-skill")
    runs = [mirrored_run(f"{number:032x}", FULL_RUN) for number in range(8)]
    start = threading.Barrier(4)

    def read() -> list[object]:
        start.wait()
        try:
            return list(read_outcomes(runs=runs))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = [job.result() for job in [pool.submit(read) for _ in range(4)]]
    assert found == [[], [], [], []]
    assert (Skill.objects.count(), SkillVersion.objects.count(), ValidationReport.objects.count()) == (
        1,
        1,
        1,
    )
    assert RunOutcome.objects.filter(version=SkillVersion.objects.get()).count() == 8


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        ["skill_content.md", "skill_metadata.json", "validation_report.json", "quality_assessment.json"]
    ),
    st.integers(0, 300),
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60),
)
def test_no_broken_artifact_stops_the_others(name: str, cut: int, text: str) -> None:
    whole = {**FULL_RUN, "quality_assessment.json": '{"quality_score": 0.5}'}
    with transaction.atomic():
        run = mirrored_run("a" * 32, {**whole, name: whole[name][:cut] + text})
        first = read_outcomes(runs=[run])
        outcome = RunOutcome.objects.get(run=run)
        kept = {
            "skill_content.md": outcome.version,
            "validation_report.json": outcome.validation_report,
            "quality_assessment.json": outcome.quality_assessment,
        }
        lost = {part for part, value in kept.items() if value is None}
        assert lost <= {problem.path.rpartition("/")[2] for problem in first} <= {name}
        assert read_outcomes(runs=[run]) == first
        transaction.set_rollback(True)
