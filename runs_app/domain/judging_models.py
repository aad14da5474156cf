"""Models that judge documents: what their scores are called, and how a sample that one of them is given goes on."""

from enum import StrEnum
from hashlib import sha256

# Scores of a model are read under this name; the version beside it says which model judged, and what it was asked.
MODEL_SCORER = "model"
MOST_VERSION_CHARACTERS = 32
# The digest of what a model is asked that judges without a program (``runs_app.pipeline.asking.asked_as``): web processes do
# not import what that is made of. A test tells the new one when the instructions or the fields have changed.
ASKED = "1ee74a"
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


def judge_version(model: str, asked: str = ASKED) -> str:
    """Return the version of the model's score, in at most 32 characters: the judging model's name and, after an ``@``, ``asked``.

    That is the short digest of what the model is asked with, so that other instructions or another program are another ruler;
    empty where it is not known. Of a longer name it is the end, without the providers before it, and a digest of the whole, so
    that no two are one.
    """
    asked = f"@{asked}" if model and asked else ""
    if len(model) + len(asked) <= MOST_VERSION_CHARACTERS:
        return model + asked
    sign = f"~{sha256(model.encode()).hexdigest()[:8]}{asked}"
    return model.rpartition("/")[2][: MOST_VERSION_CHARACTERS - len(sign)] + sign
