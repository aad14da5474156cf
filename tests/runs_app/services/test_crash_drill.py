"""Kill the worker with signal 9 at every step boundary: nothing stored is asked again, and one version comes of it.

Many generations are in flight in one worker, each on its way to another boundary. When all of them stand at theirs, one kill
hits them all, and the next worker takes them up where they were.
"""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.model_server import model_server, rehearsed
from tests.runs_app.services.drill_site import FIELDS, SILENT, DrillSite, broker_url

pytestmark = pytest.mark.slow
ANALYSES = ["readiness", "requirements", "structure", "intent", "placement", "dependencies", "synthesis"]
MENDED = ["content_refinement", "content_refinement.2"]
# The steps of a generation that asks nobody, in order.
AUTOMATIC = [*ANALYSES, "content", *MENDED, "rules", "model_validation", "assessment"]
# The steps and questions of one that asks at every checkpoint, writes two texts, and is told to change each time.
ASKING = [
    *("readiness", "prompt/clarify", "readiness.2", *ANALYSES[1:], "confirm", "prompt/confirm"),
    *("synthesis.2", "confirm.2", "prompt/confirm.2", "content/1", "content/2", *MENDED),
    *("preview", "prompt/preview", "feedback/1", "feedback/2", "preview.2", "prompt/preview.2"),
    *("rules", "model_validation", "validation_report", "prompt/validate", "refinement/1", "refinement/2"),
    *("rules.2", "model_validation.2", "validation_report.2", "prompt/validate.2", "assessment"),
]
CHECKPOINTS = ("clarify", "confirm", "preview", "validate")
ANSWERS: dict[str, dict[str, Any]] = {
    "clarify": {"action": "proceed", "values": {"q1": "People new to it", "q2": "no"}},
    "confirm": {"action": "revise", "feedback": "Only for beginners"},
    "preview": {"action": "refine", "feedback": "Show an example"},
    "validate": {"action": "refine", "feedback": "Mend the links"},
}
PROCEED = {"action": "proceed"}


def boundaries(keys: list[str]) -> list[str]:
    """Return the moments around the steps and questions of a route, in order."""
    found = []
    for key in keys:
        if key.startswith("prompt/"):
            found += [f"before:{key}", f"after:{key}", f"after:answer/{key.removeprefix('prompt/')}"]
        else:
            found += [*([f"before:{key}"] if key == "content" else []), f"after:{key}"]
    return [*found, "before:finish", "after:finish"]


@dataclass
class Drilled:
    """One generation in flight: the moments at which its worker is still to be killed, and those at which it was."""

    task: str
    model: int
    moments: list[str]
    options: Mapping[str, Any]
    key: str = ""
    generation_id: int = 0
    killed_at: list[str] = field(default_factory=list)


# No two tasks share a word, so that none is a neighbour of another and no prompt changes when another is done.
TASKS = [
    *(
        "Clean CSV columns",
        "Prune apple orchards",
        "Tune diesel engines",
        "Bake sourdough loaves",
        "Fold paper cranes",
    ),
    *("Survey mountain trails", "Repair leather boots", "Brew herbal infusions", "Catalogue vinyl records"),
    *("Teach chess openings", "Sharpen kitchen knives", "Plan marathon workouts", "Restore oil paintings"),
]


def dealt(tasks: list[str], first: int, moments: list[str], **options: Any) -> list[Drilled]:
    """Deal the moments of a route out to generations in turn, so that neighbours fall to different ones."""
    num = len(tasks)
    return [Drilled(task, first + at, moments[at::num], options) for at, task in enumerate(tasks)]


def flight() -> list[Drilled]:
    """Return the generations of a drill; together they stand at every boundary of every route."""
    automatic = dealt(TASKS[:3], 0, boundaries(AUTOMATIC), is_auto_approved=True)
    asking = dealt(TASKS[3:12], 3, boundaries(ASKING), checkpoints=CHECKPOINTS, num_candidates=2)
    chosen = dealt(TASKS[12:], 12, ["after:strategy", "after:prompt/clarify", "after:confirm"])
    return [*automatic, *asking, *chosen]


