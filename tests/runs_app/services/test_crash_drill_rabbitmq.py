"""The same drill with RabbitMQ, in a file of its own, so that both run at the same time."""

import pytest

from tests.runs_app.services.test_crash_drill import (  # noqa: F401
    site,
    sites,
    test_a_message_that_was_lost_or_came_twice_makes_no_difference,
    test_a_worker_killed_at_every_boundary_repeats_nothing_and_makes_one_version_each,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def broker() -> str:
    """The queue that this file drills."""
    return "rabbitmq"
