"""A saved program brought onto our signatures: by the path of a predictor, and by the fields that both know."""

from collections.abc import Mapping

from runs_app.domain.errors import ProgramUnreadable
from runs_app.domain.programs import Program
from runs_app.pipeline.asking import REASONING, Guidance
from runs_app.pipeline.signatures import OLD_PREDICTORS


def guidance_of(program: Program) -> Mapping[str, Guidance]:
    """Return what a program adds to each signature, by the signature's name.

    A demonstration is kept with the fields that the signature has, and only if one of its outputs is among them.
    Instructions are taken over where they are not empty.

    Raises:
        ProgramUnreadable: no predictor of it is one of ours; the message names those that it has.
    """
    found = {}
    for path, saved in program.predictors.items():
        signature = OLD_PREDICTORS.get(path)
        if signature is None:
            continue
        outputs = {*signature.output_fields, REASONING}
        known = {*signature.input_fields, *outputs}
        demos = [{name: value for name, value in demo.items() if name in known} for demo in saved.demos]
        kept = tuple(demo for demo in demos if outputs & set(demo))
        found[signature.__name__] = Guidance(saved.instructions.strip(), kept)
    if not found:
        names = ", ".join(sorted(program.predictors))
        raise ProgramUnreadable(
            f"None of the program's predictors ({names}) is one of this pipeline. Optimise it anew, or leave it out."
        )
    return found
