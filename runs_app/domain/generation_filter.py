"""Which generations a list shows, as its address says it, and back to that address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from runs_app.domain.generation_words import StatusGroup

LONGEST_TEXT = 200
MOST_PAGES = 10**6


@dataclass(frozen=True, slots=True)
class GenerationFilter:
    """What was chosen; an empty field narrows nothing. ``batch`` is a batch's key, ``page`` counts from 1."""

    text: str = ""
    group: StatusGroup | None = None
    is_mine: bool = False
    model: str = ""
    batch: str = ""
    page: int = 1

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the page was chosen."""
        return replace(self, page=1) != GenerationFilter()

    def pairs(self) -> list[tuple[str, str]]:
        """Return what was chosen as the pairs of a query string, without what is as usual."""
        found = {
            "q": self.text,
            "status": self.group.value if self.group else "",
            "mine": "1" if self.is_mine else "",
            "model": self.model,
            "batch": self.batch,
            "page": str(self.page) if self.page > 1 else "",
        }
        return [(name, value) for name, value in found.items() if value]

    def query(self) -> str:
        """Return the query string that leads here."""
        return urlencode(self.pairs())

    def in_group(self, group: StatusGroup | None) -> "GenerationFilter":
        """Return the same with another group, on its first page."""
        return replace(self, group=group, page=1)


def parse_generation_filter(given: Mapping[str, str]) -> GenerationFilter:
    """Return the filter that a query string asks for; what is not known is left out."""
    group, page = given.get("status", ""), given.get("page", "")
    return GenerationFilter(
        " ".join(given.get("q", "").replace("\x00", "").split())[:LONGEST_TEXT],
        StatusGroup(group) if group in list(StatusGroup) else None,
        given.get("mine") == "1",
        given.get("model", "").replace("\x00", "")[:128],
        given.get("batch", "").replace("\x00", "")[:16],
        int(page) if page.isascii() and page.isdigit() and 0 < int(page[:7]) < MOST_PAGES else 1,
    )
