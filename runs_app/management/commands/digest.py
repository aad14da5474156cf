"""Send the week's digest by mail, or print it, now; the worker sends it to managers once a week by itself."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from runs_app.queries.digest import Digest, weekly_digest
from runs_app.services.send_digest import readers_of_digests, send_digest


class Command(BaseCommand):
    """To managers with a mail address, of their own branches, unless others are named."""

    help = "Mail what got better and worse in seven days to all managers, or to whom --to names."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", nargs="+", metavar="ADDRESS", help="mail addresses, instead of managers")
        parser.add_argument("--branch", default="", help="only this branch of the library")
        parser.add_argument("--print", action="store_true", dest="is_printed", help="print it, send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        branch = options["branch"].strip("/")
        if options["is_printed"]:
            digest = _digest(branch)
            self.stdout.write(f"{digest.subject}\n\n{digest.text}")
            return
        wanted = self._wanted(options["to"], branch)
        num_failed = 0
        for place, addresses in sorted(wanted.items()):
            problems = send_digest(digest=_digest(place), addresses=sorted(addresses))
            num_failed += len(problems)
            for address, problem in problems.items():
                self.stderr.write(f"{address}: {problem}")
        num_mails = sum(map(len, wanted.values()))
        if num_failed:
            raise CommandError(f"{num_failed} of {num_mails} mails could not be sent.")
        self.stdout.write(f"Sent to {num_mails}.")

    def _wanted(self, named: list[str] | None, branch: str) -> dict[str, set[str]]:
        """Return the addresses by the branch that they are told of: managers of branches their own, unless one is named."""
        if named:
            return {branch: set(named)}
        wanted: dict[str, set[str]] = {}
        for reader in readers_of_digests():
            wanted.setdefault(branch or reader.branch, set()).add(reader.user.email)
        if not wanted:
            raise CommandError("No manager has a mail address. Name somebody with --to, or use --print.")
        return wanted


def _digest(branch: str) -> Digest:
    return weekly_digest(today=timezone.localdate(), branch=branch, site_url=settings.FLEET_SITE_URL)
