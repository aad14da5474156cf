"""What stands on the charts as an event of the taxonomy."""

import random
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from runs_app.domain.trends.facts import DIMENSIONS, Dims, cells_of
from runs_app.domain.trends.trend_filter import parse_trend_filter
from runs_app.models import DailyRollup, TrendEvent
from runs_app.queries.trend_events import events_of
from skills_app.domain.change_sets.operations import Move
from skills_app.models import Category, Gate, GateRevision
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill
from skills_app.services.place_skill import place_skill

pytestmark = pytest.mark.django_db


def told(**narrow: str) -> list[tuple[str, str]]:
    today = timezone.localdate()
    found = events_of(parse_trend_filter({"days": "7", **narrow}, today=today))
    assert {event.day for event in found} <= {today}
    return [(event.label, event.url) for event in found if event.kind == "taxonomy"]


def test_a_set_of_changes_is_one_event_and_its_undoing_another() -> None:
    ben = User.objects.create_user("ben")
    for path in ("a/x", "a/y", "b/z"):
        make_skill(path=path)
    assert told() == []
    keys = {path: Category.objects.get(path=path).key for path in ("a", "b")}
    change = draft_change(operations=(Move(keys["b"], (keys["a"],)),), actor=ben)
    preview_change(change=change)
    assert told() == []

    apply_change(change=change, actor=ben, expected_digest=change.digest)
    assert told() == [("1 change of place", "/taxonomy/changes/")]

    undo_change(change=change, actor=ben)
    assert told() == [("2 changes of place", "/taxonomy/changes/")]


def test_a_skill_that_was_moved_alone_is_an_event_and_one_that_got_its_first_place_is_none() -> None:
    made, _ = make_skill(path="a/x")
    make_skill(path="b/z")

    place_skill(skill=made, path="b/x", actor_name="ben")

    assert [label for label, _ in told()] == ["1 change of place"]


def test_a_branch_shows_only_the_changes_of_its_own_places() -> None:
    ben = User.objects.create_user("ben")
    for path in ("a/x", "b/z", "c/inner/w"):
        make_skill(path=path)
    keys = {path: Category.objects.get(path=path).key for path in ("a", "b")}
    change = draft_change(operations=(Move(keys["b"], (keys["a"],)),), actor=ben)
    preview_change(change=change)
    apply_change(change=change, actor=ben, expected_digest=change.digest)
    place_skill(skill=Category.objects.get(path="c/inner").skills.get(), path="c/w", actor_name="ben")

    assert [label for label, _ in told()] == ["2 changes of place"]
    for branch in ("a", "b", "b/a", "c", "c/inner"):
        assert [label for label, _ in told(branch=branch)] == ["1 change of place"], branch
    make_skill(path="d/x")
    assert told(branch="d") == []


def test_a_branch_shows_only_the_gates_that_hold_in_it() -> None:
    for path in ("a/x", "b/inner/z"):
        make_skill(path=path)
    for name, path in (("whole", None), ("of-a", "a"), ("of-b", "b"), ("of-inner", "b/inner")):
        gate = Gate.objects.create(name=name, category=Category.objects.get(path=path) if path else None)
        GateRevision.objects.create(gate=gate, number=1, data={})

    def gates(**narrow: str) -> set[str]:
        chosen = parse_trend_filter({"days": "7", **narrow}, today=timezone.localdate())
        return {event.label.split()[1].strip(",") for event in events_of(chosen) if event.kind == "gate"}

    assert gates() == {"whole", "of-a", "of-b", "of-inner"}
    assert gates(branch="a") == {"whole", "of-a"}
    assert gates(branch="b") == {"whole", "of-b", "of-inner"}
    assert gates(branch="b/inner") == {"whole", "of-b", "of-inner"}


TODAY = date(2026, 11, 18)


def used(days_ago: int, **dims: str) -> None:
    """Let a generation with these values have begun so many days ago."""
    for grain, kept in cells_of(Dims(**dims), subject="run"):
        values = dict(zip(DIMENSIONS, kept.values(), strict=True))
        day = TODAY - timedelta(days=days_ago)
        DailyRollup.objects.get_or_create(
            subject="run", day=day, grain=grain, **values, defaults={"data": {}}
        )


def firsts(**narrow: str) -> list[tuple[int, str]]:
    chosen = parse_trend_filter({"days": "28", **narrow}, today=TODAY)
    return [
        ((TODAY - event.day).days, event.label.removesuffix(" first used")) for event in events_of(chosen)
    ]


