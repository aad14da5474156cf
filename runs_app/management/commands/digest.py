"""Send the week's digest by mail, or print it, now; the worker sends it to managers once a week by itself."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from runs_app.queries.digest import weekly_digest
from runs_app.services.send_digest import managers_with_mail, send_digest


class Command(BaseCommand):
    """To managers with a mail address, unless others are named."""

    help = "Mail what got better and worse in seven days to all managers, or to whom --to names."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", nargs="+", metavar="ADDRESS", help="mail addresses, instead of managers")
        parser.add_argument("--branch", default="", help="only this branch of the library")
        parser.add_argument("--print", action="store_true", dest="is_printed", help="print it, send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        digest = weekly_digest(
            today=timezone.localdate(), branch=options["branch"].strip("/"), site_url=settings.FLEET_SITE_URL
        )
        if options["is_printed"]:
            self.stdout.write(f"{digest.subject}\n\n{digest.text}")
            return
        addresses = options["to"] or sorted({user.email for user in managers_with_mail()})
        if not addresses:
            raise CommandError("No manager has a mail address. Name somebody with --to, or use --print.")
        problems = send_digest(digest=digest, addresses=addresses)
        for address, problem in problems.items():
            self.stderr.write(f"{address}: {problem}")
        if problems:
            raise CommandError(f"{len(problems)} of {len(addresses)} mails could not be sent.")
        self.stdout.write(f"Sent to {len(addresses)}.")
