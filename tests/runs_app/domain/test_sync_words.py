"""Digests, storable values, roll-up, waiting, addresses and trace totals."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs_app.domain.addresses import canonical_address, kind_of_address, shown_address
from runs_app.domain.digests import run_digest
from runs_app.domain.enums import RunStatus, SourceKind, SyncState
from runs_app.domain.errors import AddressInvalid
from runs_app.domain.records import MetricRecord, RunRecord
from runs_app.domain.roll_up import RolledUp, roll_up
from runs_app.domain.storable import moment, storable_number, storable_text
from runs_app.domain.sync_state import may_become, state_after_failure, wait_seconds
from runs_app.domain.traces import add_totals, totals_of_trace

RUN = RunRecord(
    run_id="r",
    experiment_id="1",
    name="n",
    status=RunStatus.FINISHED,
    params={"a": "1", "b": "2"},
    tags={"t": "x"},
    metrics=(MetricRecord("m", 0.5, 1, 2), MetricRecord("k", math.nan, 1, 2)),
)


def test_the_digest_does_not_depend_on_order() -> None:
    other = replace(RUN, params={"b": "2", "a": "1"}, metrics=tuple(reversed(RUN.metrics)))

    assert run_digest(other) == run_digest(RUN)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "m"},
        {"status": RunStatus.FAILED},
        {"lifecycle_stage": "deleted"},
        {"ended_at_ms": 1},
        {"params": {"a": "1", "b": "3"}},
        {"tags": {"t": "x", "late": "edit"}},
        {"metrics": (MetricRecord("m", 0.5, 2, 2), MetricRecord("k", math.nan, 1, 2))},
        {"artifact_uri": "elsewhere"},
    ],
)
def test_the_digest_changes_with_every_part(change: dict[str, object]) -> None:
    assert run_digest(replace(RUN, **change)) != run_digest(RUN)  # type: ignore[arg-type]


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_storable_text_can_be_encoded_and_has_no_nul(text: str) -> None:
    stored = storable_text(text)

    assert "\x00" not in stored
    assert stored.encode("utf-8").decode("utf-8") == stored
    assert len(stored) == len(text)


def test_numbers_that_are_none_become_words() -> None:
    assert storable_number(1.5) == (1.5, "")
    assert storable_number(math.nan) == (None, "nan")
    assert storable_number(-math.inf) == (None, "-inf")


@pytest.mark.parametrize("milliseconds", [-1, 10**18, None])
def test_a_time_outside_the_calendar_is_none(milliseconds: int | None) -> None:
    assert moment(milliseconds) is None


def test_a_parent_shows_its_worst_child() -> None:
    own = RolledUp(status="finished", cost_usd=None, tokens=None)
    children = [RolledUp("finished", 0.5, 10), RolledUp("failed", 0.25, None), RolledUp("running", None, 5)]

    assert roll_up(own, children) == RolledUp(status="failed", cost_usd=0.75, tokens=15)


def test_a_parent_that_states_its_own_total_is_believed() -> None:
    own = RolledUp(status="running", cost_usd=2.0, tokens=7)

    assert roll_up(own, [RolledUp("finished", 1.0, 3)]) == own


def test_the_wait_doubles_and_ends_at_a_quarter_of_an_hour() -> None:
    assert [wait_seconds(num_failures=n, every_seconds=10) for n in (0, 1, 2, 3, 50)] == [10, 20, 40, 80, 900]
    assert wait_seconds(num_failures=3, every_seconds=3600) == 3600


def test_every_state_may_start_a_sync_and_only_a_sync_ends_in_another() -> None:
    assert all(may_become(state, SyncState.SYNCING) for state in SyncState)
    assert not may_become(SyncState.FAILED, SyncState.CURRENT)
    assert state_after_failure(has_runs=True) is SyncState.STALE
    assert state_after_failure(has_runs=False) is SyncState.FAILED


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("http://127.0.0.1:5000", SourceKind.MLFLOW_HTTP),
        ("HTTPS://mlflow.example/base/", SourceKind.MLFLOW_HTTP),
        ("sqlite:////data/mlflow.db", SourceKind.MLFLOW_SQL),
        ("postgresql+psycopg://ada@db/mlflow", SourceKind.MLFLOW_SQL),
        ("postgres://ada@db/mlflow", SourceKind.MLFLOW_SQL),
        ("file:///data/mlruns", SourceKind.MLRUNS_FOLDER),
        ("./mlruns", SourceKind.MLRUNS_FOLDER),
    ],
)
def test_the_kind_is_told_by_the_address(address: str, kind: SourceKind) -> None:
    assert kind_of_address(address) is kind


@pytest.mark.parametrize(
    "address", ["", "  ", "ftp://host/x", "http://", "mysql://host/x", "http://h:port/", "a\nb"]
)
def test_an_address_that_cannot_be_read_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(AddressInvalid, match=r"\."):
        kind_of_address(address)


def test_one_server_has_one_spelling() -> None:
    kind = SourceKind.MLFLOW_HTTP

    assert canonical_address("HTTP://host:5000/", kind=kind) == canonical_address(
        "http://host:5000", kind=kind
    )
    assert canonical_address("postgres://db/m", kind=SourceKind.MLFLOW_SQL) == "postgresql+psycopg://db/m"


def test_no_password_is_shown() -> None:
    assert shown_address("postgresql://ada:s3cret@db:5432/m") == "postgresql://ada:•••@db:5432/m"
    assert shown_address("postgresql://ada:a@b:c@db/m") == "postgresql://ada:•••@db/m"
    assert (
        shown_address("postgresql://db/m?user=ada&password=s3cret")
        == "postgresql://db/m?user=ada&password=•••"
    )
    assert shown_address("/data/mlruns") == "/data/mlruns"


def test_totals_of_traces_add_up_and_unknown_stays_unknown() -> None:
    one = totals_of_trace(
        {
            "mlflow.trace.tokenUsage": '{"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}',
            "mlflow.trace.cost": '{"total_cost": 0.5}',
        }
    )
    broken = totals_of_trace({"mlflow.trace.tokenUsage": "{", "mlflow.trace.cost": '{"total_cost": "much"}'})
    total = add_totals(add_totals(None, one), broken)

    assert (total.num_traces, total.prompt_tokens, total.total_tokens, total.cost_usd) == (2, 10, 15, 0.5)
    assert (broken.prompt_tokens, broken.cost_usd) == (None, None)
