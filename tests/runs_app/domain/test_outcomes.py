"""Artifacts of a run, in every shape that was ever stored."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs_app.domain.enums import ProblemReason
from runs_app.domain.outcomes import NAMES, outcome_name, read_outcome
from skills_app.domain.enums import ReportStatus

REPORT = {
    "passed": True,
    "status": "warnings",
    "score": 0.82,
    "errors": [],
    "warnings": ["Too short."],
    "checks_performed": ["links"],
    "checks": [
        {
            "id": "links",
            "check": "Links",
            "passed": False,
            "message": "One is dead.",
            "severity": "warning",
            "required": True,
        }
    ],
    "feedback": "Fine.",
}
REPR = (
    "passed=True status='warnings' score=0.82 errors=[] warnings=['Too short.'] checks_performed=['links'] "
    "checks=[ValidationCheckItem(id='links', check='Links', passed=False, message='One is dead.', severity='warning', "
    "required=True)] feedback='Fine.'"
)
SHAPES = [
    json.dumps(REPORT),
    json.dumps(json.dumps(REPORT)),
    json.dumps(json.dumps(json.dumps(REPORT))),
    json.dumps(REPR),
    REPR,
    json.dumps(f"ValidationReport({', '.join(f'{key}={value!r}' for key, value in REPORT.items())})"),
    json.dumps(str(REPORT)),
    str(REPORT),
]


def read(name: str, text: str | None):
    """Return the outcome of a run with one artifact."""
    return read_outcome({name: text}, run_id="r1", label="1/r1/artifacts")


@pytest.mark.parametrize("text", SHAPES)
def test_a_report_reads_the_same_in_every_wrapping(text: str) -> None:
    outcome = read("validation_report.json", text)
    report = outcome.report
    assert outcome.problems == ()
    assert report is not None
    assert (report.is_passed, report.status, report.score) == (True, ReportStatus.WARNINGS, 0.82)
    assert (report.warnings, report.feedback, report.raw) == (("Too short.",), "Fine.", text)
    (check,) = report.checks
    assert (check.rule_id, check.title, check.is_passed, check.severity) == (
        "links",
        "Links",
        False,
        "warning",
    )
    assert (report.num_errors, report.num_warnings) == (0, 1)


def test_the_later_report_without_checks_gets_one_for_each_line_of_its_lists() -> None:
    value = {
        "passed": False,
        "status": "failed",
        "score": 0.4,
        "errors": ["No examples.", "Name is wrong."],
        "warnings": ["Long."],
        "checks": [],
        "checks_performed": ["structure"],
        "feedback": "",
        "validation_summary": "Needs work.",
        "name_errors": ["Name is wrong."],
        "description_errors": ["No trigger."],
        "word_count": 812,
        "test_cases": {"positive": ["a"]},
    }
    report = read("validation_report.json", json.dumps(value)).report
    assert report is not None
    assert [(c.rule_id, c.severity, c.message) for c in report.checks] == [
        ("error", "critical", "No examples."),
        ("name", "critical", "Name is wrong."),
        ("description", "critical", "No trigger."),
        ("warning", "warning", "Long."),
    ]
    assert (report.status, report.num_errors, report.num_warnings) == (ReportStatus.FAILED, 3, 1)
    assert (report.feedback, report.details["word_count"]) == ("Needs work.", 812)


def test_a_checkers_report_with_status_words_and_messages_is_read() -> None:
    value = {
        "passed": False,
        "errors": ["x"],
        "checks": [{"name": "naming", "status": "fail", "messages": ["Bad.", "Worse."]}],
    }
    report = read("validation_report.json", json.dumps(value)).report
    assert report is not None
    (check,) = report.checks
    assert (check.rule_id, check.is_passed, check.severity, check.message) == (
        "naming",
        False,
        "critical",
        "Bad. Worse.",
    )
    assert report.status is ReportStatus.FAILED


def test_the_later_assessment_is_read_with_its_measures() -> None:
    value = {
        "overall_score": 0.7,
        "clarity": 0.9,
        "strengths": ["s"],
        "weaknesses": [],
        "feedback": "Good.",
        "word_count": 9,
    }
    quality = read("quality_assessment.json", json.dumps(value)).assessment
    assert quality is not None
    assert (quality.quality_score, quality.calibrated_score, quality.rationale) == (0.7, None, "Good.")
    assert quality.measures == {"clarity": 0.9, "word_count": 9}


def test_dependencies_of_every_form_are_read() -> None:
    value = {
        "skill_id": "a/b",
        "dependencies": ["c/d", {"skill_id": "e/f", "justification": "needs it", "required": False}],
        "see_also": ["g"],
        "conflicts": ["h"],
    }
    metadata = read("skill_metadata.json", json.dumps(value)).metadata
    assert metadata is not None
    assert [(d.kind.value, d.target_path, d.reason) for d in metadata.dependencies] == [
        ("required", "c/d", ""),
        ("recommended", "e/f", "needs it"),
        ("conflict", "h", ""),
        ("see_also", "g", ""),
    ]


BROKEN = [
    ("validation_report.json", "{", ProblemReason.UNREADABLE_JSON),
    ("validation_report.json", "", ProblemReason.UNREADABLE_JSON),
    ("validation_report.json", '"passed=Tru"', ProblemReason.UNREADABLE_REPR),
    ("validation_report.json", "[" * 100_000, ProblemReason.UNREADABLE_JSON),
    ("validation_report.json", "[1]", ProblemReason.WRONG_SHAPE),
    ("validation_report.json", "{}", ProblemReason.WRONG_SHAPE),
    ("validation_report.json", '{"passed": "yes", "checks": 3}', ProblemReason.WRONG_SHAPE),
    ("validation_report.json", '{"passed": true, "score": "high"}', ProblemReason.WRONG_SHAPE),
    ("validation_report.json", '{"passed": true, "score": NaN}', ProblemReason.WRONG_SHAPE),
    (
        "quality_assessment.json",
        '{"quality_score": 0.5, "deterministic_metrics": []}',
        ProblemReason.WRONG_SHAPE,
    ),
    ("quality_assessment.json", "null", ProblemReason.WRONG_SHAPE),
    ("skill_metadata.json", '["a"]', ProblemReason.WRONG_SHAPE),
    ("skill_metadata.json", "{}", ProblemReason.WRONG_SHAPE),
    ("skill_metadata.json", '{"name": ["a"]}', ProblemReason.WRONG_SHAPE),
    ("skill_content.md", "---\nname: [\n---\n# A\n", ProblemReason.UNREADABLE_YAML),
    ("skill_content.md", "---\nname: a\n# A\n", ProblemReason.UNREADABLE_YAML),
    ("skill_content.md", " \n", ProblemReason.WRONG_SHAPE),
    ("skill_content.md", None, ProblemReason.WRONG_SHAPE),
]


@pytest.mark.parametrize(("name", "text", "reason"), BROKEN)
def test_what_cannot_be_read_is_one_problem_with_its_place(
    name: str, text: str | None, reason: ProblemReason
) -> None:
    (problem,) = read(name, text).problems
    assert (problem.path, problem.reason, problem.run_id) == (f"1/r1/artifacts/{name}", reason, "r1")
    assert problem.message.endswith(".")
    assert problem.remedy.endswith(".")


def test_what_can_be_read_of_a_wrong_shape_is_kept() -> None:
    report = read("validation_report.json", '{"passed": true, "score": "high", "warnings": ["w", 3]}').report
    assert report is not None
    assert (report.score, report.warnings) == (None, ("w", "3"))


def test_text_that_no_database_takes_is_mended() -> None:
    quality = read(
        "quality_assessment.json", r'{"quality_score": 1, "strengths": ["a\u0000b\ud800"], "n": 1e999}'
    ).assessment
    assert quality is not None
    assert quality.strengths == ("a\ufffdb\ufffd",)
    assert quality.measures == {"n": "inf"}


def test_a_name_that_became_a_folder_still_counts() -> None:
    assert outcome_name("skill_content.md/tmp1.md") == "skill_content.md"
    assert outcome_name("skill_content.md/a/b.md") is None
    assert outcome_name("other.md") is None
    texts = {"skill_content.md/tmp1.md": "# In a folder", "plan.json": "{}"}
    assert read_outcome(texts, run_id="r", label="l").document == "# In a folder"


WHOLE = {
    "skill_content.md": "---\nname: a\n---\n# A\n",
    "skill_metadata.json": json.dumps("skill_id='a/b' name='b' dependencies=[] capabilities=['x']"),
    "validation_report.json": json.dumps(REPR),
    "quality_assessment.json": json.dumps(
        {"quality_score": 0.9, "deterministic_metrics": {"deterministic_score": 0.5}}
    ),
}


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.one_of(
        st.tuples(st.just("cut"), st.integers(0, 400), st.just("")),
        st.tuples(st.just("splice"), st.integers(0, 400), st.text(max_size=20)),
        st.tuples(st.just("swap"), st.integers(0, 3), st.just("")),
        st.tuples(st.just("replace"), st.just(0), st.text(max_size=80)),
    ),
)
def test_no_artifact_raises_and_every_loss_is_listed(name: str, mutation: tuple[str, int, str]) -> None:
    kind, number, text = mutation
    old = WHOLE[name]
    new = {
        "cut": old[:number],
        "splice": old[:number] + text + old[number + len(text) :],
        "swap": WHOLE[NAMES[number % 4]],
        "replace": text,
    }[kind]
    outcome = read_outcome({**WHOLE, name: new}, run_id="r", label="l")
    parts = dict(
        zip(NAMES, (outcome.document, outcome.metadata, outcome.report, outcome.assessment), strict=True)
    )
    lost = {part for part, value in parts.items() if value is None}
    assert lost <= {problem.path.removeprefix("l/") for problem in outcome.problems} <= {name}
