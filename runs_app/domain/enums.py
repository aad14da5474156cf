"""The fixed words of runs and sources."""

from enum import StrEnum


class RunStatus(StrEnum):
    """MLflow's run states, and one for a record that says none."""

    RUNNING = "running"
    SCHEDULED = "scheduled"
    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"
    UNKNOWN = "unknown"


class RunKind(StrEnum):
    """What a run recorded; it decides which columns are shown."""

    GENERATION = "generation"
    PHASE = "phase"
    EVALUATION = "evaluation"
    OTHER = "other"


class Phase(StrEnum):
    """The three phases of a generation."""

    UNDERSTAND = "understand"
    GENERATE = "generate"
    VALIDATE = "validate"


class SourceKind(StrEnum):
    """How a source is read."""

    MLFLOW_HTTP = "mlflow_http"
    MLFLOW_SQL = "mlflow_sql"
    MLRUNS_FOLDER = "mlruns_folder"
    LIBRARY_FOLDER = "library_folder"


class SyncState(StrEnum):
    """How the last look at a source ended."""

    NEVER = "never"
    SYNCING = "syncing"
    CURRENT = "current"
    STALE = "stale"
    FAILED = "failed"


class ProblemReason(StrEnum):
    """Why something in a source could not be read as it should."""

    UNREADABLE_YAML = "unreadable_yaml"
    UNREADABLE_JSON = "unreadable_json"
    UNREADABLE_TEXT = "unreadable_text"
    UNREADABLE_REPR = "unreadable_repr"
    WRONG_SHAPE = "wrong_shape"
    MISSING_FILE = "missing_file"
    LEAVES_SOURCE = "leaves_source"
    TOO_LARGE = "too_large"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    DELETED_AT_SOURCE = "deleted_at_source"
    CONFLICT = "conflict"
    PERMISSION = "permission"
