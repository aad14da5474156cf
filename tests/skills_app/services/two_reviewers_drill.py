"""Run by the test of two reviewers at once: two processes decide on one review in a database that is a SQLite file.

``python -m tests.skills_app.services.two_reviewers_drill FOLDER`` prints one JSON object for each pair of decisions.
"""

import json
import multiprocessing
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from tests.skills_app.services.kill_drill import Work

PAIRS = [("approve", "approve"), ("request_changes", "approve"), ("reject", "approve")]
FORK = multiprocessing.get_context("fork")


class Turns:
    """The first one waits in the middle of its transaction, until the second one has read the review and begins its own."""

    def __init__(self) -> None:
        self._is_inside = FORK.Event()
        self._is_begun = FORK.Event()

    def first(self, work: Work) -> object:
        """Do the work and stop where the verdict is written and nothing of it is committed."""
        from skills_app.services import send_review

        settle = send_review.settle_review

        def held(*args: Any, **fields: Any) -> Any:
            self._is_inside.set()
            self._is_begun.wait()
            return settle(*args, **fields)

        with patch.object(send_review, "settle_review", held):
            return self._do(work)

    def second(self, work: Work, look: Callable[[], None]) -> object:
        """Look while the first one is held, let it go on when this one begins, and do the work."""
        from skills_app.services import send_review

        judge = send_review.judge_version

        def begun(**fields: Any) -> Any:
            look()
            self._is_begun.set()
            return judge(**fields)

        self._is_inside.wait()
        with patch.object(send_review, "judge_version", begun):
            return self._do(work)

    def _do(self, work: Work) -> object:
        try:
            return work()
        finally:
            # Nobody waits for one that failed.
            self._is_inside.set()
            self._is_begun.set()


def prepare(path: str) -> int:
    """Open a review of a new skill for two reviewers."""
    from django.contrib.auth.models import User

    from tests.skills_app import review_makers as made

    users = [User.objects.get(username=name) for name in ("olga", "ada", "bea")]
    return int(made.review(made.draft(path, author=users[0]), *users).pk)


def decide(review_pk: int, name: str, decision: str) -> dict[str, Any]:
    """Send a decision; tell how many approvals it counts, or what is refused."""
    from django.contrib.auth.models import User

    from skills_app.domain.errors import ReviewRefused
    from skills_app.domain.reviewing.verdicts import Decision
    from skills_app.models import Review
    from tests.skills_app import review_makers as made

    review = Review.objects.select_related("version").get(pk=review_pk)
    reviewer = User.objects.get(username=name)
    try:
        sent = made.send(review, reviewer, Decision(decision), "so it is")
    except ReviewRefused as error:
        return {"refused": type(error).__name__, "words": str(error)}
    return {"num_approvals": sent.standing.num_approvals}


def at_once(review_pk: int, first: str, second: str) -> dict[str, Any]:
    """Let two processes decide, and tell what each said and what is stored."""
    from django.db import connections

    from skills_app.models import Review, Verdict

    turns, told = Turns(), FORK.SimpleQueue()

    def run_first() -> None:
        told.put(("first", turns.first(lambda: decide(review_pk, "ada", first))))

    def run_second() -> None:
        def look() -> None:
            told.put(("stored_before", Verdict.objects.filter(review=review_pk).count()))

        told.put(("second", turns.second(lambda: decide(review_pk, "bea", second), look)))

    connections.close_all()
    processes = [FORK.Process(target=one) for one in (run_first, run_second)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    answers = {}
    while not told.empty():
        name, answer = told.get()
        answers[name] = answer
    verdicts = Verdict.objects.filter(review=review_pk).order_by("pk")
    return {
        **answers,
        "status": Review.objects.get(pk=review_pk).status,
        "verdicts": list(verdicts.values_list("reviewer_name", "decision")),
    }


def main() -> None:
    """Make a site, then let each pair decide on a review of its own."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from skills_app.domain.enums import Role
    from tests.skills_app import review_makers as made

    # A busy machine may hold the first one up for long; the second one waits for it however long that is.
    connection.settings_dict["OPTIONS"]["timeout"] = 3_600
    call_command("migrate", verbosity=0)
    for name, role in (("olga", Role.CURATOR), ("ada", Role.REVIEWER), ("bea", Role.REVIEWER)):
        made.person(name, role)
    for number, (first, second) in enumerate(PAIRS):
        outcome = at_once(prepare(f"tools/number-{number}"), first, second)
        sys.stdout.write(json.dumps({"vendor": connection.vendor, **outcome}) + "\n")


if __name__ == "__main__":
    main()
