"""Take a new source into the list: find out what an address is, and refuse what cannot be mirrored."""

from pathlib import Path

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from runs_app.domain.addresses import canonical_address, kind_of_address, shown_address, sqlite_path
from runs_app.domain.enums import SourceKind
from runs_app.domain.errors import AddressInvalid, SourceExists, SourceUnknown
from runs_app.models import Source
from skills_app.services.record_audit import record_audit

_RUN_PARTS = ("meta.yaml", "artifacts", "metrics", "params", "tags")


def add_source(*, address: str, name: str = "", is_sample: bool = False, actor: User | None = None) -> Source:
    """Add the tracking server, store or ``mlruns`` folder at ``address`` under ``name`` (made from the address if empty).

    A folder that holds an ``mlruns`` folder stands for that one. Nothing is read from a server yet: one that is down
    can be added, and its first sync says so.

    Raises:
        AddressInvalid: the address names nothing that can be mirrored; the message says why.
        SourceExists: it is in the list already.
    """
    kind, canonical = resolve_address(address)
    known = Source.objects.filter(address=canonical).first()
    if known is not None:
        raise SourceExists(
            f"{shown_address(canonical)} is a source already: {known.name}.", source_id=known.pk
        )
    title = (name.strip() or _name_of(kind, canonical))[:128]
    try:
        with transaction.atomic():
            source = Source.objects.create(name=title, kind=kind, address=canonical, is_sample=is_sample)
            record_audit(
                actor=actor,
                verb="added_source",
                target_kind="source",
                target_key=str(source.pk),
                after={"name": title, "address": shown_address(canonical)},
            )
    except IntegrityError as error:
        known = Source.objects.get(address=canonical)
        raise SourceExists(
            f"{shown_address(canonical)} is a source already: {known.name}.", source_id=known.pk
        ) from error
    return source


def find_source(*, text: str) -> Source:
    """Return the known source with this number, name or address.

    Raises:
        SourceUnknown: there is none, or several have the name.
    """
    if text.isdigit() and (by_key := Source.objects.filter(pk=int(text)).first()):
        return by_key
    named = list(Source.objects.filter(name=text)[:2])
    if len(named) == 1:
        return named[0]
    if len(named) > 1:
        raise SourceUnknown(f"Several sources are called {text}; give the number or the address of one.")
    try:
        by_address = Source.objects.filter(address=resolve_address(text)[1]).first()
    except AddressInvalid as error:
        raise SourceUnknown(f"There is no source {text}, and it is no address of one: {error}") from error
    if by_address is None:
        raise SourceUnknown(f"There is no source {shown_address(text)}.")
    return by_address


def resolve_address(address: str) -> tuple[SourceKind, str]:
    """Return the kind and the one spelling of ``address``; folders and files must exist and look right.

    Raises:
        AddressInvalid: see ``add_source``.
    """
    kind = kind_of_address(address.strip())
    canonical = canonical_address(address, kind=kind)
    if len(canonical) > 1024:
        raise AddressInvalid("The address has more than 1,024 characters.")
    if kind is SourceKind.MLRUNS_FOLDER:
        return _resolve_path(canonical)
    if kind is SourceKind.MLFLOW_SQL and canonical.startswith("sqlite"):
        return kind, _sqlite_address(Path(sqlite_path(canonical)))
    return kind, canonical


def _resolve_path(text: str) -> tuple[SourceKind, str]:
    path = Path(text).expanduser().resolve()
    if path.is_file() and _is_sqlite(path):
        return SourceKind.MLFLOW_SQL, _sqlite_address(path)
    if not path.exists():
        raise AddressInvalid(f"There is no folder or file {path}.")
    if not path.is_dir():
        raise AddressInvalid(f"{path} is neither a folder of runs nor a SQLite database.")
    try:
        if (path / "mlruns").is_dir() and not _has_runs(path):
            path = path / "mlruns"
        if _is_experiment(path):
            raise AddressInvalid(
                f"{path} is one experiment of an mlruns folder; add the folder above it, {path.parent}."
            )
    except OSError as error:
        raise AddressInvalid(f"{path} cannot be read: {error.strerror or error}.") from error
    if (path / "SKILL.md").exists():
        raise AddressInvalid(f"{path} is a skill, not a folder of runs; scan it with import_library.")
    return SourceKind.MLRUNS_FOLDER, str(path)


def _sqlite_address(path: Path) -> str:
    path = path.expanduser().resolve()
    if not path.is_file():
        raise AddressInvalid(
            f"There is no file {path}. A SQLite address has three slashes before a relative path, four before an absolute one."
        )
    return f"sqlite:///{path}"


def _is_sqlite(path: Path) -> bool:
    try:
        with open(path, "rb") as stream:
            return stream.read(16) == b"SQLite format 3\x00"
    except OSError:
        return False


def _is_experiment(path: Path) -> bool:
    """Say whether the folders in ``path`` are runs: then it is an experiment, not the tree."""
    return not _has_runs(path) and any(
        child.is_dir() and any((child / part).exists() for part in ("artifacts", "metrics", "params"))
        for child in _children(path)
    )


def _has_runs(path: Path) -> bool:
    """Say whether a folder two levels below ``path`` looks like a run."""
    return any(
        any((run / part).exists() for part in _RUN_PARTS)
        for experiment in _children(path)
        if experiment.name != "mlruns" and experiment.is_dir()
        for run in _children(experiment)
        if run.is_dir() and run.name != "artifacts"
    )


def _children(path: Path) -> list[Path]:
    return sorted(child for child in path.iterdir() if not child.name.startswith("."))[:200]


def _name_of(kind: SourceKind, address: str) -> str:
    """Return a name that people recognise: the host of a server, the file or folder of a path."""
    if kind is SourceKind.MLRUNS_FOLDER or address.startswith("sqlite"):
        path = Path(sqlite_path(address) if address.startswith("sqlite") else address)
        return f"{path.parent.name}/{path.name}" if path.parent.name else path.name
    shown = shown_address(address).split("://", 1)[1]
    return shown.rsplit("@", 1)[-1]
