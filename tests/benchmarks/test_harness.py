"""The harness: rows in, table and file out, and an exit code that cannot be overlooked."""

import io
import json
import sys
from types import ModuleType

import pytest

from tests.benchmarks import harness
from tests.benchmarks.harness import BenchmarkError, Report, Row, main, percentile, run_benchmark, table

PACKAGE = "benchmarks_of_a_test"


@pytest.fixture
def bench(monkeypatch):
    """Make a benchmark ``bench_tea`` out of functions."""

    def make(**functions):
        package, module = ModuleType(PACKAGE), ModuleType(f"{PACKAGE}.bench_tea")
        package.__path__ = []
        for name, function in functions.items():
            setattr(module, name, function)
        monkeypatch.setitem(sys.modules, PACKAGE, package)
        monkeypatch.setitem(sys.modules, f"{PACKAGE}.bench_tea", module)

    return make


def fast():
    return [{"name": "pour (ms)", "ours": 2.0, "peer": 9.0, "ratio": 4.5, "aim": "faster", "holds": True}]


def slow(report):
    report.say("pouring")
    report.add("pour (ms)", ours=9.0, peer=2.0, ratio=0.22, aim="faster", holds=False, note="cold water")
    report.add("sip (ms)", ours=1234.5)


def test_rows_and_run_are_both_taken(bench):
    bench(rows=fast)
    assert run_benchmark("tea", package=PACKAGE).rows == [Row("pour (ms)", 2.0, 9.0, 4.5, "faster", True)]
    bench(run=slow)
    stream = io.StringIO()
    report = run_benchmark("tea", package=PACKAGE, stream=stream)
    assert [row.name for row in report.rows] == ["pour (ms)", "sip (ms)"]
    assert not report.holds
    assert stream.getvalue() == "  pouring\n"


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ({}, "neither"),
        ({"rows": list}, "measured nothing"),
        ({"rows": lambda: [{"title": "x"}]}, "no row"),
    ],
)
def test_what_is_no_benchmark_is_refused(bench, functions, words):
    bench(**functions)
    with pytest.raises(BenchmarkError, match=words):
        run_benchmark("tea", package=PACKAGE)


def test_an_unknown_name_is_an_error_that_lists_the_known_ones(tmp_path):
    out = io.StringIO()
    assert main(["coffee"], folder=tmp_path, out=out) == 2
    assert "rules" in out.getvalue()
    assert "runs" in out.getvalue()
    assert list(tmp_path.iterdir()) == []


def test_a_module_that_a_benchmark_misses_is_not_taken_for_an_unknown_name(bench):
    def broken(report):
        import no_such_module_anywhere  # noqa: F401

    bench(run=broken)
    with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
        run_benchmark("tea", package=PACKAGE)


def test_the_exit_code_and_the_file_say_whether_the_aims_hold(bench, tmp_path):
    bench(rows=fast)
    assert main(["tea"], folder=tmp_path / "bench", out=io.StringIO(), package=PACKAGE) == 0
    content = json.loads((tmp_path / "bench" / "tea.json").read_text())
    assert content["holds"] is True
    assert content["rows"] == [
        {**fast()[0], "note": ""},
    ]
    assert content["machine"]["cores"] >= 1
    assert {"python", "sqlite", "django", "mlflow"} <= content["versions"].keys()

    bench(run=slow)
    out = io.StringIO()
    assert main(["tea"], folder=tmp_path / "bench", out=out, package=PACKAGE) == 1
    assert json.loads((tmp_path / "bench" / "tea.json").read_text())["holds"] is False
    assert "Aims that do not hold: tea." in out.getvalue()


def test_the_table_has_one_line_a_row_and_its_notes_below():
    report = Report("tea")
    slow(report)
    report.add("again (ms)", ours=0.5, holds=True, note="cold water")
    lines = table(report.rows).splitlines()
    assert lines[0].split() == ["name", "ours", "peer", "ratio", "aim", "holds"]
    assert lines[2].split() == ["pour", "(ms)", "[1]", "9.00", "2.00", "0.220", "faster", "NO"]
    assert lines[3].split() == ["sip", "(ms)", "1,234"]
    assert lines[4].split() == ["again", "(ms)", "[1]", "0.500", "yes"]
    assert lines[5:] == ["[1] cold water"]


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5), (0.95, 10), (0.9, 9), (0.0, 1), (1.0, 10)])
def test_a_percentile_is_the_nearest_rank(share, expected):
    assert percentile(range(10, 0, -1), share) == expected


def test_every_benchmark_offers_run_or_rows():
    for name in harness.benchmark_names():
        text = (harness.FOLDER / f"bench_{name}.py").read_text()
        assert "\ndef run(report" in text or "\ndef rows(" in text
