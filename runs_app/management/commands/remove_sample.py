"""Remove the sample library: ``manage.py remove_sample``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from runs_app.domain.errors import RunsError
from runs_app.services.remove_sample import remove_sample


class Command(BaseCommand):
    """Removes the sample and nothing else; it does not come back by itself."""

    help = "Remove the sample skills and runs; everything else stays."

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove and say what went and what stays."""
        try:
            removed = remove_sample()
        except RunsError as error:
            raise CommandError(str(error)) from error
        if removed.is_empty:
            self.stdout.write("There is no sample here; it will not be loaded by itself either.")
            return
        self.stdout.write(
            f"Removed {removed.num_skills} skills in {removed.num_versions} versions, {removed.num_categories} categories "
            f"and {removed.num_runs} runs."
        )
        for path in removed.kept:
            self.stdout.write(f"  {path} stays, because something else is there.")
