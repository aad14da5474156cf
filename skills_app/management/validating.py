"""``manage.py validate`` without Django: it needs no database and no settings, so that it starts at once in CI."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from skills_app.domain.documents import parse_document
from skills_app.domain.errors import SkillsError
from skills_app.domain.judging import judge_skill
from skills_app.domain.profiles import PROFILES
from skills_app.domain.validation_output import FORMATS, Validated, exit_code, write_output

HELP = "Judge skills on disk by every profile; needs no database. Exits 1 when one is rejected, 2 when none can be read."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command understands to ``parser``."""
    parser.add_argument(
        "target", nargs="+", type=Path, help="a skill's folder, its SKILL.md, or a folder that holds skills"
    )
    parser.add_argument(
        "--profile",
        action="append",
        choices=[*PROFILES],
        help="judge by this profile alone; may be given again (default: all)",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to say what was found")


def validate(*, targets: Sequence[Path], profiles: Sequence[str] | None, output: str) -> tuple[str, int]:
    """Judge all skills at ``targets``; return what to print and the exit code.

    Raises:
        SkillsError: something cannot be read; the message says what.
    """
    from skills_app.adapters.secrets import find_secrets
    from skills_app.adapters.skill_folder import skills_on_disk

    validated = []
    for target in targets:
        for skill in skills_on_disk(target):
            judgement = judge_skill(
                parse_document(skill.document),
                files=skill.files,
                empty_folders=skill.empty_folders,
                folder_name=skill.folder_name,
                file_name=skill.path.name,
                profiles=profiles,
                find_secrets=find_secrets,
            )
            validated.append(Validated(skill.path.as_posix(), judgement))
    return write_output(validated, output), exit_code(validated)


def main(arguments: Sequence[str]) -> int:
    """Run the command with ``arguments`` (those after its name); return the exit code."""
    parser = argparse.ArgumentParser("manage.py validate", description=HELP)
    add_arguments(parser)
    chosen = parser.parse_args(arguments)
    try:
        said, code = validate(targets=chosen.target, profiles=chosen.profile, output=chosen.format)
    except SkillsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(said)
    return code
