"""Which model does which task, with what parameters: the configuration file, read, checked and resolved.

The format is that of the system before this one: ``models.default``, ``models.registry``, ``roles``, ``tasks``, and the
sections ``optimization`` and ``evaluation``, which are kept as they are. Source: domain rules, section 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from runs_app.domain.errors import ModelConfigError, ModelKeyMissing

TEMPERATURE_VARIABLE = "DSPY_TEMPERATURE"
USUAL_TIMEOUT_SECONDS = 60.0
MAX_FALLBACKS = 5
# Parameters that may change an answer's price or kind; others are handed on as they are.
_NUMBERS = {"temperature": (0.0, 2.0), "top_p": (0.0, 1.0)}


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A model of the registry. ``name`` is LiteLLM's (``provider/model``), ``base_url`` an address of one's own."""

    name: str
    key_variables: tuple[str, ...] = ()
    timeout_seconds: float = USUAL_TIMEOUT_SECONDS
    parameters: Mapping[str, Any] = field(default_factory=dict)
    base_url: str = ""
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """What a group of tasks has in common: the usual model and parameters that go before the registry's."""

    name: str
    model: str = ""
    description: str = ""
    capabilities: tuple[str, ...] = ()
    parameter_overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One task: its model (empty: that of its role) and its own parameters."""

    name: str
    model: str = ""
    role: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """The model of a task with everything that a call needs but the key itself.

    ``parameters`` are in force after every override; ``key_variables`` are tried in order (none: no key is needed);
    ``fallbacks`` are tried in order when the model fails for good.
    """

    name: str
    parameters: Mapping[str, Any]
    timeout_seconds: float
    key_variables: tuple[str, ...] = ()
    base_url: str = ""
    fallbacks: tuple["ResolvedModel", ...] = ()

    def key(self, environment: Mapping[str, str]) -> str:
        """Return the key from the first variable that is set, or an empty string when none is needed.

        Raises:
            ModelKeyMissing: a key is needed and no variable holds one; the message names what to set.
        """
        for variable in self.key_variables:
            if value := environment.get(variable, "").strip():
                return value
        if not self.key_variables:
            return ""
        first, *others = self.key_variables
        also = f" (or {' or '.join(others)})" if others else ""
        raise ModelKeyMissing(
            f"{self.name} needs a key. Set {first}{also} in the environment, then try again."
        )


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The whole configuration; ``optimization`` and ``evaluation`` are kept as they were written."""

    default: str
    registry: Mapping[str, RegisteredModel]
    roles: Mapping[str, Role] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    optimization: Mapping[str, Any] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)

    def resolve(
        self, task_name: str, *, environment: Mapping[str, str], model: str = "", role: str = ""
    ) -> ResolvedModel:
        """Return the model of a task. Later wins: registry, role, task, ``DSPY_TEMPERATURE``.

        ``model`` takes the place of the configured one (as ``--model`` does), and may be any name that LiteLLM knows;
        ``role`` is that of a task which the file does not name.

        Raises:
            ModelConfigError: ``DSPY_TEMPERATURE`` is no temperature.
        """
        task = self.tasks.get(task_name, Task(task_name, role=role))
        acting = self.roles.get(task.role or role, Role(""))
        name = model or task.model or acting.model or self.default
        overrides = {**acting.parameter_overrides, **task.parameters, **_temperature(environment)}
        return self._resolved(name, overrides, seen=frozenset({name}))

    def _resolved(self, key: str, overrides: Mapping[str, Any], seen: frozenset[str]) -> ResolvedModel:
        """Return a model with its fallbacks; those in ``seen``, the models that led here, are not gone back to."""
        registered = self.registry.get(key, RegisteredModel(key, _usual_variables(key)))
        return ResolvedModel(
            registered.name,
            {**registered.parameters, **overrides},
            registered.timeout_seconds,
            registered.key_variables,
            registered.base_url,
            tuple(
                self._resolved(other, overrides, seen | {other})
                for other in registered.fallbacks
                if other not in seen
            ),
        )


# Providers that answer nobody without a key, which is looked for under their name when the file does not say otherwise.
_KEYED = frozenset(
    [
        "anthropic",
        "cohere",
        "deepseek",
        "gemini",
        "groq",
        "mistral",
        "openai",
        "openrouter",
        "together_ai",
        "xai",
    ]
)


def _usual_variables(name: str) -> tuple[str, ...]:
    provider = name.partition("/")[0]
    return (f"{provider.upper()}_API_KEY",) if provider in _KEYED else ()


def _temperature(environment: Mapping[str, str]) -> dict[str, float]:
    raw = environment.get(TEMPERATURE_VARIABLE, "").strip()
    if not raw:
        return {}
    try:
        value = float(raw)
    except ValueError:
        value = -1.0
    low, high = _NUMBERS["temperature"]
    if not low <= value <= high:
        message = (
            f"{TEMPERATURE_VARIABLE} is {raw!r}; set it to a number from {low:g} to {high:g}, or unset it."
        )
        raise ModelConfigError(((TEMPERATURE_VARIABLE, message),))
    return {"temperature": value}


