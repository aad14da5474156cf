"""How good a document is, by named scorers in named versions; two scorers are never drawn as one line."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from skills_app.domain.documents import SkillDocument
from skills_app.domain.scoring.fleet1 import SCORER as FLEET1_SCORER
from skills_app.domain.scoring.fleet1 import VERSION as FLEET1_VERSION
from skills_app.domain.scoring.fleet1 import score_fleet1
from skills_app.domain.scoring.reference import SCORER as REFERENCE_SCORER
from skills_app.domain.scoring.reference import VERSION as REFERENCE_VERSION
from skills_app.domain.scoring.reference import score_reference
from skills_app.domain.scoring.score import Dimension, Evidence, Measure, Score

SCORERS: Mapping[str, Callable[[str | SkillDocument], Score]] = MappingProxyType(
    {FLEET1_SCORER: score_fleet1, REFERENCE_SCORER: score_reference}
)
SCORER_VERSIONS: Mapping[str, str] = MappingProxyType(
    {FLEET1_SCORER: FLEET1_VERSION, REFERENCE_SCORER: REFERENCE_VERSION}
)

__all__ = [
    "FLEET1_SCORER",
    "REFERENCE_SCORER",
    "SCORERS",
    "SCORER_VERSIONS",
    "Dimension",
    "Evidence",
    "Measure",
    "Score",
    "score_fleet1",
    "score_reference",
]
