"""Compare what the trends pages show with plain SQL and numpy over the raw rows, for a period and the one before."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from skills_app.domain.judging import JUDGE_VERSION
from tests.runs_app import plain_figures as plain
from tests.runs_app import plain_gates

# How far a quantile of a histogram may be off.
GROWING, EVEN = {"rel": 0.0101}, {"abs": 0.000501}


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one period, asked as somebody."""

    client: Client
    since: date
    until: date

    @property
    def before(self) -> tuple[date, date]:
        """First and last day of the period before."""
        return plain.before(self.since, self.until)

    @property
    def periods(self) -> tuple[tuple[date, date], tuple[date, date]]:
        """First and last day of the period, and of the one before."""
        return (self.since, self.until), self.before

    @property
    def asked(self) -> dict[str, str]:
        """The period as addresses have it."""
        return {"since": self.since.isoformat(), "until": self.until.isoformat()}

    def context(self, name: str) -> Any:
        """Return what a page was drawn from."""
        return self.client.get(reverse(name), self.asked).context

    def table(self, name: str, *args: str) -> list[dict[str, str]]:
        """Return the lines of a table."""
        answer = self.client.get(reverse(name, args=args), self.asked)
        return list(csv.DictReader(io.StringIO(answer.content.decode())))


def check_points(pages: Pages) -> dict[str, int]:
    """Check every point of every chart with its band and its number; return how many stand behind each chart."""
    found = {}
    for chart in _charts(pages):
        lines = pages.table("trends:chart_csv", chart.key)
        found[chart.key] = sum(int(line["n"]) for line in lines)
        stages = {line.name: dict(line.behind).get("came", "") for line in chart.series}
        for line in lines:
            if chart.key == "spent":
                _check_spent(stages[line["series"]], line)
            elif chart.key == "asked":
                _check_asked(line)
            else:
                _check_point(chart, line)
    return found


def _charts(pages: Pages) -> list[Any]:
    return [*pages.context("trends:list")["charts"], *pages.context("trends:people")["wait_charts"]]


def _check_spent(stage: str, line: dict[str, str]) -> None:
    days = date.fromisoformat(line["first_day"]), date.fromisoformat(line["last_day"])
    num = plain.stage_counts(*days)[stage]
    assert int(line["n"]) == num
    wanted = pytest.approx(plain.spent(*days)[1] / num, abs=1e-4) if num else None
    assert (float(line["value"]) if line["value"] else None) == wanted
    assert not line["low"] + line["high"]


def _check_spent_change(pages: Pages, series: Any) -> None:
    stage = dict(series.behind)["came"]
    nums = [plain.stage_counts(*period)[stage] for period in pages.periods]
    costs = [
        plain.spent(*period)[1] / num if num else None
        for num, period in zip(nums, pages.periods, strict=True)
    ]
    change = series.change
    assert [change.num_now, change.num_before] == nums
    wanted = [None if cost is None else pytest.approx(cost, abs=1e-4) for cost in costs]
    assert [change.now, change.before] == wanted
    assert (change.interval, change.called.value) == (None, "no interval")


def _check_asked(line: dict[str, str]) -> None:
    days = date.fromisoformat(line["first_day"]), date.fromisoformat(line["last_day"])
    num = sum(kind == line["series"].replace(" ", "_") for kind, *_ in plain.questions(*days))
    assert (int(line["n"]), float(line["value"])) == (num, num)


def _check_point(chart: Any, line: dict[str, str]) -> None:
    first, last = date.fromisoformat(line["first_day"]), date.fromisoformat(line["last_day"])
    if chart.measure == "share":
        yes, num = plain.share_of(chart.key, first, last, line["series"])
        wanted = (yes / num, *plain.wilson(yes, num)) if num else None
        near = {"abs": 1e-9}
    else:
        values = plain.values_of(chart.key, line["series"], first, last)
        num, wanted = len(values), plain.quantiles(values) if values else None
        near = EVEN if chart.measure == "score" else {"abs": 1e-5} if chart.measure == "days" else GROWING
    assert int(line["n"]) == num, (chart.key, line)
    found = [float(line[name]) for name in ("value", "low", "high") if line[name]]
    assert found == (pytest.approx(wanted, **near) if wanted else []), (chart.key, line)


