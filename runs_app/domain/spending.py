"""What generations cost, by step, and the ceilings that stop a call before it is made."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from runs_app.domain.errors import SpendingStopped

# Plain characters for a token at the least, and one token for any other: a prompt is estimated high, for a ceiling must hold.
CHARACTERS_A_TOKEN = 3


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and cost of one or more calls. ``cost_usd`` is None when the price of a model is not known."""

    num_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    seconds: float = 0.0

    @property
    def total_tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        """Return both together; an unknown price makes the whole price unknown, for a part would look like all of it."""
        is_known = self.cost_usd is not None and other.cost_usd is not None
        return Usage(
            self.num_calls + other.num_calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            (self.cost_usd or 0.0) + (other.cost_usd or 0.0) if is_known else None,
            self.seconds + other.seconds,
        )

    def as_data(self) -> dict[str, float | None]:
        """Return it as plain data, ready for JSON."""
        return asdict(self)


def total_usage(parts: Iterable[Usage]) -> Usage:
    """Return all parts together."""
    whole = Usage()
    for part in parts:
        whole += part
    return whole


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a token of each kind."""

    prompt_usd: float
    completion_usd: float

    def most(self, *, prompt_tokens: int, max_completion_tokens: int) -> float:
        """Return what a call can cost at most."""
        return prompt_tokens * self.prompt_usd + max_completion_tokens * self.completion_usd


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A limit in US dollars on what was ``spent`` by somebody or something, such as “this generation” or “ada today”.

    ``reserved_usd`` is set aside for calls that are made right now, and counts like what was spent.
    """

    whose: str
    limit_usd: float
    spent_usd: float
    reserved_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class DayLimit:
    """A ceiling of a day that workers of several machines spend from: a person's, or everybody's without ``user_id``."""

    whose: str
    limit_usd: float
    user_id: int | None = None

    @property
    def scope(self) -> str:
        """What the day's spending is counted under."""
        return "day" if self.user_id is None else f"user {self.user_id}"


def require_room(
    ceilings: Iterable[Ceiling], *, price: Price | None, prompt_tokens: int, max_completion_tokens: int
) -> None:
    """Let a call pass that can fit under every ceiling at its most expensive.

    Without a known price a call passes as long as no ceiling is reached: what it costs is known to nobody beforehand.

    Raises:
        SpendingStopped: a ceiling is reached, or the call could go beyond it; the message names ceiling and figures.
    """
    require_room_for(ceilings, most_usd=_most(price, prompt_tokens, max_completion_tokens))


def require_room_for(ceilings: Iterable[Ceiling], *, most_usd: float) -> None:
    """Let a call pass that costs at most ``most_usd`` (0 when its price is not known), as ``require_room`` says.

    Raises:
        SpendingStopped: a ceiling is reached, or the call could go beyond it; the message names ceiling and figures.
    """
    for ceiling in ceilings:
        taken = ceiling.spent_usd + ceiling.reserved_usd
        others = ""
        if ceiling.reserved_usd:
            others = f" ${ceiling.reserved_usd:.4f} is set aside for calls that are under way."
        if taken >= ceiling.limit_usd:
            raise SpendingStopped(
                f"The ceiling of {ceiling.whose} is reached: ${taken:.4f} of ${ceiling.limit_usd:.2f}.{others} "
                "Raise it, or wait until it begins anew."
            )
        if taken + most_usd > ceiling.limit_usd:
            raise SpendingStopped(
                f"The next call could cost ${most_usd:.4f}, and of the ceiling of {ceiling.whose} only "
                f"${ceiling.limit_usd - taken:.4f} of ${ceiling.limit_usd:.2f} is left.{others}"
            )


def _most(price: Price | None, prompt_tokens: int, max_completion_tokens: int) -> float:
    if price is None:
        return 0.0
    return price.most(prompt_tokens=prompt_tokens, max_completion_tokens=max_completion_tokens)


