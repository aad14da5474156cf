"""Judge what the present rules have not judged."""

from typing import Any

from django.core.management.base import BaseCommand

from skills_app.services.judge_version import judge_versions, versions_to_judge


class Command(BaseCommand):
    """``manage.py judge``: after an update of the rules, or to have all judged before the worker comes to it."""

    help = "Judge every version that the present rules and scorers have not judged yet."

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge in pieces, say how far it is, and how many there were."""
        total = versions_to_judge().count()
        done = 0
        while num_judged := judge_versions(limit=200):
            done += num_judged
            self.stderr.write(f"Judged {min(done, total)} of {total}.")
        self.stdout.write(f"Judged {done} version{'' if done == 1 else 's'}; every version has been judged.")
