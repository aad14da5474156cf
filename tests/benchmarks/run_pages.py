"""The four pages that are compared: how our site is asked for them, and how MLflow's REST search is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.benchmarks.mlflow_fill import METRICS, TEAMS

ROWS = 50
LAST = 200
# A metric that has no column of its own in our tables, so that nothing is prepared for it.
METRIC = METRICS[-1]
OTHER = METRICS[-2]
_NEWEST = "attributes.start_time DESC"


@dataclass(frozen=True, slots=True)
class RunPageCase:
    """One page of fifty runs, the same fifty both ways."""

    name: str
    query: Mapping[str, str]
    body: Mapping[str, Any]
    aim: float = 1.0
    num_walked: int = field(default=0)

    @property
    def address(self) -> str:
        """The address of our page."""
        return "/runs/" + (f"?{urlencode(self.query)}" if self.query else "")


CASES = (
    RunPageCase("first page", {}, {"order_by": [_NEWEST]}),
    RunPageCase(
        "sorted by a metric",
        {"sort": f"-metrics.{METRIC}"},
        {"order_by": [f"metrics.`{METRIC}` DESC"]},
        aim=50.0,
    ),
    RunPageCase(
        "filtered by tag and metric",
        {"q": f'tags.team = "{TEAMS[2]}" and metrics.{OTHER} > 0.5'},
        {"filter": f"tags.team = '{TEAMS[2]}' AND metrics.`{OTHER}` > 0.5", "order_by": [_NEWEST]},
    ),
    RunPageCase(f"page {LAST}", {"page": str(LAST)}, {"order_by": [_NEWEST]}, num_walked=LAST - 1),
)
