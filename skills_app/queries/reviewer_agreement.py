"""What scores and reviewers said of the same versions, and so which scores a gate may block on."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, Protocol

from django.conf import settings

from skills_app.domain.agreement import NO_DOUBT, ReviewedVersion, ScoreKey, Trust, agreements_of
from skills_app.domain.gate_outcome import GateOutcome, Judged, ScoreValue, judge_gate
from skills_app.domain.gates import Gate, Kind, Waiver
from skills_app.domain.reviewing.verdicts import Decision
from skills_app.domain.scoring import REFERENCE_SCORER
from skills_app.models import QualityAssessment, Verdict

# A gate looks at so many versions, those with the newest verdicts: what people ask for changes with time.
MOST_REVIEWED = 200
_VERDICTS_A_VERSION = 4


class Trusts:
    """The trust in the scores of many gates; what people judged is read once, and only if a gate blocks on a score."""

    def __init__(self) -> None:
        self._reviewed: dict[bool, list[ReviewedVersion]] = {}
        self._found: dict[Gate, Trust] = {}

    def of(self, gate: Gate) -> Trust:
        """Return the trust in the scores that ``gate`` may block on, over the 200 versions judged last.

        None is doubted while ``FLEET_LEAST_AGREEMENT`` is 0.
        """
        if gate not in self._found:
            self._found[gate] = self._trust(gate)
        return self._found[gate]

    def judge(
        self,
        gate: Gate,
        judged: Judged,
        *,
        today: date,
        parent: Judged | None = None,
        waivers: Sequence[Waiver] = (),
    ) -> GateOutcome:
        """Return what ``judge_gate`` says with the trust in its scores; nothing is read unless a score keeps the gate shut."""
        outcome = judge_gate(gate, judged, today=today, parent=parent, waivers=waivers)
        if not outcome.is_shut_by_a_score:
            return outcome
        return judge_gate(gate, judged, today=today, parent=parent, waivers=waivers, trust=self.of(gate))

    def _trust(self, gate: Gate) -> Trust:
        wanted = {
            (one.subject, one.dimension)
            for one in gate.conditions
            if one.blocks and one.kind in (Kind.SCORE, Kind.SCORE_DROP)
        }
        if not wanted or not settings.FLEET_LEAST_AGREEMENT:
            return NO_DOUBT
        has_dimensions = any(dimension for _, dimension in wanted)
        if has_dimensions not in self._reviewed:
            self._reviewed[has_dimensions] = reviewed_versions(has_dimensions=has_dimensions)
        found = agreements_of(self._reviewed[has_dimensions])
        kept = {key: one for key, one in found.items() if (key.scorer, key.dimension) in wanted}
        return Trust(settings.FLEET_LEAST_AGREEMENT, kept)


class AssessmentScores(Protocol):
    """What ``gate_scores`` reads of an assessment: the row itself, or these columns of it."""

    @property
    def is_own(self) -> bool: ...
    @property
    def scorer(self) -> str: ...
    @property
    def scorer_version(self) -> str: ...
    @property
    def deterministic_score(self) -> float | None: ...
    @property
    def calibrated_score(self) -> float | None: ...
    @property
    def quality_score(self) -> float | None: ...
    @property
    def details(self) -> dict[str, Any]: ...


# Their columns, and the version's; the details only where dimensions are wanted.
_READ = (
    "version_id",
    "is_own",
    "scorer",
    "scorer_version",
    "deterministic_score",
    "calibrated_score",
    "quality_score",
)


def reviewed_versions(
    version_pks: Collection[int] | None = None, *, has_dimensions: bool = True
) -> list[ReviewedVersion]:
    """Return the versions with a verdict, of ``version_pks`` or the 200 judged last, with their scores as gates read them.

    The last verdict that was not undone decides; asking for changes and rejecting both count as not approved.
    """
    verdicts = Verdict.objects.filter(undone_at=None).order_by("-pk")
    if version_pks is not None:
        verdicts = verdicts.filter(version__in=version_pks)
    else:
        verdicts = verdicts[: MOST_REVIEWED * _VERDICTS_A_VERSION]
    approved: dict[int, bool] = {}
    for version_pk, decision in verdicts.values_list("version_id", "decision"):
        approved.setdefault(version_pk, decision == Decision.APPROVE)
    pks = list(approved) if version_pks is not None else list(approved)[:MOST_REVIEWED]
    scores = _scores_of(pks, has_dimensions=has_dimensions)
    return [ReviewedVersion(pk, scores.get(pk, {}), approved[pk]) for pk in pks]


def _scores_of(version_pks: list[int], *, has_dimensions: bool) -> dict[int, dict[ScoreKey, float]]:
    return {
        pk: _by_key(gate_scores(listed, has_dimensions=has_dimensions))
        for pk, listed in assessments_of(version_pks, has_dimensions=has_dimensions).items()
    }


def assessments_of(
    version_pks: Collection[int], *, has_dimensions: bool = True
) -> dict[int, list[AssessmentScores]]:
    """Return the assessments of each of these versions that has some, oldest first, as ``gate_scores`` reads them."""
    # Rows of bare values: a period holds thousands, and a model's instance costs three times as much.
    rows = QualityAssessment.objects.filter(version__in=version_pks).order_by("pk")
    columns = [*_READ, *(["details"] if has_dimensions else [])]
    by_version: dict[int, list[AssessmentScores]] = {}
    for row in rows.values_list(*columns, named=True):
        by_version.setdefault(row.version_id or 0, []).append(row)
    return by_version


def _by_key(scores: dict[str, ScoreValue]) -> dict[ScoreKey, float]:
    found = {}
    for scorer, score in scores.items():
        found[ScoreKey(scorer, score.version)] = score.value
        for name, value in score.dimensions.items():
            found[ScoreKey(scorer, score.version, name)] = value
    return found


def gate_scores(
    assessments: Iterable[AssessmentScores], *, has_dimensions: bool = True
) -> dict[str, ScoreValue]:
    """Return the scores of one version as gates read them, by scorer; ``assessments`` are all it has, oldest first.

    The calibrated score is the one that somebody gave the version, else the reference score, which it is in the records.
    """
    listed = list(assessments)
    scores: dict[str, ScoreValue] = {}
    for row in listed:
        if row.is_own and row.deterministic_score is not None:
            told: list[Any] = row.details.get("dimensions", []) if has_dimensions else []
            dimensions = {d["name"]: d["value"] for d in told}
            scores[row.scorer] = ScoreValue(row.deterministic_score, row.scorer_version, 0, dimensions)
    reference = scores.get(REFERENCE_SCORER)
    if reference is not None:
        scores["calibrated_score"] = reference
    for row in listed:
        if not row.is_own and row.calibrated_score is not None:
            # In the records the calibrated score is the reference score, computed by rule, whoever wrote it down.
            version = reference.version if reference else row.scorer_version
            scores["calibrated_score"] = ScoreValue(row.calibrated_score, version)
        if not row.is_own and row.quality_score is not None:
            scores["quality_score"] = ScoreValue(row.quality_score, row.scorer_version, 1)
    return scores
