"""What happened to a skill, as a person would tell it: from what the audit wrote down."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Values = Mapping[str, Any]
OTHER = "other"
KINDS = ("made", "version", "review", "place", "publishing", OTHER)
_ORIGINS = {
    "run": "was generated",
    "library": "was read from the library folder",
    "edit": "was written",
    "fix": "was made of accepted fixes",
    "restore": "was restored",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: when, who, of which kind (one of ``KINDS``), in a sentence, and why if that was said.

    ``version`` is the number of the version, and ``review`` the number of the review, that it is about; ``change`` the key
    of the set of changes that did it, and ``change_title`` what that is called.
    """

    at: datetime
    who: str
    kind: str
    sentence: str
    reason: str = ""
    version: int | None = None
    review: int | None = None
    change: str = ""
    change_title: str = ""


def happening(*, at: datetime, who: str, verb: str, before: Values, after: Values, reason: str) -> Happening:
    """Return an entry of the audit as a sentence; a verb that has none of its own is told in its own words."""
    kind, tell = _TOLD.get(verb, ("other", lambda _before, _after: f"{verb.replace('_', ' ').capitalize()}."))
    number = after.get("number", after.get("version"))
    review = after.get("review")
    return Happening(
        at,
        who,
        kind,
        tell(before, after),
        reason,
        number if isinstance(number, int) else None,
        review if isinstance(review, int) else None,
    )


def verbs_of(kind: str) -> frozenset[str]:
    """Return the verbs of the audit that are told under a kind; of the kind ``other`` those that have a sentence of their own."""
    return frozenset(verb for verb, (of, _) in _TOLD.items() if of == kind)


def verbs_but(kind: str) -> frozenset[str]:
    """Return the verbs that are told under another kind than this one."""
    return frozenset(_TOLD) - verbs_of(kind)


def _said(text: str) -> Callable[[Values, Values], str]:
    return lambda _before, _after: text


def _made(_before: Values, after: Values) -> str:
    return f"Made at {after.get('path', '')}, as {after.get('status', 'draft')}."


def _version(_before: Values, after: Values) -> str:
    how = _ORIGINS.get(str(after.get("origin")), "was added")
    return f"Version {after.get('number', '')} {how}."


def _moved(before: Values, after: Values) -> str:
    if after.get("merged_into"):
        return f"Merged into {after['merged_into']}."
    if not before.get("path") or not after.get("path"):
        return f"Got the address {after.get('path') or 'of another'}."
    return f"Moved from {before['path']} to {after['path']}."


def _moved_back(before: Values, after: Values) -> str:
    if before.get("merged_into"):
        return f"Taken out of {before['merged_into']} again, back at {after.get('path', '')}."
    return f"Moved back from {before.get('path', '')} to {after.get('path', '')}."


def _published(before: Values, after: Values) -> str:
    instead = f", in place of {before['version']}" if before.get("version") else ""
    return f"Published as {after.get('version', '')}{instead}."


def _status(before: Values, after: Values) -> str:
    return f"Was {before.get('status', '')}, is {after.get('status', '')}."


def _decided(_before: Values, after: Values) -> str:
    words = str(after.get("decision", "")).replace("_", " ")
    return f"Reviewed: {words}." if words else "Reviewed."


def _facets(_before: Values, after: Values) -> str:
    pairs = [": ".join(map(str, pair)) for pair in after.get("facets", [])]
    return f"Facets are {', '.join(pairs)}." if pairs else "Facets were taken away."


_TOLD: dict[str, tuple[str, Callable[[Values, Values], str]]] = {
    "made_skill": ("made", _made),
    "indexed_skill": ("made", _status),
    "added_version": ("version", _version),
    "opened_review": ("review", _said("A review was opened.")),
    "moved_review": ("review", _said("The review went on with another version.")),
    "took_open_comments": ("review", _said("Open comments of an ended review went on in a new one.")),
    "ended_review": ("review", _said("The review was ended.")),
    "claimed_review": ("review", _said("Somebody took the review.")),
    "asked_reviewer": ("review", _said("A reviewer was asked.")),
    "released_reviewer": ("review", _said("A reviewer was let go.")),
    "decided_review": ("review", _decided),
    "undid_verdict": ("review", _said("A verdict was taken back.")),
    "sent_comments": ("review", _said("Comments were sent.")),
    "accepted_suggestions": ("review", _said("Suggested edits were accepted.")),
    "placed_skill": ("place", _moved),
    "applied_change_of_place": ("place", _moved),
    "undid_change_of_place": ("place", _moved_back),
    "added_alias": ("place", lambda _before, after: f"{after.get('alias', '')} leads here too."),
    "promoted_version": ("publishing", _published),
    "withdrew_skill": ("publishing", _said("Taken out of the library folder.")),
    "deprecated_skill": ("publishing", _said("Deprecated.")),
    "reactivated_skill": ("publishing", _said("Active again.")),
    "set_facets": ("other", _facets),
    "applied_change_of_facets": ("other", _facets),
    "undid_change_of_facets": ("other", _facets),
    "set_dependencies": ("other", _said("What it needs was written down.")),
}
