"""What a run made, read from the texts of its artifacts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from runs_app.domain.artifact_values import read_value
from runs_app.domain.enums import ProblemReason
from runs_app.domain.records import ProblemRecord
from runs_app.domain.report_shapes import Complaints, read_assessment, read_report
from skills_app.domain.documents import parse_document
from skills_app.domain.metadata import read_metadata
from skills_app.domain.reading_faults import reading_faults
from skills_app.domain.records import AssessmentRecord, ReportRecord, SkillMetadata

DOCUMENT = "skill_content.md"
METADATA = "skill_metadata.json"
REPORT = "validation_report.json"
ASSESSMENT = "quality_assessment.json"
NAMES = (DOCUMENT, METADATA, REPORT, ASSESSMENT)

_WHAT = {
    DOCUMENT: "the document that the run made",
    METADATA: "the skill's metadata",
    REPORT: "the validation report",
    ASSESSMENT: "the quality assessment",
}
_METADATA_MARKS = frozenset({"skill_id", "name", "description", "taxonomy_path"})
_REMEDY = (
    "Log the object again as true JSON; the text is kept as it was found and can be read on the run's page."
)
_MISSING_REMEDY = "Store the artifact again as UTF-8 text within the limit, then refresh the run."
_DOCUMENT_REMEDY = "Mend the document in a new run or by hand; it is kept as it was found meanwhile."
_SHAPE_REMEDY = "Compare the artifact with one of a good run; what could be read of it is kept."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """What a run made: any part may be missing; ``problems`` say what could not be read and why."""

    document: str | None = None
    metadata: SkillMetadata | None = None
    report: ReportRecord | None = None
    assessment: AssessmentRecord | None = None
    problems: tuple[ProblemRecord, ...] = ()


def outcome_name(path: str) -> str | None:
    """Return which of the four artifacts ``path`` is, or None.

    An older logger took the name for a folder and put one file of a random name into it; that counts too.
    """
    first, _, rest = path.partition("/")
    return first if first in NAMES and "/" not in rest else None


def read_outcome(texts: Mapping[str, str | None], *, run_id: str, label: str) -> OutcomeRecord:
    """Read the artifacts of one run; ``texts`` maps their paths to their text, None where it was not kept.

    ``label`` stands before the path in each problem, so that the same artifact of two runs is told apart. Never raises.
    """
    reader = _Reader(texts, run_id, label)
    document = reader.document()
    metadata = reader.value_of(METADATA, _metadata)
    report = reader.value_of(REPORT, lambda value, raw, found: read_report(value, raw=raw, complaints=found))
    assessment = reader.value_of(
        ASSESSMENT, lambda value, raw, found: read_assessment(value, raw=raw, complaints=found)
    )
    return OutcomeRecord(document, metadata, report, assessment, tuple(reader.problems))


def _metadata(value: Any, raw: str, complaints: Complaints) -> SkillMetadata | None:
    if not isinstance(value, Mapping) or not _METADATA_MARKS & value.keys():
        complaints.add("it is not an object with the skill's id, name, path or description")
        return None
    metadata, sentences = read_metadata(value)
    for sentence in sentences:
        complaints.add(sentence[:1].lower() + sentence[1:].rstrip("."))
    return metadata


class _Reader:
    def __init__(self, texts: Mapping[str, str | None], run_id: str, label: str) -> None:
        self.paths = {name: path for path in sorted(texts, reverse=True) if (name := outcome_name(path))}
        self.texts = texts
        self.run_id = run_id
        self.label = label
        self.problems: list[ProblemRecord] = []

    def text_of(self, name: str) -> str | None:
        """Return the text of an artifact, or None when there is none; one that was not kept is a problem."""
        path = self.paths.get(name)
        if path is None:
            return None
        text = self.texts[path]
        if text is None:
            message = (
                f"{path} holds {_WHAT[name]}, but it is over the limit or not UTF-8 text, so it was not kept."
            )
            self._add(path, ProblemReason.WRONG_SHAPE, message, _MISSING_REMEDY)
        elif name == DOCUMENT and not text.strip():
            message = f"{path} is empty, so the run made no document."
            self._add(
                path, ProblemReason.WRONG_SHAPE, message, "Nothing is needed if the run was stopped early."
            )
            return None
        return text

    def document(self) -> str | None:
        """Return the document as it was found; front matter that cannot be read is a problem and no loss of the rest."""
        text = self.text_of(DOCUMENT)
        for reason, message in reading_faults(parse_document(text)) if text is not None else ():
            path = self.paths[DOCUMENT]
            words = f"{path} cannot be read throughout. {message}"
            self._add(path, ProblemReason(reason.value), words, _DOCUMENT_REMEDY)
        return text

    def value_of(self, name: str, shape: Callable[[Any, str, Complaints], T | None]) -> T | None:
        """Return what ``shape`` makes of an artifact's value; all that is wrong with it is one problem."""
        text = self.text_of(name)
        if text is None:
            return None
        path = self.paths[name]
        found = read_value(text)
        if found.reason is not None:
            message = f"{path} should hold {_WHAT[name]}, but {found.message}."
            self._add(path, found.reason, message, _REMEDY)
            return None
        complaints = Complaints()
        record = shape(found.value, text, complaints)
        if complaints.clauses:
            clauses = "; ".join(complaints.clauses[:6])
            self._add(
                path, ProblemReason.WRONG_SHAPE, f"{path} holds {_WHAT[name]}, but {clauses}.", _SHAPE_REMEDY
            )
        return record

    def _add(self, path: str, reason: ProblemReason, message: str, remedy: str) -> None:
        self.problems.append(ProblemRecord(f"{self.label}/{path}", reason, message, remedy, self.run_id))
