"""The sample as values: what its manifest tells, and that it is the same each time."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runs_app.adapters.sample_files import read_sample
from runs_app.domain.enums import RunStatus
from runs_app.domain.outcomes import ASSESSMENT, DOCUMENT, NAMES, REPORT, read_outcome
from runs_app.domain.run_log import ANSWERS, EVENTS, PLAN, TAG_SAMPLE
from runs_app.domain.sample import EVALUATIONS, PlannedRun, SampleError, sample_runs
from runs_app.domain.sample.older import older_document, with_version
from skills_app.domain.documents import parse_document
from skills_app.domain.profiles import Subject, judge_all
from skills_app.domain.scoring import score_reference

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
TEXT = """---
name: tea
metadata:
  version: 2.0.0
---

# Tea

## First

One.

### Inside

Two.

## Last

Three.
"""


@pytest.fixture(scope="module")
def sample():
    return read_sample()


@pytest.fixture(scope="module")
def told(sample):
    return sample_runs(sample, now=NOW)


def everything(run):
    return [run, *(below for child in run.children for below in everything(child))]


def test_it_has_twelve_skills_in_a_tree_of_three_levels_and_about_sixty_runs(sample, told):
    assert len(sample.skills) == 12
    assert max(path.count("/") for path in sample.categories) + 1 == 3
    assert {skill.path.rpartition("/")[0] for skill in sample.skills} <= set(sample.categories)
    assert sum(len(skill.versions) >= 3 for skill in sample.skills) >= 2
    assert 55 <= len(told.runs) <= 65


def test_runs_reach_over_ten_weeks_and_none_ends_after_now(told):
    starts = [datetime.fromtimestamp(run.started_at_ms / 1000, tz=UTC) for _, run in told.runs]
    assert timedelta(weeks=9) < max(starts) - min(starts) <= timedelta(weeks=10)
    assert starts == sorted(starts)
    ends = [found.ended_at_ms for _, run in told.runs for found in everything(run) if found.ended_at_ms]
    assert max(ends) / 1000 <= NOW.timestamp()


def test_a_child_lies_within_its_parent(told):
    for _, run in told.runs:
        for child in run.children:
            assert run.started_at_ms <= child.started_at_ms
            assert run.ended_at_ms is None or child.ended_at_ms <= run.ended_at_ms


def test_some_fail_and_one_is_running(told):
    ends = [run.status for _, run in told.runs]
    assert ends.count(RunStatus.FAILED) >= 3
    assert ends.count(RunStatus.RUNNING) == 1
    running = next(run for _, run in told.runs if run.status is RunStatus.RUNNING)
    assert running.ended_at_ms is None
    assert running.children[-1].status is RunStatus.RUNNING
    assert json.loads(running.artifacts[EVENTS].splitlines()[-1])["kind"] == "step_started"


def test_the_same_seed_and_day_tell_the_same_runs(sample, told):
    assert sample_runs(sample, now=NOW) == told
    assert sample_runs(sample, now=NOW, seed=7) != told


def test_every_run_says_that_it_is_a_sample(told):
    for _, run in told.runs:
        for found in everything(run):
            assert found.tags[TAG_SAMPLE] == "true"


def test_artifacts_are_true_json_that_the_mirror_reads_without_a_problem(told):
    done = [run for _, run in told.runs if REPORT in run.artifacts]
    assert len(done) >= 40
    for run in done:
        outcome = read_outcome(
            {path: text for path, text in run.artifacts.items() if path in NAMES}, run_id="r", label="l"
        )
        assert outcome.problems == ()
        assert outcome.report is not None
        assert outcome.assessment is not None
        for path, text in run.artifacts.items():
            if path.endswith(".json"):
                json.loads(text)
            elif path.endswith(".jsonl"):
                assert all(json.loads(line)["at"] for line in text.splitlines())
        if run.children and len(run.children) == 3:
            assert {PLAN, ANSWERS, EVENTS} <= run.artifacts.keys()


def test_the_deterministic_score_is_what_the_scorer_finds(told):
    documents = {run.artifacts[DOCUMENT]: run for _, run in told.runs if DOCUMENT in run.artifacts}
    assert len(documents) == 27
    for document, run in documents.items():
        stored = json.loads(run.artifacts[ASSESSMENT])
        score = score_reference(document).value
        assert stored["deterministic_metrics"]["deterministic_score"] == score
        assert stored["calibrated_score"] == score
        assert {point.value for point in run.metrics if point.key == "deterministic_score"} == {score}
        assert stored["scorer"] == "sample-judge"
        assert stored["rationale"].startswith("Sample value")


def test_quality_varies_from_poor_to_excellent(sample):
    scores = [score_reference(skill.versions[-1].document).value for skill in sample.skills]
    assert min(scores) < 0.1
    assert max(scores) > 0.95
    by_path = {skill.name: skill for skill in sample.skills}
    assert (
        not by_path["log-triage"]
        .versions[-1]
        .document.split("description: ")[1]
        .lower()
        .startswith("use when")
    )
    assert by_path["http-status-handbook"].versions[-1].document.count("\n") > 500


def test_the_broken_link_and_the_missing_examples_are_in_the_reports(told):
    reports = {}
    for _, run in told.runs:
        if DOCUMENT in run.artifacts:
            reports[run.tags["skill_fleet.skill"]] = json.loads(run.artifacts[REPORT])
    series = reports["data/analysis/time-series-checks"]
    broken = [check for check in series["checks"] if check["id"] == "bundle.link.broken"]
    assert [check["passed"] for check in broken] == [False]
    assert broken[0]["line"] > 1
    assert reports["engineering/python/packaging-checklist"]["warnings"] == [
        "The document shows no code block."
    ]
    assert reports["engineering/operations/log-triage"]["passed"] is False
    assert reports["engineering/databases/postgres-slow-queries"]["status"] == "passed"


def test_each_version_differs_from_the_one_before(sample):
    for skill in sample.skills:
        documents = [version.document for version in skill.versions]
        assert len(set(documents)) == len(documents)
        for version in skill.versions:
            assert f"  version: {version.number}\n" in version.document
            # Nothing of a document may stop a host from taking it, whatever else is wrong with it.
            subject = Subject(document=parse_document(version.document), folder_name=skill.name)
            assert all(
                report.is_accepted for report in judge_all(subject, ["spec", "claude", "codex"]).reports
            )


def test_links_of_the_newest_versions_lead_to_files_but_for_the_one_that_is_broken(sample):
    broken = set()
    for skill in sample.skills:
        newest = skill.versions[-1]
        known = {file.path for file in newest.files}
        for link in parse_document(newest.document).links:
            if not link.is_external and not link.is_anchor and link.target not in known | {"…"}:
                broken.add((skill.name, link.target))
    assert broken == {("time-series-checks", "references/units.md")}


def test_skills_left_out_take_their_runs_with_them(sample):
    path = "engineering/databases/postgres-slow-queries"
    told = sample_runs(sample, now=NOW, without=[path])
    assert path not in {run.tags.get("skill_fleet.skill") for _, run in told.runs}
    assert path not in {version.skill.path for version in told.versions}
    assert any(name == EVALUATIONS for name, _ in told.runs)


def test_an_older_document_lacks_the_section_with_all_below_it():
    assert older_document(TEXT, drop=["## First"], replace=[]) == TEXT.replace(
        "## First\n\nOne.\n\n### Inside\n\nTwo.\n\n", ""
    )
    assert older_document(TEXT, drop=["## Last"], replace=[["One.", "1."]]).endswith(
        "1.\n\n### Inside\n\nTwo.\n"
    )


@pytest.mark.parametrize(
    ("drop", "swap"), [(["## Third"], []), (["# First"], []), ([], [["four", "4"]]), ([], [["o", "0"]])]
)
def test_an_undo_that_does_not_fit_is_refused(drop, swap):
    with pytest.raises(SampleError):
        older_document(TEXT, drop=drop, replace=swap)


def test_the_version_is_set_in_the_front_matter_alone():
    assert with_version(TEXT + "  version: 9\n", "1.0.0") == TEXT.replace("2.0.0", "1.0.0") + "  version: 9\n"


def test_a_manifest_that_names_an_unknown_skill_is_refused(sample):
    astray = replace(sample, more_runs=(PlannedRun(kind="assess", days_ago=3, skill="no/such"),))
    with pytest.raises(SampleError, match="no/such"):
        sample_runs(astray, now=NOW)


def test_a_folder_without_a_manifest_is_refused_with_its_path(tmp_path):
    with pytest.raises(SampleError, match=str(tmp_path)):
        read_sample(tmp_path)
