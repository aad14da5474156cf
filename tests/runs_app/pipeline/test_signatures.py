"""Every signature against a scripted model: what fits is typed, what does not is an error; old programs fit ours."""

import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from runs_app.domain.generation import SkillStyle, Step
from tests.shared_data import shared_data

dspy = pytest.importorskip("dspy")

from runs_app.pipeline import results, signatures  # noqa: E402

ALL = sorted(set(signatures.OLD_PREDICTORS.values()), key=lambda one: one.__name__)


def value_of(kind: Any) -> Any:
    """Return a value that fits a field's type, as plain data."""
    if get_origin(kind) is list:
        return [value_of(get_args(kind)[0])]
    if getattr(kind, "__metadata__", None):
        return value_of(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind)).value
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: value_of(field.annotation) for name, field in kind.model_fields.items()}
    return {bool: True, int: 1, results.Share: 0.5, str: "words"}[kind]


def plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def ask(signature: Any, answer: dict[str, str]) -> Any:
    """Ask a model that answers with ``answer`` each time."""
    from dspy.utils import DummyLM

    inputs = {name: value_of(field.annotation) for name, field in signature.input_fields.items()}
    inputs = {name: SkillStyle.MINIMAL if name == "skill_style" else value for name, value in inputs.items()}
    with dspy.context(lm=DummyLM([answer] * 4), adapter=dspy.ChatAdapter()):
        return dspy.Predict(signature)(**inputs)


def fitting(signature: Any) -> dict[str, Any]:
    return {name: value_of(field.annotation) for name, field in signature.output_fields.items()}


@pytest.mark.parametrize("signature", ALL, ids=lambda one: one.__name__)
def test_an_answer_that_fits_comes_back_typed(signature: Any) -> None:
    wanted = fitting(signature)

    answer = ask(signature, {name: plain(value) for name, value in wanted.items()})

    for name, field in signature.output_fields.items():
        found = getattr(answer, name)
        data = json.loads(
            json.dumps(
                found, default=lambda one: one.model_dump() if isinstance(one, BaseModel) else one.value
            )
        )
        assert data == wanted[name], name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel | Enum):
            assert isinstance(found, field.annotation)


def misfits() -> Iterator[Any]:
    for signature in ALL:
        for name, field in signature.output_fields.items():
            if field.annotation not in (str, list[str]):
                yield pytest.param(signature, name, id=f"{signature.__name__}.{name}")


@pytest.mark.parametrize(("signature", "name"), misfits())
def test_an_answer_of_another_type_is_an_error_and_never_passes_as_text(signature: Any, name: str) -> None:
    answer = {key: plain(value) for key, value in fitting(signature).items()}

    with pytest.raises(Exception, match=name):
        ask(signature, answer | {name: "{not what was asked"})


@pytest.mark.parametrize("score", ["-0.1", "1.5", "nan", "high"])
def test_a_score_outside_0_and_1_is_refused(score: str) -> None:
    answer = {key: plain(value) for key, value in fitting(signatures.AssessQuality).items()}
    with pytest.raises(Exception, match="quality_score"):
        ask(signatures.AssessQuality, answer | {"quality_score": score})


def test_every_signature_says_what_to_do_and_asks_for_something() -> None:
    for signature in ALL:
        assert signature.instructions.strip().endswith((".", ".\n")), signature.__name__
        assert signature.input_fields
        assert signature.output_fields


def test_each_step_that_asks_a_model_has_a_signature_of_ours() -> None:
    silent = {Step.CLARIFY, Step.STRUCTURE, Step.CONTENT_REFINEMENT, Step.RULES}
    assert set(signatures.STEP_SIGNATURES) == set(Step) - silent
    assert set(signatures.STEP_SIGNATURES.values()) <= set(ALL)


def test_extra_keys_of_an_answer_are_dropped() -> None:
    found = results.SkillRef.model_validate({"path": "a/b", "reason": "r", "invented": 1})
    assert found.model_dump() == {"path": "a/b", "reason": "r"}


def words(prefix: str) -> str:
    return re.sub(r"[^a-z]+", "_", prefix.lower()).strip("_")


def test_old_programs_have_the_fields_that_ours_have() -> None:
    path = shared_data("config", "optimized", "skill_creator_bootstrap_v1.json")
    program = json.loads(path.read_text(encoding="utf-8"))
    predictors = {
        key.removesuffix(".predict"): value["signature"]["fields"]
        for key, value in program.items()
        if isinstance(value, dict) and "signature" in value
    }
    assert predictors
    assert set(predictors) <= set(signatures.OLD_PREDICTORS)
    for key, fields in predictors.items():
        ours = {words(name) for name in signatures.OLD_PREDICTORS[key].fields}
        theirs = {words(field["prefix"]) for field in fields if not field["prefix"].startswith("Reasoning")}
        assert theirs - ours == set(), key
        # Ours says the style of the document besides; an old demonstration leaves it open.
        assert ours - theirs <= {"skill_style"}, key
