"""Comments as issues: open, fixed or dropped, blocking or not, and who may move them."""

from enum import StrEnum


class CommentState(StrEnum):
    """Where a comment stands."""

    OPEN = "open"
    FIXED = "fixed"
    DROPPED = "dropped"


ALLOWED: dict[CommentState, frozenset[CommentState]] = {
    CommentState.OPEN: frozenset({CommentState.FIXED, CommentState.DROPPED}),
    CommentState.FIXED: frozenset({CommentState.OPEN, CommentState.DROPPED}),
    CommentState.DROPPED: frozenset({CommentState.OPEN}),
}
LONGEST_BODY = 10_000
LONGEST_SUGGESTION = 20_000
LONGEST_QUOTE = 20_000


def why_not_move(
    before: CommentState,
    after: CommentState,
    *,
    is_blocking: bool,
    is_commenter: bool,
    is_maker: bool,
    is_manager: bool,
    reason: str,
) -> str:
    """Return why a person may not move a comment from one state to another, or an empty string when they may.

    The commenter may do all. Who made the version may say that a comment is fixed, or open it again, yet a blocking one
    is closed by its commenter. A manager may close any, with a reason. Dropping always needs a reason.
    """
    if after not in ALLOWED[before]:
        return f"The comment is {before.value} already; load the page again to see it."
    if after is CommentState.DROPPED and not reason.strip():
        return "Say why the comment is dropped; it is kept with it."
    if is_commenter:
        return ""
    if is_manager:
        return "" if reason.strip() else "Say why you close a comment of somebody else; it is kept with it."
    if not is_maker:
        return "Only the commenter, who made the version, or a manager may change this comment."
    if after is CommentState.DROPPED or (is_blocking and after is CommentState.FIXED):
        return (
            "This comment blocks, so whoever wrote it says when it is met. Reply, and they will look again."
            if (is_blocking)
            else "Only the commenter or a manager may drop a comment. Reply with your reason instead."
        )
    return ""
