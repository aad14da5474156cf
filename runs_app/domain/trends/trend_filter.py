"""What a page of trends is about, as its address says it: read from a query string and written back to the same one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from runs_app.domain.trends.facts import DIMENSIONS
from runs_app.domain.trends.periods import LONGEST_DAYS, Period

SINCE_MONDAY = "week"
PERIODS: dict[str, str] = {
    SINCE_MONDAY: "Since Monday",
    "7": "7 days",
    "28": "4 weeks",
    "91": "13 weeks",
    "365": "A year",
    "730": "Two years",
}
DEFAULT_DAYS = "28"
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class TrendFilter:
    """A period and at most one value of each dimension; ``problems`` says what of the address was not used.

    ``days`` is one of ``PERIODS``, or empty when ``since`` and ``until`` are given.
    """

    period: Period
    days: str = DEFAULT_DAYS
    is_today: bool = True
    chosen: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def value(self, name: str) -> str:
        """Return what is chosen of a dimension, or an empty string."""
        return self.chosen.get(name, "")

    def choosing(self, **values: str) -> "TrendFilter":
        """Return the filter with these values; an empty one takes the choice away."""
        merged = {**self.chosen, **values}
        return replace(self, chosen={name: merged[name] for name in DIMENSIONS if merged.get(name)})

    def between(self, first: date, last: date) -> "TrendFilter":
        """Return the filter for other days."""
        return replace(self, period=Period(first, last), days="", is_today=False)

    @property
    def before(self) -> "TrendFilter":
        """The filter for the period before."""
        return self.between(self.period.before.first, self.period.before.last)

    def pairs(self) -> list[tuple[str, str]]:
        """Return names and values of the query string, in a fixed order, without defaults."""
        found = [(name, self.chosen[name]) for name in DIMENSIONS if self.chosen.get(name)]
        if not self.days:
            found.append(("since", self.period.first.isoformat()))
        elif self.days != DEFAULT_DAYS:
            found.append(("days", self.days))
        if not self.is_today:
            found.append(("until", self.period.last.isoformat()))
        return found

    def query(self) -> str:
        """Return the query string that ``parse_trend_filter`` reads back as this filter; empty for the plain page."""
        return urlencode(self.pairs())

    @property
    def words(self) -> str:
        """What it is narrowed to, for a heading; empty for everything."""
        return ", ".join(f"{name} {self.chosen[name]}" for name in DIMENSIONS if self.chosen.get(name))


def parse_trend_filter(parameters: Mapping[str, str], *, today: date) -> TrendFilter:
    """Read the parameters of an address; what cannot be used is named in ``problems``.

    A named period holds before days of one's own; on a Monday, ``SINCE_MONDAY`` begins a week earlier.
    """
    problems: list[str] = []
    chosen = {
        name: parameters[name].replace("\x00", "").strip()[:_LONGEST]
        for name in DIMENSIONS
        if parameters.get(name, "").strip()
    }
    if "branch" in chosen:
        chosen["branch"] = chosen["branch"].strip("/")
    until = _day(parameters.get("until", ""), problems) or today
    since = _day(parameters.get("since", ""), problems) if not parameters.get("days") else None
    days = parameters.get("days", "") or DEFAULT_DAYS
    if days not in PERIODS:
        problems.append(f"'{days[:20]}' is not a period; {PERIODS[DEFAULT_DAYS]} are shown.")
        days = DEFAULT_DAYS
    if since is not None and not timedelta(0) <= until - since < timedelta(days=LONGEST_DAYS):
        problems.append(f"From {since} to {until} is no period of at most {LONGEST_DAYS:,} days.")
        since = None
    period = Period(since, until) if since else _named(days, until)
    return TrendFilter(period, "" if since else days, until == today, chosen, tuple(problems))


def _named(days: str, until: date) -> Period:
    """Return the days up to ``until`` of one of ``PERIODS``."""
    if days == SINCE_MONDAY:
        return Period(until - timedelta(days=until.weekday() or 7), until)
    return Period.ending(until, int(days))


def _day(text: str, problems: list[str]) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        problems.append(f"'{text[:20]}' is not a day; write it as 2026-11-16.")
        return None
    if not 1990 <= found.year <= 2190:
        problems.append(f"{found} is too far away.")
        return None
    return found
