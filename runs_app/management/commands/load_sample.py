"""Load the sample library: ``manage.py load_sample``."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from runs_app.domain.errors import RunsError
from runs_app.services.load_sample import load_sample


class Command(BaseCommand):
    """Loads once; after a removal only when it is asked to."""

    help = "Load sample skills and runs, labelled as such, for a first look around."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the one option."""
        parser.add_argument("--again", action="store_true", help="load it though it was removed before")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say what came of it."""
        try:
            result = load_sample(is_wanted_again=options["again"])
        except RunsError as error:
            raise CommandError(str(error)) from error
        if result.is_loaded:
            self.stdout.write(
                f"Loaded the sample: {result.num_skills} skills in {result.num_versions} versions and "
                f"{result.num_runs} runs, in {result.seconds:.1f} s. Take it out with: manage.py remove_sample"
            )
        elif result.outcome == "removed before":
            self.stdout.write(
                "The sample was removed before and stays away. Load it with: manage.py load_sample --again"
            )
        else:
            self.stdout.write("The sample is there already.")
