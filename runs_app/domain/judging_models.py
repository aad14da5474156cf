"""Models that judge documents: what their scores are called, and how a sample that one of them is given goes on."""

from enum import StrEnum
from hashlib import sha256

# Scores of a model are read under this name; the version beside it says which model judged.
MODEL_SCORER = "model"
MOST_VERSION_CHARACTERS = 32
USUAL_SIZE, MOST_SIZE = 50, 500


class SampleState(StrEnum):
    """Where the judging of a sample is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


LIVE = frozenset({SampleState.WAITING, SampleState.RUNNING})


class JudgementState(StrEnum):
    """Whether a version of a sample was judged."""

    DUE = "due"
    JUDGED = "judged"
    FAILED = "failed"


def judge_version(model: str) -> str:
    """Return the version of the model's score: the judging model's name, in at most 32 characters.

    Of a longer name it is the end, without the providers before it, and a digest of the whole, so that no two are one.
    """
    if len(model) <= MOST_VERSION_CHARACTERS:
        return model
    sign = f"~{sha256(model.encode()).hexdigest()[:8]}"
    return model.rpartition("/")[2][: MOST_VERSION_CHARACTERS - len(sign)] + sign
