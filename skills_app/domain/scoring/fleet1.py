"""Our own score, scorer ``fleet-1``: it reads what a document does, whatever it calls its sections.

Seven dimensions, each 0 to 1 with the passages it rests on; the score is their weighted mean. What each looks
for and why stands in ``templates/docs/explanation/fleet_1_scorer.md``; the numbers stand in ``fleet1_rules``.
"""

from collections.abc import Callable

from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.scoring import fleet1_rules as rules
from skills_app.domain.scoring.fleet1_content import contrast, disclosure, examples, guidance
from skills_app.domain.scoring.fleet1_form import size, structure, trigger_clarity
from skills_app.domain.scoring.fleet1_reading import MAX_EVIDENCE, Part, Reading, read
from skills_app.domain.scoring.score import Dimension, Evidence, Measure, Score

SCORER = "fleet-1"
VERSION = "1.0"

_DIMENSIONS: dict[str, Callable[[Reading], list[Part]]] = {
    "trigger_clarity": trigger_clarity,
    "structure": structure,
    "examples": examples,
    "guidance": guidance,
    "contrast": contrast,
    "disclosure": disclosure,
    "size": size,
}


def score_fleet1(source: str | SkillDocument) -> Score:
    """Return the ``fleet-1`` score of a SKILL.md, as text or parsed, each dimension with its evidence by line.

    Values 0 to 1; never raises on a text, and takes time linear in its length. The measures are the value of each
    dimension and of each of its parts, as ``dimension`` and ``dimension.part``.
    """
    reading = read(parse_document(source) if isinstance(source, str) else source)
    measures: dict[str, Measure] = {}
    dimensions = tuple(_dimension(name, reading, measures) for name in _DIMENSIONS)
    total = sum(rules.WEIGHTS.values())
    value = sum(dimension.value * rules.WEIGHTS[dimension.name] for dimension in dimensions) / total
    weak = tuple(d.advice for d in dimensions if d.value < rules.LIMITS["issue_below"])
    strong = tuple(f"{d.title}: {d.reason}" for d in dimensions if d.value >= rules.LIMITS["strength_from"])
    return Score(SCORER, VERSION, min(max(value, 0.0), 1.0), measures, weak, strong, dimensions)


def _dimension(name: str, reading: Reading, measures: dict[str, Measure]) -> Dimension:
    parts = _DIMENSIONS[name](reading)
    shares = rules.SHARES.get(name, {})
    value = min(sum(shares.get(part.name, 1.0) * part.value for part in parts), 1.0)
    measures[name] = round(value, 6)
    for part in parts:
        measures[f"{name}.{part.name}"] = round(part.value, 6)
    reason = "; ".join(part.reason for part in parts) + "."
    evidence = sorted(_few([part.evidence for part in parts]), key=lambda item: item.line)
    return Dimension(
        name,
        rules.TITLES[name],
        round(value, 6),
        rules.WEIGHTS[name],
        reason[0].upper() + reason[1:],
        rules.ADVICE[name],
        tuple(evidence),
    )


def _few(of_parts: list[tuple[Evidence, ...]]) -> list[Evidence]:
    """Return at most MAX_EVIDENCE passages, taken from the parts in turn, so that none crowds out another."""
    taken: list[Evidence] = []
    for rank in range(MAX_EVIDENCE):
        for evidence in of_parts:
            if rank < len(evidence) and len(taken) < MAX_EVIDENCE:
                taken.append(evidence[rank])
    return taken
