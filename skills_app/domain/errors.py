"""What can go wrong in the library; every message is a full sentence that a user may read and act on."""


class SkillsError(Exception):
    """The root of the library's errors."""


class GateDataError(SkillsError):
    """Data that is no gate or no waiver; ``problems`` holds every fault, each with its place in the data."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(f"At {place}: {message}" for place, message in problems))