class SpendingGuard:
    """Keeps calls that are made at the same time below the ceilings together.

    Each call reserves what it can cost at most and settles what it did cost. Threads may share one guard.
    """

    def __init__(self, ceilings: Iterable[Ceiling] = ()) -> None:
        self._ceilings = tuple(ceilings)
        self._spent_usd = self._reserved_usd = 0.0
        self._lock = threading.Lock()

    @property
    def spent_usd(self) -> float:
        """What was settled since the ceilings were last set."""
        return self._spent_usd

    def renew(self, ceilings: Iterable[Ceiling]) -> None:
        """Begin anew with ceilings that count everything settled so far, as when others spend from them too."""
        with self._lock:
            self._ceilings = tuple(ceilings)
            self._spent_usd = 0.0

    def catch_up(self, ceiling: Ceiling) -> None:
        """Begin anew with a ceiling that was counted elsewhere, but never forget what was settled here and not yet there."""
        with self._lock:
            here = max((one.spent_usd for one in self._ceilings), default=0.0) + self._spent_usd
            self._ceilings = (replace(ceiling, spent_usd=max(ceiling.spent_usd, here)),)
            self._spent_usd = 0.0

    def reserve(self, *, price: Price | None, prompt_tokens: int, max_completion_tokens: int) -> float:
        """Set aside what the next call can cost at most and return it.

        Raises:
            SpendingStopped: a ceiling is reached, or the call could go beyond it.
        """
        with self._lock:
            taken = self._spent_usd + self._reserved_usd
            now = [replace(one, spent_usd=one.spent_usd + taken) for one in self._ceilings]
            require_room(
                now, price=price, prompt_tokens=prompt_tokens, max_completion_tokens=max_completion_tokens
            )
            most = _most(price, prompt_tokens, max_completion_tokens)
            self._reserved_usd += most
            return most

    async def admit(self, *, price: Price | None, prompt_tokens: int, max_completion_tokens: int) -> float:
        """Reserve, as a call asks for it."""
        return self.reserve(
            price=price, prompt_tokens=prompt_tokens, max_completion_tokens=max_completion_tokens
        )

    def settle(self, reserved_usd: float, *, cost_usd: float | None) -> None:
        """Put what a call did cost in the place of what was set aside for it; an unknown cost counts as nothing."""
        with self._lock:
            self._reserved_usd = max(0.0, self._reserved_usd - reserved_usd)
            self._spent_usd += cost_usd or 0.0


class GuardChain:
    """Several guards that a call must pass together: of one generation, of a person, of everybody."""

    def __init__(self, guards: Iterable[SpendingGuard]) -> None:
        self._guards = tuple(guards)

    def reserve(self, *, price: Price | None, prompt_tokens: int, max_completion_tokens: int) -> float:
        """Set aside with every guard what the next call can cost at most; with none when one of them refuses.

        Raises:
            SpendingStopped: a ceiling is reached, or the call could go beyond it.
        """
        passed: list[SpendingGuard] = []
        most = 0.0
        for guard in self._guards:
            try:
                most = guard.reserve(
                    price=price, prompt_tokens=prompt_tokens, max_completion_tokens=max_completion_tokens
                )
            except SpendingStopped:
                for one in passed:
                    one.settle(most, cost_usd=0.0)
                raise
            passed.append(guard)
        return most

    async def admit(self, *, price: Price | None, prompt_tokens: int, max_completion_tokens: int) -> float:
        """Reserve, as a call asks for it."""
        return self.reserve(
            price=price, prompt_tokens=prompt_tokens, max_completion_tokens=max_completion_tokens
        )

    def settle(self, reserved_usd: float, *, cost_usd: float | None) -> None:
        """Put what a call did cost in the place of what was set aside for it, with every guard."""
        for guard in self._guards:
            guard.settle(reserved_usd, cost_usd=cost_usd)


class Reservations:
    """What one worker's generation has set aside and spent since its last stored step; the database holds the same sum.

    Amounts in US dollars. Threads may share it: calls begin and end on one, steps are stored on another.
    """

    def __init__(self, limits: Iterable[DayLimit]) -> None:
        self.limits = tuple(limits)
        self._usd = 0.0
        self._lock = threading.Lock()

    def change(self, by_usd: float) -> None:
        """Count a call that begins, the difference when it ends, or what is stored and no more held here."""
        with self._lock:
            self._usd = max(0.0, self._usd + by_usd)

    def total(self, *, but_usd: float = 0.0) -> float:
        """Return all that is held, without what is being stored right now."""
        with self._lock:
            # What is left of sums and differences of the same amounts is no money.
            return round(max(0.0, self._usd - but_usd), 9)


class CallGuard(Protocol):
    """Whatever lets a call pass before it is made and is told what it did cost."""

    async def admit(self, *, price: Price | None, prompt_tokens: int, max_completion_tokens: int) -> float:
        """Set aside what the next call can cost at most and return it; raise SpendingStopped to forbid it."""

    def settle(self, reserved_usd: float, *, cost_usd: float | None) -> None:
        """Put what a call did cost in the place of what was set aside for it."""


def most_tokens(text: str) -> int:
    """Return how many tokens a text has at the most."""
    plain = sum(char.isascii() for char in text)
    return plain // CHARACTERS_A_TOKEN + (len(text) - plain) + 1


def ceiling_warning(unpriced: Sequence[str], ceilings_usd: Sequence[float]) -> str:
    """Return a sentence that says which ceilings cannot stop models without a known price; empty when all can."""
    if not unpriced or not ceilings_usd:
        return ""
    amounts = " and of ".join(f"${one:,.2f}" for one in ceilings_usd)
    which = "ceiling" if len(ceilings_usd) == 1 else "ceilings"
    return f"The cost of {', '.join(unpriced)} is unknown, so the {which} of {amounts} cannot stop it."


def prices_from(data: Mapping[str, object]) -> Price | None:
    """Return the price in an entry of LiteLLM's local table of models, or None when it has none for tokens."""
    prompt, completion = data.get("input_cost_per_token"), data.get("output_cost_per_token")
    if isinstance(prompt, int | float) and isinstance(completion, int | float):
        return Price(float(prompt), float(completion))
    return None