def check_changes(pages: Pages) -> None:
    """Check the change of each line: the values of both periods, the interval of the difference, and the word for it."""
    better = {"rules": False, "changed": None}
    for chart in _charts(pages):
        for series in chart.series:
            if chart.measure == "share":
                shares = [plain.share_of(chart.key, *period, series.name) for period in pages.periods]
                check_share(series.change, *shares, is_more_better=better.get(chart.key, True))
            elif chart.key == "spent":
                _check_spent_change(pages, series)
            elif chart.key == "asked":
                assert series.change is None
            elif chart.measure != "days":
                name = series.name.replace("median", "")
                values = [plain.values_of(chart.key, name, *period) for period in pages.periods]
                _check_medians(series.change, values[0], values[1], is_score=chart.measure == "score")


def _check_medians(change: Any, now: Sequence[float], before: Sequence[float], *, is_score: bool) -> None:
    """Check the change of the median of values from a histogram; of scores more is better, of all else less."""
    near = EVEN if is_score else GROWING
    told = [(change.num_now, change.now), (change.num_before, change.before)]
    for (num, value), values in zip(told, (now, before), strict=True):
        close = pytest.approx(plain.quantiles(values)[0], **near) if values else None
        assert (num, value) == (len(values), close)
    if now and before:
        slack = 0.0011 if is_score else 0.021 * max(*now, *before, 1e-6)
        _check_difference(change.interval, now, before, slack=slack)
    else:
        assert change.interval is None
    assert change.called.value == _word(change.interval, min(len(now), len(before)), is_score, 5)


def check_headline(pages: Pages) -> dict[bool, int]:
    """Check the sentence of the overview and the lists of what got worse and better; return how many did either."""
    answer = pages.client.get(reverse("trends:overview"), pages.asked)
    seen, wanted = answer.context["overview"], plain_gates.headline()
    told = {name: getattr(seen, f"num_{name}") for name in wanted}
    assert told == wanted
    text = " ".join(strip_tags(answer.content.decode()).split())
    assert re.search(f"{wanted['passed']} of {wanted['active']} active skills? pass", text)
    moves = plain_gates.moves(pages.since)
    for is_worse, listed, num in ((True, seen.worse, seen.num_worse), (False, seen.better, seen.num_better)):
        shown = [(one.skill.path, one.before.version.number, one.now.version.number) for one in listed]
        assert (shown, num) == (moves[is_worse][: len(shown)], len(moves[is_worse]))
        assert len(shown) == min(num, 50 if is_worse else 20)
    if moves[True]:
        assert f"{len(moves[True])} got worse" in text
    return {is_worse: len(listed) for is_worse, listed in moves.items()}


def check_key_figures(pages: Pages) -> dict[str, int]:
    """Check generations, money and the funnel; return how many came to each stage."""
    overview, trends = pages.context("trends:overview"), pages.context("trends:list")
    num, cost = plain.spent(pages.since, pages.until)
    stages = plain.stage_counts(pages.since, pages.until)
    near = pytest.approx
    assert (overview["totals"].num, overview["totals"].effort.cost_usd) == (num, near(cost, abs=1e-6 * num))
    told = plain.spent(*pages.before)
    before = overview["totals_before"]
    assert (before.num, before.effort.cost_usd) == (told[0], near(told[1], abs=1e-4))
    assert {stage.name: stage.num for stage in trends["funnel"]} == stages
    come = None
    for stage in trends["funnel"]:
        assert stage.share == (near(stage.num / come) if come else None)
        come = stage.num
    stages_before = plain.stage_counts(*pages.before)
    for name in ("generated", "passed", "approved"):
        for side, spent, come_to in (("", cost, stages), ("_before", told[1], stages_before)):
            wanted = near(spent / come_to[name], abs=1e-4) if come_to[name] else None
            assert overview[f"cost_{name}{side}"] == trends[f"cost_{name}{side}"] == wanted
    return stages


