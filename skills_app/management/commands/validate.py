"""Judge skills on disk; ``manage.py`` runs ``skills_app.management.validating`` directly, this lists it among commands."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand

from skills_app.domain.errors import SkillsError
from skills_app.management.validating import HELP, add_arguments, validate


class Command(BaseCommand):
    """Judge skills on disk."""

    help = HELP
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add folder or file, profiles and format."""
        add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print what was found and exit with 0, 1 or 2."""
        try:
            said, code = validate(
                targets=options["target"], profiles=options["profile"], output=options["format"]
            )
        except SkillsError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        self.stdout.write(said, ending="")
        sys.exit(code)
