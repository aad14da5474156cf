"""Model calls to be traced, and what was kept of them."""

import asyncio
import json
from pathlib import Path
from typing import Any

from runs_app.adapters.rehearsal_lm import rehearsal_lm


def of_generation(number: int, *, step: str = "content") -> dict[str, Any]:
    """What a service says of the calls of a generation's step."""
    tags = {"skill_fleet.generation": str(number), "skill_fleet.step": step}
    return {"run_key": f"generation-{number}", "tags": tags}


async def ask(task: str, *, lm: Any = None) -> str:
    """Ask the rehearsal model, or another one, as the pipeline does."""
    import dspy

    adapter = dspy.ChatAdapter(use_json_adapter_fallback=False)
    with dspy.context(lm=lm or rehearsal_lm(), adapter=adapter):
        return str((await dspy.Predict("task -> answer").acall(task=task)).answer)


def gather(tasks: list[str]) -> None:
    """Ask in DSPy's own threads."""
    import dspy

    with dspy.context(lm=rehearsal_lm()):
        program = dspy.Predict("task -> answer")
        pairs = [(program, dspy.Example(task=task).with_inputs("task")) for task in tasks]
        dspy.Parallel(num_threads=2, disable_progress_bar=True)(pairs)


class _Failing:
    def __init__(self, message: str | None) -> None:
        self.message = message

    async def complete(self, request: Any) -> Any:
        if self.message is None:
            await asyncio.sleep(60)
        raise RuntimeError(self.message)


class _Unasked:
    def complete(self, request: Any) -> Any:
        raise AssertionError("only the other way is used")


def failing(message: str | None) -> Any:
    """A model that raises ``message``, or, without one, does not answer."""
    import dspy

    return dspy.LM("failing", engine=_Unasked(), async_engine=_Failing(message), cache=False, num_retries=0)


def kept(folder: Path) -> list[dict[str, Any]]:
    """Return the traces of a folder, oldest first."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]


def _prompt(trace: dict[str, Any]) -> str:
    return str(json.loads(trace["data"]["spans"][0]["attributes"]["mlflow.spanInputs"])["task"])


def prompts(folder: Path) -> list[str]:
    """Return what was asked in the traces of a folder."""
    return [_prompt(trace) for trace in kept(folder)]


def ones_with(folder: Path, key: str) -> list[str]:
    """Return what was asked for the run that carries ``key``."""
    return [
        _prompt(trace) for trace in kept(folder) if trace["info"]["trace_metadata"]["skill_fleet.key"] == key
    ]
