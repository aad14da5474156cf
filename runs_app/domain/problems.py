"""Problems in words: what each reason means for a person, and what mends it."""

from runs_app.domain.enums import ProblemReason
from runs_app.domain.records import ProblemRecord

LABELS: dict[ProblemReason, str] = {
    ProblemReason.UNREADABLE_YAML: "YAML that cannot be read",
    ProblemReason.UNREADABLE_JSON: "JSON that cannot be read",
    ProblemReason.UNREADABLE_TEXT: "Text that is not UTF-8",
    ProblemReason.UNREADABLE_REPR: "A printed Python object that cannot be read",
    ProblemReason.WRONG_SHAPE: "Not of the expected shape",
    ProblemReason.MISSING_FILE: "A file is missing",
    ProblemReason.LEAVES_SOURCE: "A path that leaves the source",
    ProblemReason.TOO_LARGE: "Over the limit",
    ProblemReason.UNREACHABLE: "The source does not answer",
    ProblemReason.REFUSED: "The source refuses",
    ProblemReason.DELETED_AT_SOURCE: "Deleted at the source",
    ProblemReason.CONFLICT: "Two records disagree",
    ProblemReason.PERMISSION: "No permission to read",
}

REMEDIES: dict[ProblemReason, str] = {
    ProblemReason.UNREADABLE_YAML: "Restore the file from a copy, or mend its YAML; the next sync reads it again.",
    ProblemReason.UNREADABLE_JSON: "Restore the file from a copy, or mend its JSON; the raw text is kept here meanwhile.",
    ProblemReason.UNREADABLE_TEXT: "Save the file again as UTF-8; unreadable bytes are shown as � meanwhile.",
    ProblemReason.UNREADABLE_REPR: "Log the object again as true JSON; the raw text is kept here meanwhile.",
    ProblemReason.WRONG_SHAPE: "Restore the file from a copy; what could be read of it is kept.",
    ProblemReason.MISSING_FILE: "Restore the file from a copy; what stands beside it is kept.",
    ProblemReason.LEAVES_SOURCE: "Replace the link with the file itself, so that it lies inside the source.",
    ProblemReason.TOO_LARGE: "Nothing is needed to see the rest; make it smaller if it should be kept here.",
    ProblemReason.UNREACHABLE: "Start the server or mend its address; the next try is made by itself.",
    ProblemReason.REFUSED: "Check the credentials and rights that this site uses for the source.",
    ProblemReason.DELETED_AT_SOURCE: "Restore the run at its source, or leave it: its record is kept here.",
    ProblemReason.CONFLICT: "Keep one of the two at the source and remove or rename the other.",
    ProblemReason.PERMISSION: "Give the account that runs this site the right to read it.",
}


def problem(
    path: str, reason: ProblemReason, message: str, *, run_id: str = "", remedy: str = ""
) -> ProblemRecord:
    """Return a problem at ``path`` (below the source); the remedy is the usual one for its reason if none is given."""
    return ProblemRecord(
        path=path, reason=reason, message=message, remedy=remedy or REMEDIES[reason], run_id=run_id
    )