@pytest.fixture(scope="module")
def broker() -> str:
    """The queue that this file drills; ``test_crash_drill_rabbitmq.py`` says another, and both run at the same time."""
    return "embedded"


@pytest.fixture(scope="module")
def sites(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bool], DrillSite]]:
    """Give the site of this file, with its queue and a model server; a new one when asked for that."""
    url, made = broker_url(broker), list[DrillSite]()
    with contextlib.ExitStack() as stack:

        def site_of(is_new: bool) -> DrillSite:
            if is_new or not made:
                server = stack.enter_context(model_server(answer=rehearsed))
                made.append(DrillSite(tmp_path_factory.mktemp(f"drill-{broker}"), server, url))
                stack.callback(made[-1].end)
                made[-1].prepare()
            return made[-1]

        yield site_of


@pytest.fixture
def site(sites: Callable[[bool], DrillSite], request: pytest.FixtureRequest) -> DrillSite:
    """The site; a second try of a test has one of its own, in which nothing was asked yet."""
    return sites(getattr(request.node, "execution_count", 1) > 1)


def answer_all(site: DrillSite, moments: Mapping[int, str]) -> None:
    """Answer what is asked, but for a question after which its generation is to stand still."""
    for generation_id, prompt in site.open_prompts():
        if moments.get(generation_id) != f"after:prompt/{prompt}":
            site.answer(generation_id, prompt, ANSWERS.get(prompt, PROCEED))


def next_moments(site: DrillSite, drilled: list[Drilled]) -> dict[int, str]:
    """Return where each generation stands still next; a step that was stored before its turn is passed over."""
    found = {}
    for one in drilled:
        stored = site.stored(one.generation_id)
        while one.moments and one.moments[0].removeprefix("after:") in stored:
            one.moments.pop(0)
        if one.moments:
            found[one.generation_id] = one.moments[0]
    return found


def kill_at(site: DrillSite, moments: Mapping[int, str]) -> None:
    site.start_worker(moments)
    until = time.monotonic() + 180
    while not site.is_dead:
        assert time.monotonic() < until, (moments, site.log())
        assert site.ask("SELECT key, message FROM runs_app_generation WHERE status = 'failed'") == []
        answer_all(site, moments)
        time.sleep(0.1)
    assert site.killed_itself, site.log()


def test_a_worker_killed_at_every_boundary_repeats_nothing_and_makes_one_version_each(
    site: DrillSite, capsys: pytest.CaptureFixture[str]
) -> None:
    drilled = flight()
    versions = "SELECT count(*) FROM skills_app_skillversion"
    [(num_before,)] = site.ask(versions)
    for one in drilled:
        one.key = site.begin(one.task, model=one.model, **one.options)
        one.generation_id = site.row(one.key)["id"]
    table = [f"{'kill':>4} {'generation':24} {'killed':26} {'stored':>6} {'calls':>6} {'repeated':>8}"]
    num_kills = 0
    while moments := next_moments(site, drilled):
        num_kills += 1
        began = time.monotonic()
        kill_at(site, moments)
        for one in drilled:
            repeated = site.repeated(one.generation_id, one.model)
            if one.generation_id in moments:
                one.killed_at.append(one.moments.pop(0))
                num_calls = sum(len(at) for asked in site.calls(one.model).values() for at in asked.values())
                num_stored = len(site.stored(one.generation_id))
                table.append(
                    f"{num_kills:4} {one.task:24} {one.killed_at[-1]:26} {num_stored:6} {num_calls:6} {len(repeated):8}"
                )
            assert repeated == [], (one.task, moments.get(one.generation_id))
        table.append(f"{num_kills:4} took {time.monotonic() - began:.1f} s")
    site.start_worker()
    while any(site.row(one.key)["status"] not in {"completed", "pending_review"} for one in drilled):
        assert not site.is_dead, site.log()
        assert all(site.row(one.key)["status"] != "failed" for one in drilled), [
            site.row(one.key) for one in drilled
        ]
        answer_all(site, {})
        time.sleep(0.1)
    site.stop_worker()

    for route, at in ((AUTOMATIC, slice(0, 3)), (ASKING, slice(3, 12))):
        assert sorted(moment for one in drilled[at] for moment in one.killed_at) == sorted(boundaries(route))
    assert drilled[12].killed_at == ["after:strategy", "after:prompt/clarify", "after:confirm"]
    for one in drilled:
        assert_whole(site, one)
    assert site.ask(versions) == [(int(str(num_before)) + len(drilled),)]
    table.append(
        f"{num_kills} kills at {sum(len(one.killed_at) for one in drilled)} boundaries of {len(drilled)} generations, "
        f"{len(site.server.requests)} calls, {len(drilled)} versions"
    )
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(table) + "\n")


