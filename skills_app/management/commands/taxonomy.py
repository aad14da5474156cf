"""Check, export and import the taxonomy from a shell or from CI, and work out where skills may belong."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from fleet_site.access import may, refusal
from skills_app.domain.errors import SkillsError
from skills_app.queries.taxonomy_files import index_file, taxonomy_faults
from skills_app.services.export_taxonomy import exported_meta
from skills_app.services.import_taxonomy import as_lines, import_taxonomy
from skills_app.services.survey_placement import survey_placement

INDEX, META = "taxonomy_index.json", "taxonomy_meta.json"


class Command(BaseCommand):
    """Check, export or import the taxonomy."""

    help = (
        "check: say what is wrong with the taxonomy (exit code 1 when there is an error). export: write "
        "taxonomy_index.json and taxonomy_meta.json into a folder. import: take them in from a folder. "
        "placement: look through the whole library now, for the page that helps with placing."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what each of the four needs."""
        steps = parser.add_subparsers(dest="step", required=True)
        check = steps.add_parser("check", help="cycles, dangling links, aliases that shadow, orphans, names")
        check.add_argument("--format", choices=["text", "json"], default="text")
        export = steps.add_parser("export", help="write both files")
        export.add_argument("folder", type=Path)
        steps.add_parser("placement", help="work out where skills may belong, without waiting for a worker")
        taken = steps.add_parser("import", help="take both files in; moves become a draft change-set")
        taken.add_argument("folder", type=Path)
        taken.add_argument("--user", required=True, help="the curator whose draft it becomes")
        taken.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do the step that was asked for."""
        step = {
            "check": self._check,
            "export": self._export,
            "import": self._import,
            "placement": self._placement,
        }
        step[options["step"]](options)

    def _check(self, options: dict[str, Any]) -> None:
        faults = taxonomy_faults()
        if options["format"] == "json":
            rows = [
                {"fault": f.fault.value, "path": f.path, "message": f.message, "is_error": f.is_error}
                for f in faults
            ]
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
        else:
            for fault in faults:
                word = "error" if fault.is_error else "hint"
                self.stdout.write(f"{word}: {fault.fault.value}: {fault.message}")
            num_errors = sum(fault.is_error for fault in faults)
            self.stdout.write(f"{num_errors} errors, {len(faults) - num_errors} hints.")
        if any(fault.is_error for fault in faults):
            sys.exit(1)

    def _export(self, options: dict[str, Any]) -> None:
        folder: Path = options["folder"]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, data in ((INDEX, index_file()), (META, exported_meta())):
                text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
                (folder / name).write_text(text, encoding="utf-8")
                self.stdout.write(f"Wrote {folder / name}.")
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from error

    def _placement(self, _options: dict[str, Any]) -> None:
        row = survey_placement(now=timezone.now(), is_forced=True)
        if row is None:
            raise CommandError("A worker is looking right now; the page shows what it finds.")
        self.stdout.write(f"Looked at {row.num_skills} skills in {row.seconds:.1f} seconds.")

    def _import(self, options: dict[str, Any]) -> None:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person called '{options['user'][:150]}'.")
        if not may(user, "curate"):
            raise CommandError(refusal("curate"))
        folder, is_dry_run = options["folder"], options["dry_run"]
        index = _read(folder / INDEX)
        meta = _read(folder / META) if (folder / META).is_file() else None
        try:
            report = import_taxonomy(index=index, meta=meta, actor=user, is_dry_run=is_dry_run)
        except SkillsError as error:
            raise CommandError(str(error)) from error
        for line in as_lines(report, is_dry_run=is_dry_run):
            self.stdout.write(line)
        if report.change is not None:
            self.stdout.write(f"Look at the draft and apply it: {report.change.get_absolute_url()}")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{path} is not readable JSON.") from error
