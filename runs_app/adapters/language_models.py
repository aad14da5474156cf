"""Language models by LiteLLM, as DSPy asks them: built from what the configuration resolved for a task.

Prices come from the configuration, else from LiteLLM's own table on disk; nothing is looked up on the network (see ``OFFLINE_SWITCHES`` of the site).
"""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from runs_app.adapters.model_settings import model_config, model_environment
from runs_app.adapters.rehearsal_lm import rehearsal_lm
from runs_app.domain.errors import ModelConfigError, ModelKeyMissing
from runs_app.domain.generation import STEP_TASKS
from runs_app.domain.model_config import ModelConfig, ResolvedModel
from runs_app.domain.pipeline_items import ModelChoice
from runs_app.domain.rehearsal import NAME as REHEARSAL
from runs_app.domain.spending import Price, prices_from

# Without a limit of its own a model's answer is held to this many tokens, so that its price has an upper end.
USUAL_MAX_TOKENS = 8_192


class ConfiguredModels:
    """The models of one generation: those of the configuration, or the one that was named for all tasks or for some.

    ``chosen`` maps a task to a model's name, ``""`` to that of every other task.
    """

    def __init__(
        self, config: ModelConfig, *, environment: Mapping[str, str], chosen: Mapping[str, str] | None = None
    ) -> None:
        self._config = config
        self._environment = environment
        self._chosen = dict(chosen or {})
        self._known: dict[tuple[str, str], tuple[ModelChoice, ...]] = {}

    @property
    def is_rehearsal(self) -> bool:
        """Whether any task is only rehearsed."""
        return any(
            self._first(task, role).name == REHEARSAL for task, role in dict(STEP_TASKS.values()).items()
        )

    def for_task(self, task: str, *, role: str) -> tuple[ModelChoice, ...]:
        """Return the model for a task and its fallbacks, in the order in which they are asked.

        Raises:
            ModelConfigError: an override of the environment is no temperature.
            ModelKeyMissing: neither the model nor a fallback has its key; the message names the variable to set.
        """
        if (task, role) not in self._known:
            self._known[task, role] = self._choices(self._first(task, role))
        return self._known[task, role]

    def names_for(self, tasks: Mapping[str, str]) -> tuple[str, ...]:
        """Return the names of the models of ``tasks`` (task to role), each once; nothing heavy is imported.

        Raises:
            ModelConfigError, ModelKeyMissing: as for ``for_task``.
        """
        names: dict[str, None] = {}
        for task, role in tasks.items():
            first = self._first(task, role)
            problems = []
            for one in (first, *first.fallbacks):
                try:
                    one.key(self._environment)
                    break
                except ModelKeyMissing as error:
                    problems.append(error)
            else:
                raise problems[0]
            names[first.name] = None
        return tuple(names)

    def unpriced_for(self, tasks: Mapping[str, str]) -> tuple[str, ...]:
        """Return the models of ``tasks`` (task to role) and their fallbacks whose price nobody knows; nothing heavy is imported.

        Raises:
            ModelConfigError: an override of the environment is no temperature.
        """
        firsts = (self._first(task, role) for task, role in tasks.items())
        found = (one for first in firsts for one in (first, *first.fallbacks))
        return tuple(dict.fromkeys(one.name for one in found if _offline_price(one) is None))

    def secrets(self) -> tuple[str, ...]:
        """Return the keys that the configured models may use, so that whoever shows a text can mask them."""
        models = self._config.registry.values()
        variables = {variable for model in models for variable in model.key_variables}
        variables |= {name for name in self._environment if name.endswith(("_API_KEY", "_API_TOKEN"))}
        return tuple(
            value for variable in variables if (value := self._environment.get(variable, "").strip())
        )

    def _first(self, task: str, role: str) -> ResolvedModel:
        named = self._chosen.get(task) or self._chosen.get("") or ""
        return self._config.resolve(task, environment=self._environment, model=named, role=role)

    def _choices(self, first: ResolvedModel) -> tuple[ModelChoice, ...]:
        choices = []
        missing: ModelKeyMissing | None = None
        # A rehearsal never steps in for a model: what it makes would look like that model's.
        others = [one for one in first.fallbacks if one.name != REHEARSAL]
        for resolved in (first, *others):
            try:
                choices.append(model_choice(resolved, environment=self._environment))
            except ModelKeyMissing as error:
                missing = missing or error
        if not choices and missing is not None:
            raise missing
        return tuple(choices)


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """A model as far as a web process knows it: its name, its price, and the most tokens that it answers with."""

    name: str
    price: Price | None
    max_completion_tokens: int