def assert_whole(site: DrillSite, one: Drilled) -> None:
    """Look at the end of a generation: one version, no call repeated or unknown, events gapless, each thing told once."""
    row, stored = site.row(one.key), site.stored(one.generation_id)
    assert row["version_id"], row
    assert site.repeated(one.generation_id, one.model) == []
    calls = site.calls(one.model)
    asked = Counter(field for key in stored if (field := FIELDS.get(_without_round(key))))
    # A call that was under way when the worker died is asked again, by then perhaps with another tree of places.
    assert calls.keys() == asked.keys(), one.task
    for name, prompts in calls.items():
        assert asked[name] <= len(prompts) <= asked[name] + len(one.killed_at), (one.task, name)
    events = site.events(one.generation_id)
    assert [number for number, *_ in events] == list(range(1, row["num_events"] + 1))
    kinds = Counter(kind for _, kind, _ in events)
    assert kinds["step_ended"] == len(stored)
    prompts = site.ask(
        f"SELECT key, state, answered_by_name FROM runs_app_humanprompt WHERE generation_id = {one.generation_id}"
    )
    assert {(state, name) for _, state, name in prompts} <= {("answered", "ada")}
    assert kinds["prompt_raised"] == kinds["prompt_answered"] == len(prompts)
    # A worker that dies while nobody but a person is waited for, or after the end, leaves nothing to take up.
    idle = [at for at in one.killed_at if at.startswith("after:prompt/") or at == "after:finish"]
    assert kinds["worker_lost"] >= len(one.killed_at) - len(idle)


def _without_round(key: str) -> str:
    step, slash, part = key.partition("/")
    return f"{step.partition('.')[0]}{slash}{part}"


def test_every_step_that_can_be_stored_has_its_place_in_the_drill() -> None:
    """A new step must be drilled: it is in one of the routes, or only a review asks for it."""
    from runs_app.domain.generation import Step

    drilled = {
        _without_round(key) for key in [*AUTOMATIC, *ASKING, "strategy"] if not key.startswith("prompt/")
    }
    assert drilled == set(FIELDS) | SILENT
    assert {key.partition("/")[0] for key in drilled} == {step.value for step in Step} - {"clarify"}


def test_a_message_that_was_lost_or_came_twice_makes_no_difference(site: DrillSite) -> None:
    before = len(site.server.asked)
    key = site.begin("Write release notes from commit messages", is_auto_approved=True)
    site.purge()
    site.start_worker()
    row = site.wait_for_end(key)
    assert row["status"] == "completed", row["message"]
    again = site.begin("Review a pull request for performance", is_auto_approved=True)
    for _ in range(4):
        site.wake()
    row = site.wait_for_end(again)
    site.stop_worker()

    assert (row["status"], row["attempt"]) == ("completed", 1)
    assert set(Counter(site.server.asked[before:]).values()) == {2, 4}