def check_funnel(pages: Pages) -> dict[str, int]:
    """Check each stage against the period before, and its days; return how many stand behind the days of each stage."""
    counts = [plain.stage_counts(*period) for period in pages.periods]
    days = [plain.stage_days(*period) for period in pages.periods]
    lines = {line["stage"]: line for line in pages.table("trends:funnel_csv")}
    shown = {stage.name: stage for stage in pages.context("trends:list")["funnel"]}
    come = None
    for stage in pages.context("trends:funnel")["funnel"]:
        line = lines[stage.name]
        assert (stage.num, stage.num_before) == tuple(one[stage.name] for one in counts)
        assert (int(line["generations"]), int(line["generations_before"])) == (stage.num, stage.num_before)
        for side, period, come_to in zip(("", "_before"), pages.periods, counts, strict=True):
            spent, told = plain.spent(*period)[1], line[f"cost_usd_for_each{side}"]
            wanted = pytest.approx(spent / come_to[stage.name], abs=1e-4) if come_to[stage.name] else None
            assert (float(told) if told else None) == wanted
        if come is not None:
            sides = [(one[stage.name], one[come]) for one in counts]
            check_share(stage.change, *sides, is_more_better=True)
            check_line(line, stage.change, "share_")
            assert shown[stage.name].change == stage.change
            check_times(stage.days.change, *(one[stage.name] for one in days))
            check_line(line, stage.days.change, "days_")
            assert (stage.days.days, stage.days.num) == (stage.days.change.now, len(days[0][stage.name]))
        come = stage.name
    return {name: len(found) for name, found in days[0].items()}


def check_agreement(pages: Pages) -> int:
    """Check how far each whole score agrees with the reviewers, now and before; return how many versions are behind it all."""
    now, before = (plain.agreements(*period) for period in pages.periods)
    lines = {
        (line["scorer"], line["version"]): line
        for line in pages.table("trends:agreement_csv", "scores")
        if not line["dimension"]
    }
    # The calibrated score is the reference score under another name.
    rows = [row for row in pages.context("trends:list")["agreements"] if row.key.scorer != "calibrated_score"]
    assert {row.key[:2] for row in rows} == now.keys()
    for row in rows:
        name = row.key[:2]
        assert (row.agreement.num_agree, row.agreement.num) == now[name]
        check_share(row.change, now[name], before.get(name, (0, 0)), is_more_better=True, few=10)
        check_line(lines[name], row.change)
    return sum(num for _, num in now.values())


def check_rulers(pages: Pages) -> int:
    """Check what each new version of a scorer changed by itself, and the skills by it; return how many rulers there are."""
    gaps = plain.ruler_gaps(pages.before[0], pages.until)
    rulers = pages.context("trends:list")["rulers"]
    assert {(one.scorer, one.old, one.new) for one in rulers} == gaps.keys()
    for one in rulers:
        values = gaps[one.scorer, one.old, one.new]
        assert one.num == len(values)
        assert one.by == pytest.approx(plain.quantiles(values)[0], **EVEN)
        _check_drawn(one.interval, plain.drawn_medians(values), slack=0.0011)
        sides = [plain.values_of("quality-", f"{one.scorer} {one.new}", *period) for period in pages.periods]
        assert (one.skills.num_now, one.skills.num_before) == tuple(map(len, sides))
        if all(sides):
            wanted = plain.quantiles(sides[0])[0] - plain.quantiles(sides[1])[0]
            assert one.skills.by == pytest.approx(wanted, abs=0.0011)
            _check_difference(one.skills.interval, *sides, slack=0.0011)
    return len(rulers)


