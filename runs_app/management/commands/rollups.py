"""Bring the rollups of trends up to date, work them all out anew, or prove that they hold."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runs_app.services.update_rollups import check_rollups, rebuild_rollups, update_rollups

_SHOWN = 50


class Command(BaseCommand):
    """Without an option: what the worker does every half minute."""

    help = (
        "Update the rollups that trends are drawn from; --check proves them, --rebuild works them out anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--check", action="store_true", help="compare with the rows; 1 when they differ")
        group.add_argument("--rebuild", action="store_true", help="work out every version and every day anew")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            self._check()
            return
        updated = rebuild_rollups() if options["rebuild"] else update_rollups()
        self.stdout.write(f"{updated.num_versions} versions looked at, {updated.num_days} days added up.")

    def _check(self) -> None:
        problems = check_rollups()
        for problem in problems[:_SHOWN]:
            self.stdout.write(problem)
        if problems:
            raise CommandError(
                f"{len(problems)} differences. Run “manage.py rollups”, or with --rebuild if they stay."
            )
        self.stdout.write("The rollups are equal to the rows.")
