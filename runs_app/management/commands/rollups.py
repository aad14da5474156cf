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
        parser.add_argument(
            "--check",
            action="store_true",
            help="compare with the rows, after a rebuild if both; 1 when they differ",
        )
        parser.add_argument(
            "--rebuild", action="store_true", help="work out every version and every day anew"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"] or not options["check"]:
            updated = rebuild_rollups() if options["rebuild"] else update_rollups()
            self.stdout.write(f"{updated.num_versions} versions looked at, {updated.num_days} days added up.")
        if options["check"]:
            self._check(is_rebuilt=options["rebuild"])

    def _check(self, *, is_rebuilt: bool) -> None:
        problems = check_rollups()
        for problem in problems[:_SHOWN]:
            self.stdout.write(problem)
        if problems:
            what_next = (
                "They were rebuilt just now: rows changed meanwhile, and “manage.py rollups” follows them, or this is a fault."
                if is_rebuilt
                else "Run “manage.py rollups”, or with --rebuild if they stay."
            )
            raise CommandError(f"{len(problems)} differences. {what_next}")
        self.stdout.write("The rollups are equal to the rows.")
