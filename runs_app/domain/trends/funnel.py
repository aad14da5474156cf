"""From a request to an active skill: how many came to each stage, and why the others did not."""

from dataclasses import dataclass

from runs_app.domain.enums import RunStatus
from runs_app.domain.trends.change import FEW, Change, change_of_shares
from runs_app.domain.trends.stage_days import NO_COURSES, NO_DAYS, Courses, StageDays
from runs_app.domain.trends.totals import STAGES, RunTotals

STAGE_LABELS = {
    "requested": "Requested",
    "generated": "Left a document",
    "passed": "Passes its gate",
    "approved": "Approved by a reviewer",
    "active": "Skill is active",
}

_LATER = {
    "passed": "its gate is shut, or it was not judged",
    "approved": "nobody has approved it",
    "active": "draft, or no longer in use",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: how many came, which share of the stage before that is (None for the first), and why others did not.

    ``change`` holds that share against the one of the period before, ``days`` how long it took them since the stage before, of
    those with both moments.
    """

    name: str
    label: str
    num: int
    num_before: int
    share: float | None
    change: Change | None
    lost: tuple[tuple[str, int], ...]
    days: StageDays = NO_DAYS

    @property
    def is_few(self) -> bool:
        """Whether its share rests on too few: those of the stage before, or of the first stage those that came."""
        return (self.change.num_now if self.change else self.num) < FEW

    @property
    def num_lost(self) -> int:
        """How many came to the stage before and not to this one."""
        return sum(num for _, num in self.lost)


def funnel_of(totals: RunTotals, before: RunTotals, courses: Courses = NO_COURSES) -> tuple[Stage, ...]:
    """Return the stages in order, counted by ``totals`` of the period and of the one ``before``; days and finer reasons come
    from ``courses``.

    Reasons that do not account for everybody, because only the newest generations were looked at, give way to plain ones.
    """
    found: list[Stage] = []
    for name in STAGES:
        num = totals.stages[name]
        num_before = before.stages[name]
        days = courses.stages.get(name, NO_DAYS)
        if not found:
            found.append(Stage(name, STAGE_LABELS[name], num, num_before, None, None, (), days))
            continue
        come, come_before = found[-1].num, found[-1].num_before
        change = change_of_shares((num, come), (num_before, come_before))
        lost = _lost(name, come - num, totals)
        if sum(count for _, count in days.lost) == come - num:
            lost = days.lost
        found.append(Stage(name, STAGE_LABELS[name], num, num_before, change.now, change, lost, days))
    return tuple(found)


def cost_for_each(totals: RunTotals, stage: str) -> float | None:
    """Return all that was spent, on failures too, for each generation that came to ``stage``; None when none did."""
    num = totals.stages[stage]
    return totals.effort.cost_usd / num if num else None


def _lost(stage: str, num: int, totals: RunTotals) -> tuple[tuple[str, int], ...]:
    if stage == "generated":
        words = {
            RunStatus.FAILED.value: "failed",
            RunStatus.KILLED.value: "stopped",
            RunStatus.RUNNING.value: "still running",
            RunStatus.SCHEDULED.value: "not begun",
        }
        reasons = [(words[status], totals.statuses[status]) for status in words if totals.statuses[status]]
        rest = num - sum(count for _, count in reasons)
        # A run that failed late may have left a document all the same; then the reasons are only a part of the truth.
        reasons += [("ended without a document", rest)] if rest > 0 else []
        return tuple(reasons) if rest >= 0 else (("failed, stopped or not over", num),)
    return ((_LATER[stage], num),) if num else ()
