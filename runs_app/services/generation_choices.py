"""What may be chosen when a skill is asked for: models, programs, branches, and the ceiling that is usual."""

from collections.abc import Mapping
from dataclasses import dataclass

from runs_app.adapters.language_models import ConfiguredModels
from runs_app.adapters.model_settings import model_config, model_environment, model_names, program_names
from runs_app.domain.errors import ModelError
from runs_app.domain.generation import STEP_TASKS
from runs_app.domain.prompts import PromptKind
from runs_app.services.request_generation import always_asked, unheld_ceilings, usual_ceiling
from skills_app.models import Category

MOST_BRANCHES = 500


@dataclass(frozen=True, slots=True)
class GenerationChoices:
    """``models`` begin with the default; ``problem`` says why none can be chosen; people are asked at ``required`` always."""

    models: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    ceiling_usd: float | None = None
    problem: str = ""
    required: tuple[PromptKind, ...] = ()

    @property
    def default_model(self) -> str:
        """The model that is asked unless another is chosen."""
        return self.models[0] if self.models else ""


@dataclass(frozen=True, slots=True)
class ChosenModels:
    """The models that a choice leads to, as a generation keeps them; ``problem`` says why they cannot be asked.

    ``warning`` names the ceilings that cannot stop them.
    """

    names: str = ""
    is_rehearsal: bool = False
    problem: str = ""
    warning: str = ""


def generation_choices() -> GenerationChoices:
    """Return what may be chosen now; files are read anew, and a broken one is told instead of raised."""
    branches = tuple(Category.objects.order_by("path").values_list("path", flat=True)[:MOST_BRANCHES])
    try:
        models, problem = model_names(), ""
    except ModelError as error:
        models, problem = (), str(error)
    return GenerationChoices(models, program_names(), branches, usual_ceiling(), problem, always_asked())


def chosen_models(*, models: Mapping[str, str], ceiling_usd: float | None = None) -> ChosenModels:
    """Return the models that ``models`` (task to name, ``""`` for all) leads to; a missing key is told, not raised."""
    try:
        found = ConfiguredModels(model_config(), environment=model_environment(), chosen=models)
        names = ", ".join(found.names_for(dict(STEP_TASKS.values())))[:128]
        return ChosenModels(names, found.is_rehearsal, warning=unheld_ceilings(found, ceiling_usd))
    except ModelError as error:
        return ChosenModels(problem=str(error))