def read_model_config(text: str) -> ModelConfig:
    """Read the configuration from YAML.

    Raises:
        ModelConfigError: it cannot be used; every problem at once, each with its place such as ``tasks.skill_edit.model``.
    """
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        problem = getattr(error, "problem", "") or "it cannot be read"
        raise ModelConfigError(((place, f"This is no YAML: {problem}."),)) from error
    reader = _Reader()
    config = reader.config(data)
    if reader.problems or config is None:
        raise ModelConfigError(tuple(reader.problems))
    return config


class _Reader:
    """Reads plain data and collects what is wrong with it, each fault with its place."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def config(self, data: object) -> ModelConfig | None:
        whole = self._map(data, "the file")
        models = self._map(whole.get("models"), "models")
        registry = {
            name: self._model(name, self._map(entry, f"models.registry.{name}"))
            for name, entry in self._map(models.get("registry"), "models.registry").items()
        }
        roles = {
            name: self._role(name, self._map(entry, f"roles.{name}"))
            for name, entry in self._map(whole.get("roles") or {}, "roles").items()
        }
        tasks = {
            name: self._task(name, self._map(entry, f"tasks.{name}"), roles)
            for name, entry in self._map(whole.get("tasks") or {}, "tasks").items()
        }
        default = self._text(models, "default", "models")
        if not default and not any(place == "models" for place, _ in self.problems):
            self.problems.append(("models.default", "Name the model that does what no task or role says."))
        return ModelConfig(
            default,
            registry,
            roles,
            tasks,
            self._map(whole.get("optimization") or {}, "optimization"),
            self._map(whole.get("evaluation") or {}, "evaluation"),
        )

    def _model(self, name: str, data: Mapping[str, Any]) -> RegisteredModel:
        place = f"models.registry.{name}"
        variables = [self._text(data, key, place) for key in ("env", "env_fallback")]
        timeout = data.get("timeout", USUAL_TIMEOUT_SECONDS)
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= 3_600:
            self.problems.append(
                (f"{place}.timeout", f"Give the timeout in seconds, up to 3600; it is {timeout!r}.")
            )
            timeout = USUAL_TIMEOUT_SECONDS
        raw = data.get("fallbacks", [])
        fallbacks = tuple(raw) if isinstance(raw, list) and all(isinstance(one, str) for one in raw) else None
        if fallbacks is None or len(fallbacks) > MAX_FALLBACKS:
            self.problems.append((f"{place}.fallbacks", f"List at most {MAX_FALLBACKS} names of models."))
        return RegisteredModel(
            _litellm_name(name, self._text(data, "model", place)),
            tuple(variable for variable in variables if variable),
            float(timeout),
            self._parameters(data.get("parameters"), f"{place}.parameters"),
            self._text(data, "base_url", place),
            fallbacks or (),
        )

    def _role(self, name: str, data: Mapping[str, Any]) -> Role:
        place = f"roles.{name}"
        raw = data.get("capabilities") or []
        return Role(
            name,
            self._text(data, "model", place),
            self._text(data, "description", place),
            tuple(str(one) for one in raw) if isinstance(raw, list) else (),
            self._parameters(data.get("parameter_overrides"), f"{place}.parameter_overrides"),
        )

    def _task(self, name: str, data: Mapping[str, Any], roles: Mapping[str, Role]) -> Task:
        place = f"tasks.{name}"
        role = self._text(data, "role", place)
        if role and role not in roles:
            known = ", ".join(roles) or "none"
            self.problems.append((f"{place}.role", f"There is no role {role!r}; the roles are {known}."))
        return Task(
            name,
            self._text(data, "model", place),
            role,
            self._parameters(data.get("parameters"), f"{place}.parameters"),
        )

    def _parameters(self, data: object, place: str) -> dict[str, Any]:
        found = self._map(data or {}, place)
        for name, (low, high) in _NUMBERS.items():
            value = found.get(name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                self.problems.append(
                    (f"{place}.{name}", f"Give a number from {low:g} to {high:g}; it is {value!r}.")
                )
        limit = found.get("max_tokens")
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            self.problems.append((f"{place}.max_tokens", f"Give a whole number of tokens; it is {limit!r}."))
        return dict(found)

    def _map(self, data: object, place: str) -> dict[str, Any]:
        if isinstance(data, Mapping) and all(isinstance(key, str) for key in data):
            return dict(data)
        kind = "missing" if data is None else f"a {type(data).__name__}"
        self.problems.append((place, f"This must be a map of names to values; it is {kind}."))
        return {}

    def _text(self, data: Mapping[str, Any], key: str, place: str) -> str:
        value = data.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.problems.append((f"{place}.{key}", f"Give it as text; it is {value!r}."))
            return ""
        return value.strip()


def _litellm_name(key: str, model: str) -> str:
    """Return LiteLLM's name: the registry's key names the provider, ``model`` may be written with or without it."""
    if not model or "/" not in key or "/" in model:
        return model or key
    return f"{key.partition('/')[0]}/{model}"
