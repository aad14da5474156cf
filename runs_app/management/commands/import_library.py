"""``manage.py import_library FOLDER``: bring a folder of skills into the library."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import pluralize

from runs_app.services.import_library_source import import_library_source
from skills_app.domain.errors import LibraryUnreadable
from skills_app.services.import_library import LibraryImport


class Command(BaseCommand):
    """Import skills, categories, aliases, facets and dependencies from a folder; repeat it as often as you like."""

    help = "Import a folder of skills. A second import of the same folder changes nothing that did not change there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder that holds the skills")
        parser.add_argument(
            "--index",
            type=Path,
            help="a taxonomy index outside the folder; it is remembered for the next import of this folder",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        index: Path | None = options["index"]
        if index is not None and not index.is_file():
            raise CommandError(
                f"There is no index file {index}; give the path of a taxonomy index, or leave --index out."
            )
        try:
            result = import_library_source(folder=folder, index=index, is_dry_run=options["dry_run"])
        except LibraryUnreadable as error:
            raise CommandError(str(error)) from error
        self._print(result, is_wordy=options["verbosity"] > 1)

    def _print(self, result: LibraryImport, *, is_wordy: bool) -> None:
        head = "Would import" if result.is_dry_run else "Imported"
        num_problems = len(result.problems)
        self.stdout.write(
            f"{head} {result.num_skills} skill{pluralize(result.num_skills)}: {len(result.created)} created, "
            f"{len(result.updated)} updated, {len(result.unchanged)} unchanged; "
            f"{result.num_new_categories} new categor{pluralize(result.num_new_categories, 'y,ies')}; "
            f"{num_problems} problem{pluralize(num_problems)}."
        )
        if result.stated_total is not None and result.stated_total != result.num_skills:
            self.stdout.write(f"The library's own statistics count {result.stated_total} skills.")
        if result.num_other_files:
            num, lie = result.num_other_files, pluralize(result.num_other_files, "lies,lie")
            self.stdout.write(
                f"{num} file{pluralize(num)} {lie} in no skill and {pluralize(num, 'was,were')} left out."
            )
        if is_wordy:
            for word, paths in (("created", result.created), ("updated", result.updated)):
                for path in paths:
                    self.stdout.write(f"  {word} {path}")
        for item in result.problems:
            self.stderr.write(f"  {item.path}: {item.message} {item.remedy}")
