"""What can go wrong with runs and sources: each message is a sentence that a person may read and act on."""

from runs_app.domain.enums import ProblemReason


class RunsError(Exception):
    """Root of every error of this app."""


class SourceError(RunsError):
    """A source could not be read; ``remedy`` says what to do, ``reason`` how a problem list files it."""

    reason = ProblemReason.UNREACHABLE

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class SourceUnreachable(SourceError):
    """The source did not answer, or broke off; another try may succeed."""


class SourceRefused(SourceError):
    """The source answered and said no: credentials, permissions, or a request that it does not know."""

    reason = ProblemReason.REFUSED


class SourceUnsuitable(SourceError):
    """What stands at the address is not something that can be mirrored."""

    reason = ProblemReason.WRONG_SHAPE


class AddressInvalid(RunsError):
    """The text that was given for a source's address cannot be one."""


class SourceExists(RunsError):
    """The address is a source already; ``source_id`` says which."""

    def __init__(self, message: str, *, source_id: int) -> None:
        super().__init__(message)
        self.source_id = source_id


class SourceUnknown(RunsError):
    """No source has the name, number or address that was given."""


class SourceDisabled(RunsError):
    """The source is switched off, so nothing is read from it."""


class SyncBusy(RunsError):
    """Another sync holds this source; the message says who, and since when."""


class QueueDown(RunsError):
    """Work cannot be handed to a worker."""


class LeaseLost(RunsError):
    """This sync took too long to report and another one has taken over; what it had written is kept."""


class RunMissing(RunsError):
    """The source has no such run any more."""


class ArtifactMissing(RunsError):
    """The source has no such file any more."""


class ArtifactTooLarge(RunsError):
    """The file is larger than the limit that was given."""


class PathLeavesSource(RunsError):
    """The path, or the link that it names, points outside the run's own folder."""


class SampleBusy(RunsError):
    """The sample is being loaded or removed by another process."""


class ModelError(RunsError):
    """A model could not be asked as configured."""


class ModelConfigError(ModelError):
    """The configuration of models cannot be used; ``problems`` holds every fault, each with its place."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(f"At {place}: {message}" for place, message in problems))


class ModelKeyMissing(ModelError):
    """A model needs a key, and no variable holds one."""


class SpendingStopped(ModelError):
    """The next call could cost more than a ceiling allows; it was not made."""


class ModelFailed(ModelError):
    """No model gave an answer: neither the one chosen nor its fallbacks; the message says what each of them said."""


class ProgramUnreadable(ModelError):
    """A file is not a saved program."""


class StepFailed(RunsError):
    """A step of a generation could not be done.

    ``key`` names it, ``raw`` is what the model said last, if anything, and ``usage`` what was used (a ``spending.Usage``).
    """

    def __init__(self, message: str, *, key: str, raw: str = "", usage: object = None) -> None:
        self.key = key
        self.raw = raw
        self.usage = usage
        super().__init__(message)


class GenerationStopped(RunsError):
    """A generation was stopped from outside, or by an answer; the message says why. Every stored step is kept."""


class RequestInvalid(RunsError):
    """What somebody asks for cannot be worked on; the message says why."""


class PromptTaken(RunsError):
    """Somebody else looks after a question."""


class TransitionRefused(RunsError):
    """A generation cannot go from the state that it is in to the one that was asked for."""


class AnswerInvalid(RunsError):
    """An answer does not fit its question; ``problems`` holds a sentence for each question it concerns."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(message for _, message in problems))


class ModelAnswerMisfit(ModelError):
    """A model's answers did not fit what was asked, also after it was told why.

    ``raw_text`` is the last one, as it came; ``usage`` is what all of them used (a ``spending.Usage``).
    """

    def __init__(self, message: str, *, raw_text: str, usage: object = None) -> None:
        super().__init__(message)
        self.raw_text = raw_text
        self.usage = usage


class SampleRefused(RunsError):
    """A sample cannot be ordered or stopped as it is."""


class AlertRefused(RunsError):
    """A rule or a view cannot be kept as it was given; ``field`` says which part."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field
