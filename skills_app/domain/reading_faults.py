"""What kept a document from being read: bytes that are no text, and front matter that is no YAML."""

from skills_app.domain.documents import SkillDocument
from skills_app.domain.findings import Severity
from skills_app.domain.library_problems import LibraryReason

_TEXT_RULES = frozenset({"document.not-utf8", "document.nul"})
# A document without front matter was read; that it lacks one is for the rules to say.
_NO_FAULTS = frozenset({"front-matter.missing"})


def reading_faults(document: SkillDocument) -> tuple[tuple[LibraryReason, str], ...]:
    """Return each reason why a part of ``document`` could not be read, once, with the first sentence about it."""
    faults: dict[LibraryReason, str] = {}
    for finding in document.problems:
        if finding.severity is Severity.CRITICAL and finding.rule_id not in _NO_FAULTS:
            is_text = finding.rule_id in _TEXT_RULES
            reason = LibraryReason.UNREADABLE_TEXT if is_text else LibraryReason.UNREADABLE_YAML
            line = f"Line {finding.place.line}: " if finding.place else ""
            faults.setdefault(reason, f"{line}{finding.message}")
    return tuple(faults.items())
