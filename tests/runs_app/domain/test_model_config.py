"""The configuration of models: the recorded file, the order in which settings win, and every fault with its place."""

import pytest

from runs_app.domain.errors import ModelConfigError, ModelKeyMissing
from runs_app.domain.model_config import ModelConfig, ResolvedModel, read_model_config
from tests.shared_data import shared_data

SMALL = """
models:
  default: maker/small
  registry:
    maker/small:
      model: small-1
      env: MAKER_KEY
      env_fallback: PROXY_KEY
      timeout: 20
      parameters: {temperature: 0.1, max_tokens: 100, seed: 1}
      fallbacks: [maker/large, maker/small]
    maker/large: {model: large-1, timeout: 120}
    ollama/tiny: {base_url: "http://127.0.0.1:11434"}
roles:
  worker:
    model: maker/large
    parameter_overrides: {temperature: 0.2, effort: low}
tasks:
  write: {role: worker, parameters: {effort: high}}
  judge: {model: ollama/tiny}
"""


@pytest.fixture
def config() -> ModelConfig:
    return read_model_config(SMALL)


def resolve(config: ModelConfig, task: str, model: str = "", **environment: str) -> ResolvedModel:
    return config.resolve(task, environment=environment, model=model)


def test_the_recorded_file_loads() -> None:
    config = read_model_config(shared_data("config", "config.yaml").read_text(encoding="utf-8"))

    found = resolve(config, "skill_plan")
    assert found.name == "gemini/gemini-3-flash-preview"
    assert found.parameters == {"temperature": 1.0, "max_tokens": 8192, "reasoning_effort": "high"}
    assert found.key_variables == ("GOOGLE_API_KEY", "LITELLM_API_KEY")
    assert found.timeout_seconds == 60
    assert set(config.roles) == {"router", "planner", "worker", "judge"}
    assert config.evaluation["thresholds"]["target_quality"] == 0.8
    assert config.optimization["default_optimizer"] == "miprov2"


def test_later_settings_win(config: ModelConfig) -> None:
    assert resolve(config, "write", "maker/small").parameters == {
        "temperature": 0.2,
        "max_tokens": 100,
        "seed": 1,
        "effort": "high",
    }
    assert resolve(config, "write", DSPY_TEMPERATURE="0.9").parameters["temperature"] == 0.9
    assert resolve(config, "unknown task").parameters["temperature"] == 0.1


@pytest.mark.parametrize(
    ("task", "model", "name"),
    [
        ("write", "", "maker/large-1"),
        ("judge", "", "ollama/tiny"),
        ("unknown task", "", "maker/small-1"),
        ("write", "maker/small", "maker/small-1"),
        ("write", "other/any", "other/any"),
    ],
)
def test_the_model_is_that_of_the_call_the_task_the_role_or_the_default(
    config: ModelConfig, task: str, model: str, name: str
) -> None:
    assert resolve(config, task, model).name == name


def test_a_task_without_a_line_of_its_own_takes_the_role_it_is_given(config: ModelConfig) -> None:
    found = config.resolve("new", environment={}, role="worker")
    assert (found.name, found.parameters["effort"]) == ("maker/large-1", "low")


def test_fallbacks_are_resolved_and_never_go_round(config: ModelConfig) -> None:
    found = resolve(config, "unknown task")
    assert [one.name for one in found.fallbacks] == ["maker/large-1"]
    assert found.fallbacks[0].timeout_seconds == 120


def test_a_key_comes_from_the_first_variable_that_is_set(config: ModelConfig) -> None:
    found = resolve(config, "unknown task")

    assert found.key({"MAKER_KEY": "a", "PROXY_KEY": "b"}) == "a"
    assert found.key({"MAKER_KEY": " ", "PROXY_KEY": "b"}) == "b"
    with pytest.raises(ModelKeyMissing, match=r"Set MAKER_KEY \(or PROXY_KEY\)"):
        found.key({})
    assert resolve(config, "judge").key({}) == ""
    assert resolve(config, "judge").base_url == "http://127.0.0.1:11434"


@pytest.mark.parametrize("raw", ["warm", "-1", "3", "nan"])
def test_a_temperature_that_is_none_is_refused(config: ModelConfig, raw: str) -> None:
    with pytest.raises(ModelConfigError, match="DSPY_TEMPERATURE"):
        resolve(config, "write", DSPY_TEMPERATURE=raw)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("- a", ["the file", "models", "models.registry"]),
        ("models: {default: 3, registry: {}}", ["models.default", "models.default"]),
        ("models: {registry: {}}", ["models.default"]),
        ("models: {default: a, registry: {a: {timeout: soon}}}", ["models.registry.a.timeout"]),
        ("models: {default: a, registry: {a: {timeout: -1}}}", ["models.registry.a.timeout"]),
        ("models: {default: a, registry: {a: {fallbacks: b}}}", ["models.registry.a.fallbacks"]),
        (
            "models: {default: a, registry: {a: {parameters: {temperature: 9, max_tokens: 0}}}}",
            ["models.registry.a.parameters.temperature", "models.registry.a.parameters.max_tokens"],
        ),
        ("models: {default: a, registry: {a: 1}}", ["models.registry.a"]),
        ("models: {default: a, registry: {}}\ntasks: {t: {role: r}}", ["tasks.t.role"]),
        (
            "models: {default: a, registry: {}}\nroles: {r: {parameter_overrides: [1]}}",
            ["roles.r.parameter_overrides"],
        ),
        ("models: {default: a, registry: {1: {}}}", ["models.registry"]),
        ("a: [", ["line 1, column 5"]),
    ],
)
def test_every_fault_is_said_with_its_place(text: str, places: list[str]) -> None:
    with pytest.raises(ModelConfigError) as caught:
        read_model_config(text)
    assert [place for place, _ in caught.value.problems] == places
    assert all(message.endswith(".") for _, message in caught.value.problems)
