"""Totals, counts beside choices and every order of the list, against the same worked out from the rows in Python."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from runs_app.domain.enums import SourceKind
from runs_app.domain.run_filters import RunFilter, parse_run_filter
from runs_app.domain.run_query import parse_run_query
from runs_app.models import Experiment, Run, RunMetric, RunParam, RunTag, Source
from runs_app.queries import run_tally, runs_for_list
from runs_app.services.count_runs import rebuild_run_counts, recount_runs

LONG = "x" * 70
QUERIES = [
    "",
    'tags.team = "red"',
    'tags.team = "red" and metrics.loss > 3',
    'metrics.loss <= 4 and status = "failed"',
    'tags.team in ("red", "blue") or metrics.loss > 8',
    'not tags.team = "red"',
    "metrics.loss = nan",
    f'params.long = "{LONG}a"',
    'tags.team != "red" and model = "m1"',
]
CHOICES: list[dict[str, list[str]]] = [
    {},
    {"status": ["failed"]},
    {"status": ["failed", "finished"], "model": ["m1"]},
    {"model": ["none"], "problems": ["no"]},
    {"fold": ["0"], "phase": ["generate"]},
    {"skill": ["never seen"]},
]


@pytest.fixture
def runs(db: Any) -> list[Run]:
    """Sixty runs of two experiments, some below others, with metrics, params and tags here and there."""
    source = Source.objects.create(name="made", kind=SourceKind.MLRUNS_FOLDER, address="/nowhere")
    experiments = [
        Experiment.objects.create(source=source, experiment_id=str(n), name=f"e{n}") for n in (1, 2)
    ]
    start = timezone.now() - timedelta(days=1)
    runs = Run.objects.bulk_create(
        Run(
            source=source,
            experiment=experiments[n % 2],
            run_id=f"r{n}",
            status="failed" if n % 3 == 0 else "finished",
            model=("m1", "m2", "")[n % 3 if n % 2 else 0],
            skill_name=f"s{n % 20}",
            is_top=n % 5 != 0,
            phase="" if n % 5 else "generate",
            has_problems=n % 7 == 0,
            quality_score=None if n % 4 == 0 else (n * 7 % 10) / 10,
            started_at=start + timedelta(minutes=n * 7 % 60),
            synced_at=start,
        )
        for n in range(60)
    )
    RunMetric.objects.bulk_create(
        RunMetric(run=run, key="loss", value=n % 10 if n % 6 else None, special="" if n % 6 else "nan")
        for n, run in enumerate(runs)
        if n % 8
    )
    RunTag.objects.bulk_create(
        RunTag(run=run, key="team", value=("red", "blue", LONG + "b", LONG + "a")[n % 4])
        for n, run in enumerate(runs)
        if n % 9
    )
    RunParam.objects.bulk_create(
        RunParam(run=run, key="long", value=LONG + "ab"[n % 2]) for n, run in enumerate(runs)
    )
    rebuild_run_counts()
    return runs


def matching(chosen: RunFilter, text: str) -> set[int]:
    """The runs of a list, found one by one: no driver, no counts."""
    return set(
        runs_for_list.matching_runs(chosen, parse_run_query(text), now=timezone.now()).values_list(
            "pk", flat=True
        )
    )


@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("choices", CHOICES, ids=str)
def test_the_total_and_each_number_beside_a_choice_are_what_choosing_it_gives(
    runs: list[Run], text: str, choices: dict[str, list[str]]
) -> None:
    chosen = parse_run_filter(choices)
    chosen = chosen.asking(text)

    listed = runs_for_list.runs_for_list(chosen, parse_run_query(text))

    assert listed.total == len(matching(chosen, text))
    for facet in listed.facets:
        for value in facet.values:
            alone = chosen.folded(chosen.is_folded).only(facet.name, [value.value])
            assert value.num_runs == len(matching(alone, text)), (facet.name, value.value)


@pytest.mark.parametrize("few", [0, 10_000], ids=["walked", "sorted"])
@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize(
    "order",
    [
        "-metrics.loss",
        "metrics.loss",
        "-tags.team",
        "tags.team",
        "params.long",
        "-started",
        "started",
        "-quality_score",
    ],
)
def test_pages_in_any_order_hold_each_run_once_the_best_first_and_those_without_a_value_last(
    runs: list[Run], monkeypatch: pytest.MonkeyPatch, few: int, text: str, order: str
) -> None:
    monkeypatch.setattr(runs_for_list, "FEW_RUNS", few)
    monkeypatch.setattr(runs_for_list, "ROWS_PER_PAGE", 7)
    chosen = parse_run_filter({"sort": [order], "fold": ["0"]}).asking(text)
    expected = matching(chosen, text)

    seen: list[int] = []
    for page in range(1, -(-len(expected) // 7) + 1):
        listed = runs_for_list.runs_for_list(chosen.on_page(page), parse_run_query(text))
        seen += [row.run.pk for row in listed.rows]

    assert sorted(seen) == sorted(expected)
    values = [value_of(Run.objects.get(pk=pk), order.removeprefix("-")) for pk in seen]
    known = [value for value in values if value is not None]
    assert values[len(known) :] == [None] * (len(values) - len(known))
    assert known == sorted(known, reverse=order.startswith("-"))


def value_of(run: Run, name: str) -> Any:
    kind, _, key = name.partition(".")
    if not key:
        return run.started_at if name == "started" else run.quality_score
    rows: dict[str, Any] = {"metrics": run.metrics, "tags": run.tags, "params": run.params}
    found = rows[kind].filter(key=key).first()
    return found.value if found else None


def test_counts_are_kept_until_a_run_changes(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    count = run_tally._count
    monkeypatch.setattr(run_tally, "_count", lambda *args: asked.append(1) or count(*args))
    text = 'tags.team = "red"'
    chosen = RunFilter().asking(text)
    node = parse_run_query(text)

    before = runs_for_list.runs_for_list(chosen, node).total
    assert runs_for_list.runs_for_list(chosen.on_page(2), node).total == before
    assert len(asked) == 1

    gone = Run.objects.filter(is_top=True, tags__key="team", tags__value="red").first()
    assert gone is not None
    Run.objects.filter(pk=gone.pk).update(is_top=False)
    recount_runs(run_pks=[gone.pk])
    assert runs_for_list.runs_for_list(chosen, node).total == before - 1
    assert len(asked) == 2


def test_a_query_relative_to_now_is_counted_anew_as_time_goes_by(runs: list[Run]) -> None:
    node = parse_run_query("started > -2h")
    chosen = RunFilter(fold=False).asking("started > -2h")
    now = min(run.started_at for run in runs if run.started_at) + timedelta(minutes=90)

    early = runs_for_list.runs_for_list(chosen, node, now=now).total
    late = runs_for_list.runs_for_list(chosen, node, now=now + timedelta(days=30)).total

    assert early == len(runs)
    assert late == 0


def test_names_of_metrics_are_looked_up_one_after_another(runs: list[Run]) -> None:
    RunMetric.objects.bulk_create(RunMetric(run=runs[0], key=key, value=1) for key in ("acc", "zeta"))
    assert runs_for_list.known_keys() == ["metrics.acc", "metrics.loss", "metrics.zeta"]
    assert runs_for_list.known_keys(limit=2) == ["metrics.acc", "metrics.loss"]
