"""The worker's disk is full in the middle of a generation, and then it is not: what was paid for is held, and stored."""

import resource
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.runs_app.services.drill_site import site_that_holds

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not hasattr(resource, "prlimit"), reason="only Linux can set the limits of another process"
    ),
]


def family(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split() if int(child) not in found]
    return found


def limit_files(pid: int, num_bytes: int) -> None:
    """Let a worker write no file beyond a size, as on a disk without room; ``RLIM_INFINITY`` gives the room back."""
    for one in family(pid):
        resource.prlimit(one, resource.RLIMIT_FSIZE, (num_bytes, resource.RLIM_INFINITY))


def test_a_full_disk_holds_a_generation_up_and_costs_no_call_and_no_version(tmp_path: Path) -> None:
    with site_that_holds(tmp_path / "data", "") as (site, held):
        key = site.begin("Prune apple orchards", model=0, is_auto_approved=True)
        number = site.row(key)["id"]
        site.start_worker()
        assert held.has_begun.wait(180), site.log()
        stored = set(site.stored(number))
        limit_files(site.pid, 1)
        held.may_go_on.set()
        # Longer than the worker waits between two tries; it cannot even write to its log.
        time.sleep(5)
        # The text is written and paid for, and there is no room for it, nor for anything after it.
        assert set(site.stored(number)) == stored
        limit_files(site.pid, resource.RLIM_INFINITY)
        row = site.wait_for_end(key)
        site.stop_worker()

    assert row["status"] == "completed", row
    assert site.repeated(number, 0) == []
    assert set(Counter(site.server.asked).values()) == {1, 2}
    events = site.events(number)
    assert [one for one, *_ in events] == list(range(1, row["num_events"] + 1))
    # The page lists what happened, and this is one of the lines.
    assert [said for *_, said in events if "could not be written" in said and "is stored" in said]
    assert site.ask("SELECT count(*) FROM skills_app_skillversion") == [(1,)]