def test_models_and_programs_are_events_of_what_is_chosen() -> None:
    used(27, branch="web/front", model="old", author="ben")
    used(20, branch="web/front", model="new", program="p 2", author="ben")
    used(9, branch="data", model="old", author="ada")
    used(5, branch="data", model="new", author="ada")
    used(3, branch="data", model="new", program="p 2", author="ben")

    assert firsts() == [(20, "model new"), (20, "program p 2")]
    assert firsts(branch="data") == [(5, "model new"), (3, "program p 2")]
    assert firsts(branch="web") == [(20, "model new"), (20, "program p 2")]
    assert firsts(model="old") == []
    assert firsts(model="new") == [(20, "model new")]
    # On the day when ben first used anything there, nothing is told of it.
    assert firsts(branch="data", author="ben") == []
    assert firsts(branch="data", author="ada", model="old") == []


def test_a_value_is_first_used_on_the_day_that_has_all_choices_together() -> None:
    Category.objects.create(path="data", slug="data")
    Category.objects.create(path="data/inner", slug="inner")
    used(60, branch="data", type="tool", model="old", author="ben")
    # Each two of the values came together long before all three did.
    used(50, branch="web", type="tool", model="new", program="p", author="ben")
    used(49, branch="data/inner", type="text", model="new", program="p", author="ben")
    used(48, branch="data/inner", type="tool", model="new", program="p", author="ada")
    used(6, branch="data/inner", type="tool", model="new", program="p", author="ben")
    used(4, branch="data", type="tool", model="new", program="q", author="ben")

    assert firsts(branch="data", author="ben") == [(4, "program q")]
    assert firsts(branch="data", author="ben", type="tool") == [
        (6, "model new"),
        (6, "program p"),
        (4, "program q"),
    ]
    assert firsts(branch="data", author="ben", type="tool", model="new") == [
        (6, "model new"),
        (4, "program q"),
    ]
    assert firsts(branch="data", author="ben", type="tool", program="q") == [(4, "program q")]
    assert firsts(branch="data", author="ada", type="tool") == []


@pytest.mark.parametrize("seed", range(4))
def test_the_marks_of_any_choices_are_those_of_the_rows_themselves(seed: int) -> None:
    for path in ("web", "web/front", "data"):
        Category.objects.create(path=path, slug=path.rpartition("/")[2])
    rng = random.Random(seed)
    values = {
        "branch": ["web", "web/front", "data"],
        "type": ["tool", "text"],
        "model": ["", "a", "b", "c"],
        "program": ["", "p", "q"],
        "author": ["ada", "ben"],
    }
    rows = [
        (rng.randint(0, 60), {name: rng.choice(some) for name, some in values.items()}) for _ in range(25)
    ]
    for ago, dims in rows:
        used(ago, **dims)
    for _ in range(40):
        names = rng.sample(sorted(values), rng.randint(2, 4))
        narrow = {name: rng.choice([one for one in values[name] if one]) for name in names}

        assert firsts(**narrow) == plainly(rows, narrow), narrow


def plainly(rows: list[tuple[int, dict[str, str]]], narrow: dict[str, str]) -> list[tuple[int, str]]:
    """Return the marks of the last 28 days by looking at every row."""

    def fits(dims: dict[str, str], but: str) -> bool:
        return all(
            dims[name] == value or (name == "branch" and dims[name].startswith(f"{value}/"))
            for name, value in narrow.items()
            if name != but
        )

    found = []
    for name in ("model", "program"):
        days: dict[str, int] = {}
        for ago, dims in rows:
            if fits(dims, name):
                days[dims[name]] = max(ago, days.get(dims[name], 0))
        wanted = [narrow[name]] if name in narrow else [value for value in days if value]
        found += [
            (days[value], name, value)
            for value in wanted
            if value in days and days[value] < 28 and days[value] != max(days.values())
        ]
    return [(ago, f"{name} {value}") for ago, name, value in sorted(found, key=lambda e: (-e[0], e[1], e[2]))]


def test_scorers_that_judged_nothing_of_what_is_chosen_are_no_events() -> None:
    for name, days in (("fleet 1", 90), ("fleet 2", 4), ("model judge", 2)):
        TrendEvent.objects.create(kind="scorer", name=name, day=TODAY - timedelta(days=days))
    chosen = parse_trend_filter({"days": "28", "branch": "data"}, today=TODAY)

    assert [event.label for event in events_of(chosen)] == [
        "scorer fleet 2 first used",
        "scorer model judge first used",
    ]
    assert [event.label for event in events_of(chosen, scorers={"fleet 2"})] == ["scorer fleet 2 first used"]
