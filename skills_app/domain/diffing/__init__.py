"""The difference of skills: by unit, block, sentence or line, and word; and of all files beside the document."""

from skills_app.domain.diffing.bundles import FileChange, FileDiff, diff_file_texts, diff_files
from skills_app.domain.diffing.operations import Operation, OperationKind, apply_operations
from skills_app.domain.diffing.pieces import PieceKind
from skills_app.domain.diffing.renames import FileState
from skills_app.domain.diffing.rows import Row, RowKind, rows_of
from skills_app.domain.diffing.summary import SummaryItem, num_layout, summarise
from skills_app.domain.diffing.texts import TextDiff, UnitDiff, diff_documents, diff_lines
from skills_app.domain.diffing.units import Unit, UnitKind
from skills_app.domain.diffing.words import RunKind, WordRun, word_runs

__all__ = [
    "FileChange",
    "FileDiff",
    "FileState",
    "Operation",
    "OperationKind",
    "PieceKind",
    "Row",
    "RowKind",
    "RunKind",
    "SummaryItem",
    "TextDiff",
    "Unit",
    "UnitDiff",
    "UnitKind",
    "WordRun",
    "apply_operations",
    "diff_documents",
    "diff_file_texts",
    "diff_files",
    "diff_lines",
    "num_layout",
    "rows_of",
    "summarise",
    "word_runs",
]
