"""Print the list of skills that an agent reads, for CI and for agents' start scripts."""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from skills_app.queries.resolve_path import category_at
from skills_app.services.list_available import available_skills_block


class Command(BaseCommand):
    """Print the ``<available_skills>`` block of the library or of a branch."""

    help = "Print the <available_skills> block: name, description and location of each skill that agents can load."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add branch, root and output."""
        parser.add_argument("--branch", default="", help="only the skills at or below this path")
        parser.add_argument(
            "--root", help="where agents find the library; without it the folder of this site"
        )
        parser.add_argument("--output", type=Path, help="a file to write, in one step, instead of printing")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print or write the block; exit with 2 when there is no such branch."""
        path = options["branch"].strip("/")
        branch = category_at(path) if path else None
        if path and branch is None:
            self.stderr.write(f"There is no branch '{path}'.")
            sys.exit(2)
        block = available_skills_block(branch=branch, root=options["root"])
        if options["output"] is None:
            self.stdout.write(block, ending="")
        else:
            _write(options["output"], block)


def _write(target: Path, text: str) -> None:
    """Write the file so that who reads it sees the old or the new one."""
    descriptor, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            os.fchmod(stream.fileno(), 0o644)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise
