"""What a run recorded is told from its tags and its name."""

import pytest

from runs_app.domain.classify import kind_of, phase_of
from runs_app.domain.enums import Phase, RunKind


@pytest.mark.parametrize(
    ("name", "tags", "phase"),
    [
        ("phase1_task_analysis", {}, Phase.UNDERSTAND),
        ("phase2_content_generation", {}, Phase.GENERATE),
        ("phase3_quality_assurance", {}, Phase.VALIDATE),
        ("anything", {"skill_fleet.phase": "generate"}, Phase.GENERATE),
        ("phase1_task_analysis", {"skill_fleet.phase": "validate"}, Phase.VALIDATE),
        ("anything", {"phase": "Phase2_content"}, Phase.GENERATE),
        ("phase10_of_the_moon", {}, None),
        ("my phase1 run", {}, None),
        ("anything", {"phase": "full moon"}, None),
    ],
)
def test_phase_comes_from_the_tag_before_the_name(
    name: str, tags: dict[str, str], phase: Phase | None
) -> None:
    assert phase_of(name=name, tags=tags) is phase


@pytest.mark.parametrize(
    ("name", "tags", "params", "kind"),
    [
        ("phase1_task_analysis", {}, {}, RunKind.PHASE),
        ("a task", {"run_type": "parent"}, {}, RunKind.GENERATION),
        ("a task", {"workflow_version": "2.0"}, {}, RunKind.GENERATION),
        ("a task", {"skill_fleet.generation": "7"}, {}, RunKind.GENERATION),
        ("a task", {"skill_fleet.generation": "7", "skill_fleet.phase": "generate"}, {}, RunKind.PHASE),
        ("evaluate-42", {}, {}, RunKind.EVALUATION),
        ("compile", {}, {"optimizer": "miprov2"}, RunKind.EVALUATION),
        ("a task", {"skill_fleet.kind": "evaluation"}, {}, RunKind.EVALUATION),
        ("sklearn tutorial", {"mlflow.user": "ada"}, {"alpha": "1"}, RunKind.OTHER),
    ],
)
def test_kind_is_told_by_type_phase_and_marks(
    name: str, tags: dict[str, str], params: dict[str, str], kind: RunKind
) -> None:
    assert kind_of(name=name, tags=tags, params=params) is kind
