"""What happened in a week, as lines of text for a mail."""

from dataclasses import dataclass, replace
from datetime import date

from runs_app.domain.cell_text import cost_text
from runs_app.domain.trends.change import Called
from runs_app.domain.trends.chart import Event
from runs_app.domain.trends.charts import charts_of
from runs_app.domain.trends.funnel import cost_for_each
from runs_app.queries.judge_samples import sample_costs
from runs_app.queries.overview import Overview, overview_of
from runs_app.queries.trend_events import events_of
from runs_app.queries.trends import read_trend_filter, trend_of

MOST_WORSE, MOST_EVENTS = 20, 12


@dataclass(frozen=True, slots=True)
class Digest:
    """A subject and the text of a mail."""

    subject: str
    text: str


def weekly_digest(*, today: date, branch: str = "", site_url: str = "") -> Digest:
    """Return the digest of the seven days up to ``today``, of the whole library or of a branch."""
    chosen = read_trend_filter({"days": "7", "branch": branch}, today=today)
    trend = trend_of(chosen)
    seen = overview_of(chosen)
    charts = charts_of(trend)
    events = events_of(chosen)
    headline = headline_of(seen)
    lines = [headline, ""]
    lines += _worse(seen, site_url)
    changed = [
        chart
        for chart in charts.values()
        if any(s.change and s.change.called in (Called.BETTER, Called.WORSE) for s in chart.series)
    ]
    lines += (
        ["Changed beyond their interval:", *(f"- {chart.sentence}" for chart in changed), ""]
        if changed
        else []
    )
    passed = cost_for_each(trend.runs, "passed")
    lines.append(
        f"{trend.runs.num:,} generation{'' if trend.runs.num == 1 else 's'}, {cost_text(trend.runs.effort.cost_usd)} spent, "
        f"{cost_text(passed)} for each that passes its gate."
    )
    judging = sample_costs(chosen)
    if judging.now:
        lines.append(f"Beside that, {cost_text(judging.now)} spent on samples for a new judging model.")
    lines += ["", "What else happened:", *_happened(events)] if events else []
    # The link names its days: whoever reads the mail later sees their figures, and the page says what is of that later day.
    lines += ["", f"{site_url}/overview/?{replace(chosen, is_today=False).query()}"]
    where = f" in {place}" if (place := chosen.value("branch")) else ""
    return Digest(f"Skill Fleet{where}: {headline}", "\n".join(lines) + "\n")


def _happened(events: tuple[Event, ...]) -> list[str]:
    left_out = [f"- {len(events) - MOST_EVENTS:,} earlier ones"] if len(events) > MOST_EVENTS else []
    return [*left_out, *(f"- {e.day:%d %b}: {e.label}" for e in events[-MOST_EVENTS:])]


def headline_of(seen: Overview) -> str:
    """Return the overview's sentence in plain words."""
    worse = f"{seen.num_worse:,} got worse" if seen.num_worse else "none got worse"
    place = f", {'all ' if seen.num_worse > 1 else ''}in {seen.place}" if seen.place else ""
    skills = "skill passes its" if seen.num_active == 1 else "skills pass their"
    return f"{seen.num_passed:,} of {seen.num_active:,} active {skills} gate; {worse} since {seen.since:%A}{place}."


def _worse(seen: Overview, site_url: str) -> list[str]:
    if not seen.worse:
        return []
    shown = seen.worse[:MOST_WORSE]
    lines = [f"- {one.skill.path}: {one.reason} {site_url}{one.skill.get_absolute_url()}" for one in shown]
    more = seen.num_worse - len(shown)
    return ["Got worse:", *lines, *([f"- and {more:,} more"] if more else []), ""]
