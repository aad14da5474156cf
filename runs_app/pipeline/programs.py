"""A saved program brought onto our modules: by the path of a predictor, ours or of the pipeline before, and by the fields."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from runs_app.domain.errors import ProgramUnreadable
from runs_app.domain.programs import INNER, Program, SavedPredictor
from runs_app.pipeline.modules import SkillPipeline, fresh_pipeline, predictor_name
from runs_app.pipeline.signatures import OLD_PREDICTORS


def pipeline_of(program: Program | None) -> SkillPipeline:
    """Return a pipeline of its own that asks with what ``program`` has learnt, or as it was made.

    A demonstration is kept with the fields that the signature has, and only if one of its outputs is among them.
    Instructions are taken over where they are not empty.

    Raises:
        ProgramUnreadable: no predictor of it is one of ours; the message names those that it has.
    """
    return fresh_pipeline() if program is None else _learnt(program).deepcopy()


# To load a state makes the classes of all signatures anew; copies share them, and the prompts that are made of them.
@lru_cache(maxsize=8)
def _learnt(program: Program) -> SkillPipeline:
    pipeline = fresh_pipeline()
    state = pipeline.dump_state()
    saved = {
        path: found for path in state if (found := _saved(program, path.removesuffix(INNER))) is not None
    }
    if not saved:
        names = ", ".join(sorted(program.predictors))
        raise ProgramUnreadable(
            f"None of the program's predictors ({names}) is one of this pipeline. Optimise it anew, or leave it out."
        )
    for path, predictor in pipeline.named_predictors():
        if path in saved:
            state[path]["demos"] = _demos(predictor.signature, saved[path])
            state[path]["signature"]["instructions"] = (
                saved[path].instructions.strip() or predictor.signature.instructions
            )
    pipeline.load_state(state)
    return pipeline


def _saved(program: Program, path: str) -> SavedPredictor | None:
    """Return what was saved for our predictor ``path``: under its own name, or under one of the pipeline before."""
    if path in program.predictors:
        return program.predictors[path]
    name = path.rpartition(".")[2]
    for old, signature in OLD_PREDICTORS.items():
        if predictor_name(signature) == name and old in program.predictors:
            return program.predictors[old]
    return None


def _demos(signature: Any, saved: SavedPredictor) -> list[dict[str, Any]]:
    """Return the demonstrations with the fields that ``signature`` has; one without any output shows nothing."""
    found: list[Mapping[str, Any]] = [
        {name: value for name, value in demo.items() if name in signature.fields} for demo in saved.demos
    ]
    return [dict(demo) for demo in found if signature.output_fields.keys() & demo.keys()]
