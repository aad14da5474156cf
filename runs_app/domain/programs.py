"""An optimised program as it was saved: worked examples and instructions for each of its predictors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from runs_app.domain.errors import ProgramUnreadable

# A predictor that gives its reasons first holds another one, which DSPy names in the path.
INNER = ".predict"


@dataclass(frozen=True, slots=True)
class SavedPredictor:
    """What was learnt for one signature: instructions (empty: none of its own) and demonstrations, each a map of fields."""

    instructions: str = ""
    demos: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """A saved program; ``predictors`` by their path in it, ``versions`` of what it was made with, ``digest`` tells its text."""

    predictors: Mapping[str, SavedPredictor]
    versions: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""

    def __hash__(self) -> int:
        return hash(self.digest)


def read_program(text: str) -> Program:
    """Read a program from the JSON that DSPy saves.

    Raises:
        ProgramUnreadable: it is no JSON, or no program; the message says what is missing.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProgramUnreadable(f"This is no program: it is no JSON ({error}).") from error
    if not isinstance(data, Mapping):
        raise ProgramUnreadable("This is no program: a map of predictors is wanted.")
    predictors = {
        path.removesuffix(INNER): _predictor(path, entry)
        for path, entry in data.items()
        if path != "metadata" and isinstance(entry, Mapping) and "demos" in entry
    }
    if not predictors:
        raise ProgramUnreadable("This is no program: no entry holds demonstrations.")
    metadata = data.get("metadata")
    versions = metadata.get("dependency_versions") if isinstance(metadata, Mapping) else None
    made_with = {str(k): str(v) for k, v in versions.items()} if isinstance(versions, Mapping) else {}
    return Program(predictors, made_with, sha256(text.encode("utf-8", "replace")).hexdigest()[:12])


def _predictor(path: str, entry: Mapping[str, Any]) -> SavedPredictor:
    demos = entry["demos"]
    if not isinstance(demos, list) or not all(isinstance(one, Mapping) for one in demos):
        raise ProgramUnreadable(f"The demonstrations of “{path}” are no list of maps.")
    signature = entry.get("signature")
    instructions = signature.get("instructions") if isinstance(signature, Mapping) else None
    return SavedPredictor(instructions if isinstance(instructions, str) else "", tuple(demos))
