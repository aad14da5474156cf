"""Comments on the front matter: the whole of it or words of it, carried to later versions and never put into the body."""

import pytest
from django.contrib.auth.models import User

from skills_app.domain.documents import parse_document
from skills_app.domain.errors import ReviewRefused
from skills_app.domain.front_matter import FRONT_MATTER_PATH
from skills_app.domain.reviewing.answers import Answer
from skills_app.domain.reviewing.places import PlaceKind, place_comment
from skills_app.models import Comment, Review, SkillVersion
from skills_app.services.answer_comments import answer_comments
from skills_app.services.request_from_review import request_from_review
from tests.skills_app import review_makers as made

pytestmark = pytest.mark.django_db

HEAD = """---
name: one
description: "Use when \\"in doubt\\" about a table."
allowed-tools: [Read, Write]
license: MIT
---
"""
BODY = "# One\n\nUse when nothing else helps. The license: MIT. A table.\n"


@pytest.fixture
def version(olga: User) -> SkillVersion:
    return made.draft(author=olga, content=HEAD + BODY)


@pytest.fixture
def review(version: SkillVersion, olga: User, ada: User) -> Review:
    return made.review(version, olga, ada)


def place(row: Comment, text: str) -> tuple[PlaceKind, str]:
    found = place_comment(parse_document(text), heading_path=row.heading_path, anchor=row.anchor)
    return found.kind, text[found.start : found.end]


def answer(row: Comment, version: SkillVersion, text: str) -> Answer:
    newer = SkillVersion(pk=version.pk + 1, number=version.number + 1, content=text)
    return answer_comments(version=newer, document=parse_document(text), comments=[row])[row.pk].answer


def on_front(review: Review, who: User, body: str = "Say more.", **fields: object) -> Comment:
    return made.comment(review, who, body, path=FRONT_MATTER_PATH, **fields)  # type: ignore[arg-type]


def test_the_front_matter_as_a_whole_is_the_place_of_a_comment(
    review: Review, ada: User, version: SkillVersion
) -> None:
    row = on_front(review, ada)
    mended = HEAD.replace("MIT", "Apache-2.0") + BODY
    like = f"# front matter\n\n{BODY}"

    assert place(row, version.content) == (PlaceKind.SECTION, HEAD)
    assert place(row, mended) == (PlaceKind.SECTION, HEAD.replace("MIT", "Apache-2.0"))
    assert place(row, like)[0] is PlaceKind.LOST
    assert answer(row, version, mended) is Answer.PARTLY
    assert answer(row, version, HEAD + BODY + "More.\n") is Answer.NOT_MET
    with pytest.raises(ReviewRefused, match="no section “front matter”"):
        made.comment(review, ada, path=("front matter",))


def test_words_that_the_body_has_too_are_those_of_the_front_matter(
    review: Review, ada: User, version: SkillVersion
) -> None:
    row = on_front(review, ada, quote="license: MIT", suggestion="license: Apache-2.0")

    assert row.heading_path == list(FRONT_MATTER_PATH)
    later = HEAD.replace("name: one", "name: one\nversion: 2") + BODY.replace("A table", "Two tables")
    assert place(row, later) == (PlaceKind.QUOTE, "license: MIT")
    assert place(row, later)[1] == later[later.index("license: MIT") :][:12]
    assert place(row, later.replace("license: MIT\n", "", 1))[0] is PlaceKind.LOST
    assert answer(row, version, later.replace("license: MIT", "license: Apache-2.0", 1)) is Answer.MET
    assert answer(row, version, HEAD + BODY + "More.\n") is Answer.NOT_MET


def test_words_that_the_source_writes_in_another_way_stand_for_their_fields(
    review: Review, ada: User, version: SkillVersion
) -> None:
    row = on_front(review, ada, quote="Read Write")
    both = on_front(review, ada, quote="table.\n allowed-tools:   Read Write")

    assert row.quote == "allowed-tools: [Read, Write]"
    assert both.quote.endswith("allowed-tools: [Read, Write]")
    assert both.quote.startswith("description")
    assert place(both, HEAD.replace("MIT", "none") + BODY)[0] is PlaceKind.QUOTE
    with pytest.raises(ReviewRefused, match="Quote it as it is"):
        on_front(review, ada, quote="Read Write", suggestion="x")
    with pytest.raises(ReviewRefused, match="Quote it as it is"):
        on_front(review, ada, quote="nowhere at all")


def test_a_request_names_the_front_matter(review: Review, ada: User) -> None:
    row = on_front(review, ada, "Which license?", quote="license: MIT")
    made.send(review, ada)

    assert f"[C{row.pk}] The front matter, should be met, by ada:" in request_from_review(review=review).text
