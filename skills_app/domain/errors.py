"""The errors of the library; each message is a sentence that a user may read and act on."""


class SkillsError(Exception):
    """Something about a skill could not be done."""


class DocumentEditError(SkillsError):
    """An edit of a document cannot be made as asked; nothing was changed."""


class DocumentWriteError(SkillsError):
    """A document cannot be written so that every host would read it the same."""


class GateDataError(SkillsError):
    """Data that is no gate or no waiver; ``problems`` holds every fault, each with its place in the data."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(f"At {place}: {message}" for place, message in problems))
