"""Let a new judging model judge a sample of the versions that another one has judged; what it can cost is told before."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from runs_app.domain.cell_text import cost_text
from runs_app.domain.errors import ModelError, SampleRefused
from runs_app.domain.judging_models import MOST_SIZE, USUAL_SIZE
from runs_app.models import JudgeSample
from runs_app.services.judge_due_samples import SampleLease, judge_held_sample, new_lease
from runs_app.services.judge_sample import Sample, cancel_sample, offer_sample, order_sample


class Command(BaseCommand):
    """``manage.py judge_sample MODEL``: trends then tell what the new judge changed from what the skills did."""

    help = "Tell what it costs to let a model judge a sample of old versions, and do so when told to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", help="the new judging model, as LiteLLM or the file names it")
        parser.add_argument("--size", type=int, default=USUAL_SIZE, help=f"versions, at most {MOST_SIZE}")
        parser.add_argument("--ceiling", type=float, help="the most that it may cost, in US dollars")
        parser.add_argument("--yes", action="store_true", help="do not ask before the first call")

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell the cost, ask, judge."""
        if not 0 < options["size"] <= MOST_SIZE:
            raise CommandError(f"Choose from 1 to {MOST_SIZE} versions.")
        try:
            sample = offer_sample(model=options["model"], size=options["size"])
        except ModelError as error:
            raise CommandError(str(error)) from error
        self._tell(sample)
        if not sample.versions or not (options["yes"] or self._is_wanted()):
            return
        num, made = self._judged(sample, options["ceiling"])
        if made.message:
            self.stderr.write(made.message)
        costs = list(made.versions.values_list("cost_usd", flat=True))
        cost = "an unknown amount" if None in costs else cost_text(sum(one or 0.0 for one in costs))
        self.stdout.write(f"{num} of {len(sample.versions)} versions judged for {cost}.")
        if num < len(sample.versions):
            raise CommandError("Not all were judged; the same command goes on with the rest.")

    def _judged(self, sample: Sample, ceiling: float | None) -> tuple[int, JudgeSample]:
        """Judge the sample here and now, as a worker would; whoever interrupts it cancels it."""
        held = new_lease()
        try:
            made = order_sample(sample=sample, ceiling_usd=ceiling, user_name="command line", lease=held)
        except SampleRefused as error:
            raise CommandError(str(error)) from error
        try:
            num = judge_held_sample(lease=SampleLease(made.pk, held["lease_owner"]), say=self.stdout.write)
        except KeyboardInterrupt:
            cancel_sample(sample=made, user_name="command line")
            raise
        made.refresh_from_db()
        return num, made

    def _tell(self, sample: Sample) -> None:
        most = (
            "an unknown amount: its price is not known"
            if sample.most_usd is None
            else cost_text(sample.most_usd)
        )
        self.stdout.write(
            f"{len(sample.versions)} of {sample.num_due} versions that another model has judged and {sample.judge} has not, "
            f"for at most {most}."
        )

    def _is_wanted(self) -> bool:
        if not sys.stdin.isatty():
            self.stdout.write("Nothing was asked; say --yes to go on.")
            return False
        return input("Go on? [y/N] ").strip().lower() in ("y", "yes")