def check_waits(pages: Pages) -> dict[str, int]:
    """Check how long reviews and questions wait, now and before; return how many stand behind each figure."""
    waits = pages.context("trends:people")["waits"]
    lines = {(line["of"], line["figure"]): line for line in pages.table("trends:waits_csv")}

    changes = {chart.key: chart.series[0].change for chart in _charts(pages) if chart.measure == "days"}
    assert changes["decided"] == waits.decided
    check_times(waits.decided, *(plain.days_to_verdict(*period) for period in pages.periods))
    check_line(lines["reviews", "median_days_to_first_verdict"], waits.decided)
    at = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    now, before = plain.days_open_at(at), plain.days_open_at(f"{pages.since.isoformat()} 00:00:00")
    # Those that wait now do so a little longer with each page.
    for change in (waits.queue, changes["queue"]):
        check_times(change, now, before, near=1e-3)
    assert waits.oldest_days == pytest.approx(max(now, default=None), abs=1e-3)
    assert waits.oldest_days_before == pytest.approx(max(before, default=None), abs=1e-5)
    check_line(lines["reviews", "median_days_open"], waits.queue, near=1e-3)

    asked = [plain.questions(*period) for period in pages.periods]
    by_kind = {one.kind.replace(" ", "_"): one for one in waits.questions}
    assert by_kind.keys() == {kind for listed in asked for kind, *_ in listed}
    for kind, one in by_kind.items():
        of_kind = [[told for of, *told in listed if of == kind] for listed in asked]
        answered = [[told for told in listed if told[0] is not None] for listed in of_kind]
        known = [[t for t in listed if kind != "clarify" or t[1] != "proceed" or t[2]] for listed in answered]
        changed = [
            sum(
                action != "proceed" or (kind == "clarify" and assumed != said)
                for _, action, assumed, said in told
            )
            for told in known
        ]
        assert [one.num_asked, one.num_asked_before] == [len(listed) for listed in of_kind]
        assert [one.num_answered, one.num_answered_before] == [len(listed) for listed in answered]
        check_times(one.wait, *([s for s, *_ in listed] for listed in answered), near=0.01)
        check_line(lines[one.kind, "median_seconds_to_answer"], one.wait)
        assert [one.num_changed, one.num_changed_before] == changed
        check_share(one.changed, *zip(changed, map(len, known), strict=True), is_more_better=None)
        check_line(lines[one.kind, "share_of_answers_that_changed_the_way"], one.changed)
    return {"decided": waits.decided.num_now, "open": len(now), "before": len(before), "kinds": len(by_kind)}


def check_share(
    change: Any, now: tuple[int, int], before: tuple[int, int], *, is_more_better: bool | None, few: int = 5
) -> None:
    """Check the change of a share, each side given as yes and all."""
    shares = [yes / num if num else None for yes, num in (now, before)]
    assert (change.num_now, change.num_before) == (now[1], before[1])
    assert [change.now, change.before] == [None if one is None else pytest.approx(one) for one in shares]
    wanted = plain.newcombe(now, before) if now[1] and before[1] else None
    assert change.interval == (pytest.approx(wanted, abs=1e-9) if wanted else None)
    assert change.called.value == _word(wanted, min(now[1], before[1]), is_more_better, few)


def check_times(change: Any, now: Any, before: Any, *, near: float = 1e-5) -> None:
    """Check the change of the median of times, of which fewer is better."""
    now, before = list(now), list(before)
    medians = [float(np.median(values)) if values else None for values in (now, before)]
    assert (change.num_now, change.num_before) == (len(now), len(before))
    told = [None if one is None else pytest.approx(one, abs=near) for one in medians]
    assert [change.now, change.before] == told
    if now and before:
        _check_difference(change.interval, now, before, slack=0.021 * max(*now, *before, 1e-6) + near)
    else:
        assert change.interval is None
    assert change.called.value == _word(change.interval, min(len(now), len(before)), False, 5)


