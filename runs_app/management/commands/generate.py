"""Generate a skill in a shell: ``manage.py generate "…" --model … --no-input --out DIR``."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from runs_app.adapters.language_models import ConfiguredModels
from runs_app.adapters.model_settings import load_program, model_config, model_environment
from runs_app.domain.errors import ModelError, RequestInvalid
from runs_app.domain.generation import GenerationOptions, GenerationRequest, SkillStyle
from runs_app.domain.pipeline_items import LibraryView
from runs_app.domain.prompts import PromptKind
from runs_app.domain.spending import Ceiling
from runs_app.management.generating import ShellGeneration, ask_on_terminal, run_in_shell
from runs_app.queries.library_view import library_view
from runs_app.queries.spending import day_limits, spent_usd, start_of_day
from runs_app.services.request_generation import request_generation, unheld_ceilings


class Command(BaseCommand):
    """Runs the pipeline here and now; no worker is needed, and nothing is stored but the files."""

    help = "Generate a skill here, print its progress, and write it to a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the request and how it is carried out."""
        parser.add_argument("task", help="what the skill is for, in words")
        parser.add_argument("--out", type=Path, default=Path(), help="the folder to write to (default: here)")
        parser.add_argument(
            "--model", default="", help="a model for all tasks, as LiteLLM or the file names it"
        )
        parser.add_argument("--no-input", action="store_true", help="ask nobody")
        parser.add_argument(
            "--example", action="append", default=[], help="what it should handle; may be repeated"
        )
        parser.add_argument("--constraints", default="", help="what it must or must not do")
        parser.add_argument("--place", default="", help="where in the library it may belong")
        parser.add_argument("--style", choices=[*SkillStyle], default=SkillStyle.COMPREHENSIVE.value)
        parser.add_argument(
            "--candidates", type=int, choices=range(1, 9), default=1, help="texts to choose from"
        )
        parser.add_argument("--checkpoint", action="append", choices=[*PromptKind], help="where to ask you")
        parser.add_argument("--program", default="", help="a saved program: its name, or a JSON file")
        parser.add_argument(
            "--queue", action="store_true", help="hand it to this site's worker instead, and print its key"
        )
        parser.add_argument(
            "--ceiling",
            type=float,
            help="the most that it may cost, in US dollars. Without --queue, the ceiling of everybody's day holds with what "
            "was spent when it began, that of a person's day does not, and what it costs is not counted in any day",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it and exit with 0, 1 (failed), 2 (cannot begin), 3 (waits for an answer) or 130 (broken off)."""
        if not options["task"].strip():
            raise CommandError("Say in words what the skill is for.", returncode=2)
        try:
            if options["queue"]:
                wanted = request_generation(
                    request=_request(options), options=_options(options), user_name="command line"
                )
                self.stdout.write(wanted.key)
                return
            generation = self._generation(options)
        except (ModelError, RequestInvalid) as error:
            raise CommandError(str(error), returncode=2) from error
        try:
            sys.exit(run_in_shell(generation, folder=options["out"]))
        except FileExistsError as error:
            kept = " ".join(error.__notes__)
            raise CommandError(
                f"{error.filename} exists already, and nothing is overwritten. {kept}", returncode=2
            ) from error
        except KeyboardInterrupt:
            self.stderr.write("Broken off; nothing was written.")
            sys.exit(130)

    def _generation(self, options: dict[str, Any]) -> ShellGeneration:
        request, wanted = _request(options), _options(options)
        models = ConfiguredModels(model_config(), environment=model_environment(), chosen=wanted.models)
        if warning := unheld_ceilings(models, wanted.ceiling_usd):
            self.stderr.write(warning)
        ceilings: tuple[Ceiling, ...] = ()
        try:
            library = library_view(task=request.task)
            if limits := day_limits(user_id=None, user_name=""):
                spent = spent_usd(since=start_of_day())
                ceilings = tuple(Ceiling(one.whose, one.limit_usd, spent) for one in limits)
        except DatabaseError:
            library = LibraryView()
        program = load_program(wanted.program) if wanted.program else None
        if program is not None:
            from runs_app.pipeline.programs import pipeline_of

            # One of another pipeline is refused before anything begins.
            pipeline_of(program)
        return ShellGeneration(
            request,
            wanted,
            models,
            library,
            program,
            sys.stderr,
            ask_on_terminal,
            models.secrets(),
            ceilings=ceilings,
        )


def _request(options: dict[str, Any]) -> GenerationRequest:
    return GenerationRequest(
        options["task"].strip(),
        tuple(options["example"]),
        options["constraints"],
        options["place"],
        SkillStyle(options["style"]),
    )


def _options(options: dict[str, Any]) -> GenerationOptions:
    chosen = options["checkpoint"]
    ceilings = [
        one for one in (options["ceiling"], settings.FLEET_SPEND_PER_GENERATION_USD) if one is not None
    ]
    return GenerationOptions(
        models={"": options["model"]} if options["model"] else {},
        program=options["program"],
        num_candidates=options["candidates"],
        checkpoints=tuple(PromptKind(one) for one in chosen) if chosen else None,
        is_auto_approved=options["no_input"],
        ceiling_usd=min(ceilings, default=None),
        step_deadline_seconds=settings.FLEET_STEP_SECONDS,
        deadline_seconds=settings.FLEET_GENERATION_SECONDS,
    )
