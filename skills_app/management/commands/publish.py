"""Promote a version of a skill from a shell or from CI."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand

from skills_app.domain.errors import PromotionBlocked, SkillsError
from skills_app.management.publishing import HELP, add_arguments, publish


class Command(BaseCommand):
    """Promote a version of a skill."""

    help = HELP

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what the page asks for, and who does it."""
        add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Promote it and exit with 0, 1 or 2."""
        try:
            lines, code = publish(options)
        except PromotionBlocked as error:
            for reason in error.reasons:
                self.stderr.write(f"In the way: {reason}")
            sys.exit(1)
        except SkillsError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        for line in lines:
            self.stdout.write(line)
        sys.exit(code)
