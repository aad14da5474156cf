"""Mirror runs from MLflow: ``manage.py sync [SOURCE]``."""

import contextlib
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from runs_app.adapters.sources import RUN_SOURCES
from runs_app.domain.addresses import shown_address
from runs_app.domain.errors import AddressInvalid, RunsError, SourceUnknown
from runs_app.models import ImportProblem, Source
from runs_app.services.add_source import add_source, find_source, resolve_address
from runs_app.services.preview_sync import preview_sync
from runs_app.services.sync_source import sync_source

_BAR = 28
_interrupted = threading.Event()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Note Ctrl-C and break off; where a library swallows that, the next look at the progress breaks off."""

    def note(_number: int, _frame: object) -> None:
        _interrupted.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _interrupted.clear()
    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Command(BaseCommand):
    """Reads one source, or all that are switched on; a new address becomes a source first."""

    help = "Mirror runs from a tracking server, an MLflow database or an mlruns folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the source and the two ways to look."""
        parser.add_argument(
            "source",
            nargs="?",
            default="",
            help="path, MLflow address, or name or number of a source; all if none",
        )
        parser.add_argument("--name", default="", help="what to call a source that is new")
        parser.add_argument(
            "--full", action="store_true", help="read every run, to find late edits and deletions"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be done and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the sources; one that fails does not keep the next from its turn."""
        failed: list[str] = []
        for source in self._sources(options):
            self.stdout.write(f"{source.name} ({shown_address(source.address)})")
            try:
                if options["dry_run"]:
                    self._preview(source)
                    continue
                with _interruptible():
                    self._sync(source, is_full=options["full"])
            except KeyboardInterrupt:
                self.stdout.write("\n  Broken off. What was read is kept; the next sync goes on from there.")
                sys.exit(130)
            except RunsError as error:
                remedy = getattr(error, "remedy", "")
                failed.append(f"{source.name}: {error} {remedy}".strip())
                self.stderr.write(f"  {error} {remedy}".rstrip())
        if failed:
            raise CommandError(f"{len(failed)} of the sources could not be read to the end.")

    def _sources(self, options: dict[str, Any]) -> list[Source]:
        text = options["source"]
        if not text:
            sources = list(Source.objects.filter(is_enabled=True, kind__in=RUN_SOURCES))
            if not sources:
                raise CommandError(
                    "There is no source yet. Name one: manage.py sync http://127.0.0.1:5000, or the path of an mlruns folder."
                )
            return sources
        try:
            return [find_source(text=text)]
        except SourceUnknown as unknown:
            try:
                if options["dry_run"]:
                    kind, address = resolve_address(text)
                    return [Source(name=options["name"] or "new source", kind=kind, address=address)]
                return [add_source(address=text, name=options["name"])]
            except AddressInvalid as error:
                raise CommandError(str(error)) from unknown

    def _sync(self, source: Source, *, is_full: bool) -> None:
        bar = _Progress(self.stdout)
        try:
            report = sync_source(source=source, who="command", is_full=is_full, on_progress=bar.show)
        finally:
            bar.end()
        num_open = ImportProblem.objects.filter(source=source, closed_at__isnull=True).count()
        self.stdout.write(
            f"  {report.num_new:,} new, {report.num_changed:,} changed, {report.num_deleted:,} deleted runs, "
            f"{report.num_artifacts:,} files, {report.num_points:,} points in {report.seconds:.1f} s"
            f"; {num_open:,} open problems."
        )

    def _preview(self, source: Source) -> None:
        bar = _Progress(self.stdout)
        try:
            found = preview_sync(source=source, on_progress=bar.show)
        finally:
            bar.end()
        self.stdout.write(
            f"  Would bring {found.num_new:,} new and {found.num_changed:,} changed runs, mark {found.num_deleted:,} as "
            f"deleted and leave {found.num_same:,} as they are; {found.num_experiments:,} experiments. Nothing was written."
        )
        for one in found.problems[:20]:
            self.stdout.write(f"  {one.path}: {one.message}")
        if len(found.problems) > 20:
            self.stdout.write(f"  … and {len(found.problems) - 20:,} more problems.")


class _Progress:
    """A bar on a terminal; elsewhere one line every few seconds."""

    def __init__(self, stdout: Any) -> None:
        self.stdout = stdout
        self.is_terminal = bool(getattr(stdout, "isatty", lambda: False)())
        self.began = time.monotonic()
        self.last = 0.0
        self.has_line = False

    def show(self, stage: str, done: int, total: int | None) -> None:
        """Show how far a stage is; here an interruption comes through that a library swallowed."""
        if _interrupted.is_set():
            raise KeyboardInterrupt
        now = time.monotonic()
        if now - self.last < (0.1 if self.is_terminal else 5) and done != total:
            return
        self.last = now
        counted = f"{done:,} of {total:,}" if total else f"{done:,}"
        speed = f"{done / max(now - self.began, 0.001):,.0f}/s"
        if not self.is_terminal:
            self.stdout.write(f"  {stage}: {counted}, {speed}")
            return
        share = min(done / total, 1.0) if total else 0.0
        bar = ("█" * round(share * _BAR)).ljust(_BAR, "░") if total else "…"
        self.stdout.write(f"\r  {bar} {stage}: {counted}, {speed}    ", ending="")
        self.stdout.flush()
        self.has_line = True

    def end(self) -> None:
        """Leave the line of the bar."""
        if self.has_line:
            self.stdout.write("")
