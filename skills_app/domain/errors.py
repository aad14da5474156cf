"""The errors of the library; each message is a sentence that a user may read and act on."""


class SkillsError(Exception):
    """Something about a skill could not be done."""


class DocumentEditError(SkillsError):
    """An edit of a document cannot be made as asked; nothing was changed."""


class DocumentWriteError(SkillsError):
    """A document cannot be written so that every host would read it the same."""


class PathInvalid(SkillsError):
    """The text cannot be the address of a skill or category."""


class PathTaken(SkillsError):
    """The address belongs to something else; an alias never shadows it and nothing is overwritten."""


class AliasLoops(SkillsError):
    """An alias would lead back to itself."""


class GateDataError(SkillsError):
    """Data that is no gate or no waiver; ``problems`` holds every fault, each with its place in the data."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(f"At {place}: {message}" for place, message in problems))


class UnknownProfileError(SkillsError):
    """A profile was asked for that does not exist."""


class LibraryUnreadable(SkillsError):
    """The folder of a library is not there, is no folder, or may not be read; the message says which."""


class PublishingError(SkillsError):
    """Something could not be published, and the library folder is as it was."""


class PublishingConflict(PublishingError):
    """What lies in the library folder was changed by somebody else; nothing there is overwritten."""


class PublishingUnfinished(PublishingError):
    """A publication could neither be finished nor undone; the next look at the library folder settles it."""


class PromotionBlocked(SkillsError):
    """A version may not be promoted; ``reasons`` are the sentences that say why."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__(" ".join(reasons))


class ReviewRefused(SkillsError):
    """A step of a review cannot be taken as asked; nothing was changed."""


class QuoteNotFound(ReviewRefused):
    """Quoted words do not stand in the source of a document as they were sent, or nothing says which of several places is meant."""


class ReviewEnded(ReviewRefused):
    """The review takes no verdicts any more; the message says who ended it and when."""


class ReviewMoved(ReviewRefused):
    """Another version came under review while somebody was reading; what they wrote is kept as drafts."""


class ChangeDataError(SkillsError):
    """Data that is no change-set."""


class ChangeConflicts(SkillsError):
    """A change-set cannot be applied or undone as it stands; ``conflicts`` say why, each with its ways out."""

    def __init__(self, message: str, conflicts: tuple[object, ...] = ()) -> None:
        self.conflicts = conflicts
        super().__init__(message)


class ChangeOvertaken(SkillsError):
    """The library changed since a change-set was looked at, so its effect is another by now; look again."""


class ChangeNotOpen(SkillsError):
    """A change-set is not in the state that the step needs: somebody else has applied, undone or dropped it."""


class PromotionInvalid(SkillsError):
    """A promotion was asked for with something that cannot be; ``field`` is the one that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)