def offered_model(task: str, *, role: str, model: str) -> OfferedModel:
    """Return the model that ``model`` leads to for a task, without the packages that could ask it.

    Raises:
        ModelError: the configuration cannot be used, or the model's key is missing.
    """
    environment = model_environment()
    resolved = model_config().resolve(task, environment=environment, model=model, role=role)
    resolved.key(environment)
    if resolved.name == REHEARSAL:
        return OfferedModel(REHEARSAL, Price(0.0, 0.0), USUAL_MAX_TOKENS)
    limit = resolved.parameters.get("max_tokens")
    price = _offline_price(resolved)
    return OfferedModel(resolved.name, price, limit if isinstance(limit, int) else USUAL_MAX_TOKENS)


def _offline_price(resolved: ResolvedModel) -> Price | None:
    """Return what ``price_of`` does, without the package that the table belongs to."""
    if resolved.name == REHEARSAL:
        return Price(0.0, 0.0)
    if (own := prices_from(resolved.parameters)) is not None:
        return own
    table = _prices_on_disk()
    names = (resolved.name, resolved.name.partition("/")[2])
    return next((table[name] for name in names if name in table), None)


@lru_cache(maxsize=1)
def _prices_on_disk() -> Mapping[str, Price | None]:
    """Return LiteLLM's own table of prices from its file: to import it would make a web process several times as large."""
    found = importlib.util.find_spec("litellm")
    if found is None or not found.origin:
        return {}
    path = Path(found.origin).with_name("model_prices_and_context_window_backup.json")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # A later version may keep it elsewhere; the price is then told as not known.
        return {}
    return {name: prices_from(entry) for name, entry in data.items() if isinstance(entry, Mapping)}


def known_keys() -> tuple[str, ...]:
    """Return every key that this site's models may use, for a log to mask; a file that cannot be read adds none."""
    try:
        return ConfiguredModels(model_config(), environment=model_environment()).secrets()
    except ModelConfigError:
        return ()


def model_choice(resolved: ResolvedModel, *, environment: Mapping[str, str]) -> ModelChoice:
    """Return a resolved model as one that can be asked, with its price.

    Raises:
        ModelKeyMissing: the model needs a key and no variable holds one.
    """
    lm = language_model(resolved, environment=environment)
    if resolved.name == REHEARSAL:
        return ModelChoice(REHEARSAL, lm, Price(0.0, 0.0))
    limit = resolved.parameters.get("max_tokens")
    return ModelChoice(
        resolved.name, lm, price_of(resolved), limit if isinstance(limit, int) else USUAL_MAX_TOKENS
    )


def language_model(resolved: ResolvedModel, *, environment: Mapping[str, str], retries: int = 0) -> Any:
    """Return a ``dspy.LM`` for a resolved model; the rehearsal model when that is the one that was named.

    Any provider of LiteLLM, Ollama, and any OpenAI-compatible address (``base_url`` with an ``openai/`` name) by settings
    alone. Answers are never cached: what was stored is not asked again, and what is asked is asked. ``retries`` are those
    of LiteLLM; the pipeline does its own, so that a person sees them.

    Raises:
        ModelKeyMissing: the model needs a key and no variable holds one.
    """
    if resolved.name == REHEARSAL:
        return rehearsal_lm()
    import dspy

    key = resolved.key(environment)
    connection: dict[str, Any] = {"timeout": resolved.timeout_seconds}
    if resolved.base_url:
        connection["api_base"] = resolved.base_url
    # A server of one's own asks for no key, and the client insists on one.
    if key or resolved.base_url:
        connection["api_key"] = key or "none"
    parameters = {"max_tokens": USUAL_MAX_TOKENS, **resolved.parameters}
    return dspy.LM(
        resolved.name, engine="litellm", cache=False, num_retries=retries, **connection, **parameters
    )


def price_of(resolved: ResolvedModel) -> Price | None:
    """Return the price of a model: that of its parameters, else that of LiteLLM's local table; None when neither says.

    In the configuration it is ``input_cost_per_token`` and ``output_cost_per_token``, in US dollars.
    """
    if (own := prices_from(resolved.parameters)) is not None:
        return own
    import litellm

    for name in (resolved.name, resolved.name.partition("/")[2]):
        found = litellm.model_cost.get(name)
        if isinstance(found, Mapping):
            return prices_from(found)
    return None
