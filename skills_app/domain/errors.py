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
