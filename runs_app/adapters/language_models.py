"""Language models by LiteLLM, as DSPy asks them: built from what the configuration resolved for a task.

Prices come from LiteLLM's own table on disk; nothing is looked up on the network (see ``OFFLINE_SWITCHES`` of the site).
"""

from collections.abc import Mapping
from typing import Any

from runs_app.adapters.rehearsal_lm import rehearsal_lm
from runs_app.domain.model_config import ResolvedModel
from runs_app.domain.rehearsal import NAME as REHEARSAL
from runs_app.domain.spending import Price, prices_from

# Another try after a rate limit, a server's fault or a broken line, with growing waits between.
RETRIES = 3


def language_model(resolved: ResolvedModel, *, environment: Mapping[str, str], retries: int = RETRIES) -> Any:
    """Return a ``dspy.LM`` for a resolved model; the rehearsal model when that is the one that was named.

    Any provider of LiteLLM, Ollama, and any OpenAI-compatible address (``base_url`` with an ``openai/`` name) by settings
    alone. Answers are never cached: what was stored is not asked again, and what is asked is asked.

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
    return dspy.LM(
        resolved.name, engine="litellm", cache=False, num_retries=retries, **connection, **resolved.parameters
    )


def price_of(resolved: ResolvedModel) -> Price | None:
    """Return the price of a model from LiteLLM's local table, or None when the table does not know it."""
    import litellm

    for name in (resolved.name, resolved.name.partition("/")[2]):
        found = litellm.model_cost.get(name)
        if isinstance(found, Mapping):
            return prices_from(found)
    return None