def check_line(line: dict[str, str], change: Any, prefix: str = "", *, near: float = 1e-9) -> None:
    """Check that a line of a table says of the period before what the page does."""
    low, high = change.interval or ("", "")
    wanted = {
        "before": change.before,
        "n_before": change.num_before,
        "difference_low": low,
        "difference_high": high,
    }
    for name, value in wanted.items():
        told = line[f"{prefix}{name}"]
        assert (float(told) if told else None) == pytest.approx(None if value == "" else value, abs=near), (
            name
        )
    assert line[f"{prefix}change"] == change.called.value


def _word(interval: tuple[float, float] | None, least: int, is_more_better: bool | None, few: int) -> str:
    if interval is None:
        return "nothing to compare"
    if least < few:
        return "too few"
    if interval[0] <= 0 <= interval[1]:
        return "no evidence of change"
    words = ("more often", "less often") if is_more_better is None else ("better", "worse")
    return words[(interval[0] > 0) is (is_more_better is False)]


def _check_difference(interval: Any, now: Any, before: Any, *, slack: float) -> None:
    drawn = plain.drawn_medians(now) - plain.drawn_medians(before, seed=2)
    _check_drawn(interval, drawn, slack=slack)


def _check_drawn(interval: Any, drawn: Any, *, slack: float) -> None:
    """Check that an interval leaves out about a fortieth of what was drawn on either side; ``slack`` is the width of bins."""
    low, high = interval
    assert np.mean(drawn < low - slack) < 0.031 > np.mean(drawn > high + slack)
    assert np.mean(drawn <= low + slack) > 0.019 < np.mean(drawn >= high - slack)


def check_rules(pages: Pages) -> None:
    """Check the findings by rule, on the page and in its table, with their intervals and words."""
    # Several profiles may report one thing: of each version the report with most findings of a rule counts.
    counted = (
        "SELECT rule, count(*), sum(most) FROM (SELECT rule, version, max(num) AS most FROM (SELECT f.rule_id AS rule, v.id "
        "AS version, count(*) AS num FROM skills_app_finding f JOIN skills_app_validationreport p ON p.id = f.report_id JOIN "
        "skills_app_skillversion v ON v.id = p.version_id WHERE NOT f.is_passed AND json_extract(p.details, '$.judge') = "
        f"'{JUDGE_VERSION}' AND date(v.made_at) BETWEEN %s AND %s GROUP BY f.rule_id, v.id, p.id) GROUP BY 1, 2) GROUP BY 1"
    )
    made = "SELECT count(*) FROM skills_app_skillversion WHERE date(made_at) BETWEEN %s AND %s"
    ((num,),), ((num_before,),) = plain.rows(made, pages.since, pages.until), plain.rows(made, *pages.before)
    now = {
        rule: (versions, findings)
        for rule, versions, findings in plain.rows(counted, pages.since, pages.until)
    }
    then = {rule: counts for rule, *counts in plain.rows(counted, *pages.before)}

    lines = pages.table("trends:rules_csv")
    changes = {name: change for name, change, _, _ in pages.context("trends:list")["rules"]}
    assert 0 < len(changes) <= len(lines)

    assert {line["rule"] for line in lines} == now.keys() | then.keys()
    for line in lines:
        versions, findings = now.get(line["rule"], (0, 0))
        assert (int(line["n"]), int(line["n_before"]), int(line["findings"])) == (num, num_before, findings)
        assert float(line["share_of_versions"]) == pytest.approx(versions / num)
        versions_before, findings_before = then.get(line["rule"], (0, 0))
        assert int(line["findings_before"]) == findings_before
        broken_before = versions_before / num_before if num_before else None
        assert (float(line["share_before"]) if line["share_before"] else None) == pytest.approx(broken_before)
        sides = (versions, num), (versions_before, num_before)
        wanted = plain.newcombe(*sides) if num and num_before else None
        low, high = (float(line[f"difference_{end}"]) if wanted else None for end in ("low", "high"))
        assert (low, high) == (pytest.approx(wanted, abs=1e-9) if wanted else (None, None))
        assert line["change"] == _word(wanted, min(num, num_before), False, 5)
        if line["rule"] in changes:
            check_share(changes[line["rule"]], *sides, is_more_better=False)
