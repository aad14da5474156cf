"""What to call a version that is to be published, and what changed since the one that is: both from the difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skills_app.domain.bundle import SCRIPT_SUFFIXES
from skills_app.domain.diffing import (
    FileChange,
    FileDiff,
    FileState,
    SummaryItem,
    TextDiff,
    UnitDiff,
    UnitKind,
    diff_documents,
    diff_files,
    summarise,
)
from skills_app.domain.documents import parse_document
from skills_app.domain.semantic_version import FIRST, Bump, parse_semantic_version

_ORDER = list(Bump)
# Fields that hosts act upon; the others only inform.
_ACTED_UPON = frozenset({"allowed-tools", "compatibility", "license", "front matter"})


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """One side of the comparison: the document, its files, the version that it states, and the one it was published as."""

    content: str
    files: tuple[FileState, ...] = ()
    stated_version: str = ""
    published_as: str = ""


@dataclass(frozen=True, slots=True)
class ReleaseReason:
    """One change: what it is in words, which number it raises, and why that one."""

    text: str
    bump: Bump
    why: str


@dataclass(frozen=True, slots=True)
class ReleaseProposal:
    """A semantic version, the number that rises, its reasons (worst first), and a sentence that says why.

    ``note`` says where the document states another version than the one proposed, and is empty otherwise.
    """

    version: str
    bump: Bump
    reasons: tuple[ReleaseReason, ...]
    sentence: str
    note: str = ""

    @property
    def summary(self) -> str:
        """What changed in words, one line a change, what an agent notices first foremost."""
        return "\n".join(f"- {reason.text}" for reason in self.reasons)


def propose_release(old: ReleaseState | None, new: ReleaseState) -> ReleaseProposal:
    """Return what to call ``new`` when ``old`` is published, or the first version when nothing is.

    A higher version that the document itself states is taken over.
    """
    stated = parse_semantic_version(new.stated_version)
    before = parse_semantic_version(old.published_as) if old else None
    if old is None or before is None:
        version = str(stated or FIRST)
        source = "as the document states" if stated else "because the document states none"
        sentence = f"{version} {source}: it was not published before."
        return ReleaseProposal(version, Bump.NONE, (), sentence)
    reasons = compare_releases(old, new)
    bump = reasons[0].bump if reasons else Bump.NONE
    computed = before.raised(bump)
    if stated is not None and stated > computed and stated > before:
        sentence = f"{stated} as the document states; {_why(before, reasons)}"
        return ReleaseProposal(str(stated), bump, reasons, sentence)
    note = ""
    if new.stated_version and stated != computed:
        note = f"The document states version {new.stated_version[:40]}; people will see both numbers."
    return ReleaseProposal(str(computed), bump, reasons, f"{computed}: {_why(before, reasons)}", note)


def compare_releases(old: ReleaseState, new: ReleaseState) -> tuple[ReleaseReason, ...]:
    """Return every change between two states with the number that it raises, worst first; empty for equal states."""
    text = diff_documents(parse_document(old.content), parse_document(new.content))
    files = diff_files(old.files, new.files)
    by_path = {one.path: one for one in files}
    reasons = [_reason(item, text, by_path) for item in summarise(text, files)]
    if not reasons and old.content != new.content:
        words = "line breaks, blanks or list numbers changed"
        reasons.append(ReleaseReason(words, Bump.PATCH, "no word differs"))
    return tuple(sorted(reasons, key=lambda reason: _ORDER.index(reason.bump)))


def _why(before: object, reasons: Sequence[ReleaseReason]) -> str:
    if not reasons:
        return f"nothing differs from {before}, which is published."
    first = reasons[0]
    more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return f"a {first.bump} change to {before}: {first.text} ({first.why}){more}."


def _reason(item: SummaryItem, text: TextDiff, files: Mapping[str, FileDiff]) -> ReleaseReason:
    if item.unit is not None:
        unit = text.units[item.unit]
        is_field = unit.unit.kind in (UnitKind.FIELD, UnitKind.FRONT_MATTER)
        bump, why = _field_bump(item.text, unit) if is_field else _section_bump(item.text, unit)
    else:
        bump, why = _file_bump(files[item.path])
    return ReleaseReason(item.text, bump, why)


def _field_bump(text: str, unit: UnitDiff) -> tuple[Bump, str]:
    key = unit.unit.title
    if key == "name":
        return Bump.MAJOR, "agents know it by its name"
    if text == "trigger phrase removed":
        return Bump.MAJOR, "agents no longer choose it where they did"
    if key == "description":
        return Bump.MINOR, "agents choose it by its description"
    if key in _ACTED_UPON:
        return Bump.MINOR, "hosts act upon this field"
    return Bump.PATCH, "no agent reads this field"


def _section_bump(text: str, unit: UnitDiff) -> tuple[Bump, str]:
    if unit.is_removed:
        return Bump.MAJOR, "advice that agents had is gone"
    if unit.is_added:
        return Bump.MINOR, "there is more advice than before"
    if " renamed to " in text:
        return Bump.MINOR, "links to the heading no longer hit"
    if text.startswith(("step ", "steps ")) or text.partition(" ")[0].isdigit():
        return Bump.MINOR, "agents follow other steps"
    if text.startswith("code in "):
        return Bump.MINOR, "agents copy other code"
    return Bump.PATCH, "the same advice in other words or at another place"


def _file_bump(diff: FileDiff) -> tuple[Bump, str]:
    if diff.change in (FileChange.REMOVED, FileChange.RENAMED):
        return Bump.MAJOR, "what leads to this file no longer finds it"
    if diff.change is FileChange.ADDED:
        return Bump.MINOR, "there is a file more"
    if diff.path.lower().endswith(tuple(SCRIPT_SUFFIXES)):
        return Bump.MINOR, "agents run other code"
    return Bump.PATCH, "the file is still there under its name"
