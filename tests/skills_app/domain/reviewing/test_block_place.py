"""Whole blocks as a place of comments."""

import pytest

from skills_app.domain.documents import parse_document
from skills_app.domain.reviewing.block_place import blocks_between

TEXT = """---
name: one
---
# One

Salt &amp; pepper,
over two lines.

- first [x][ref]
- second
  goes on

| a | b |
| - | - |
| c | d |

```sh
one
two
```

[ref]: x.md
"""


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        (6, 6, "Salt &amp; pepper,\nover two lines."),
        (6, 9, "Salt &amp; pepper,\nover two lines.\n\n- first [x][ref]"),
        (9, 9, "- first [x][ref]"),
        (10, 10, "- second\n  goes on"),
        (10, 9, "- first [x][ref]\n- second\n  goes on"),
        (15, 15, "| c | d |"),
        (17, 17, "```sh\none\ntwo\n```"),
        (18, 18, "one"),
        (4, 4, "# One"),
        (5, 5, None),
        (2, 6, None),
        (6, 99, None),
    ],
)
def test_blocks_are_taken_whole(first: int, last: int, found: str | None) -> None:
    place = blocks_between(parse_document(TEXT), first, last)

    assert (place and TEXT[place.start : place.end].rstrip("\n")) == found
