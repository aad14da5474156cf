"""Print a one-time sign-in link: ``manage.py sign_in_link [USER]``."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from fleet_site.one_time_link import first_admin, make_link
from skills_app.services.record_audit import record_audit


class Command(BaseCommand):
    """Makes a link for a person, or for an admin; the first admin is made when there is none."""

    help = "Print a link that signs one person in, once, within an hour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whom the link is for and where the site is."""
        parser.add_argument(
            "user", nargs="?", default="", help="name for signing in; an admin if none is given"
        )
        parser.add_argument(
            "--site",
            default=f"http://{settings.ENV.host}:{settings.ENV.port}",
            help="where the site is served (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the person and print the link alone, so that a script can take it."""
        user = self._person(options["user"])
        record_audit(
            actor_name="sign_in_link", verb="made_link", target_kind="person", target_key=user.get_username()
        )
        self.stdout.write(options["site"].rstrip("/") + make_link(user))

    def _person(self, name: str) -> User:
        if not name:
            return first_admin()
        user = User.objects.filter(username=name).first()
        if user is None:
            names = ", ".join(User.objects.order_by("username").values_list("username", flat=True)[:20])
            raise CommandError(f"There is nobody called {name}. There are: {names or 'nobody yet'}.")
        if not user.is_active:
            raise CommandError(f"{name} is deactivated. An admin can activate the account under People.")
        return user
