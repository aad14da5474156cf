"""Keep what a generation says of comments as replies in their threads; the comments stay as they are."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from skills_app.domain.storable import storable_text
from skills_app.models import Comment, Review, SkillVersion


@transaction.atomic
def note_on_comments(
    *, review: Review, version: SkillVersion, notes: Mapping[int, str], author_name: str, now: datetime
) -> int:
    """Add a reply by ``author_name``, who is no person, to each comment of ``review`` in ``notes``; return how many.

    ``notes`` maps the numbers of comments to texts; those of another review, of drafts and of replies are left out.
    """
    threads = review.comments.filter(pk__in=list(notes), thread=None, sent_at__isnull=False)
    made = Comment.objects.bulk_create(
        Comment(
            review=review,
            version=version,
            thread=thread,
            author=None,
            author_name=storable_text(author_name, longest=150),
            body=storable_text(notes[thread.pk]),
            made_at=now,
            sent_at=now,
        )
        for thread in threads.order_by("pk")
    )
    return len(made)
