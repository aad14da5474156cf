"""Say what promoting a version would mean: what stands in the way, what it would be called, and what lies in its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from skills_app.adapters.published_library import PublishedLibrary
from skills_app.domain.paths import is_path
from skills_app.domain.promotion import Blocker, BlockerKind
from skills_app.domain.published_files import digest_of_files
from skills_app.domain.release_proposal import ReleaseProposal
from skills_app.models import Promotion, Skill, SkillVersion
from skills_app.queries.dependency_graph import dependency_problems
from skills_app.queries.promotion_blockers import promotion_blockers
from skills_app.queries.published import (
    VersionFiles,
    files_of_version,
    last_promotion,
    library_root,
    release_of_version,
    standing_promotion,
)

GONE = "nothing"


class Lying(StrEnum):
    """What lies where a version is to be written."""

    EXPECTED = "expected"
    HELD = "held"
    GONE = "gone"
    UNKNOWN = "unknown"
    OBSTACLE = "obstacle"


@dataclass(frozen=True, slots=True)
class Place:
    """What lies in a skill's place of the library folder, and a sentence where it is not what we left there.

    ``agreement`` is what a person agrees to replace by sending it back; empty when nothing is to be agreed upon.
    """

    path: str
    lying: Lying
    digest: str
    sentence: str = ""
    version: SkillVersion | None = None

    @property
    def agreement(self) -> str:
        """The folder digest, or a word for an empty place, that goes with the person's agreement."""
        if self.lying is Lying.GONE:
            return GONE
        return self.digest if self.lying is Lying.HELD else ""

    @property
    def held_as(self) -> str:
        """Where its content is kept, in words."""
        return f"version {self.version.number}" if self.version else "what was published"

    @property
    def is_closed(self) -> bool:
        """Whether nobody may write there before something was done about it."""
        return self.lying in (Lying.UNKNOWN, Lying.OBSTACLE)


@dataclass(frozen=True, slots=True)
class PreparedPromotion:
    """Everything that a decision to promote rests on; ``notes`` say what is worth knowing and stops nothing.

    ``old_places`` are other folders of the library where the skill lies: where it was published before it moved, and where
    it was found on disk; they go with the promotion.
    """

    version: SkillVersion
    files: VersionFiles
    blockers: tuple[Blocker, ...]
    proposal: ReleaseProposal
    place: Place
    old_places: tuple[Place, ...]
    standing: Promotion | None
    last: Promotion | None
    notes: tuple[str, ...] = ()

    @property
    def can_override(self) -> bool:
        """Whether all that stands in the way may be overridden by somebody."""
        return all(one.can_override for one in self.blockers)

    @property
    def is_same_content(self) -> bool:
        """Whether it says what was published last."""
        return self.last is not None and self.last.digest == self.version.digest


def prepare_promotion(version: SkillVersion, *, today: date) -> PreparedPromotion:
    """Return what promoting ``version`` today would mean; it is to be judged beforehand. Writes nothing.

    Raises:
        PublishingError: the library folder cannot be read.
    """
    files = files_of_version(version)
    standing, last = standing_promotion(version.skill), last_promotion(version.skill)
    expected = standing.folder_digest if standing and standing.path == version.skill.path else ""
    place = place_of(version.skill, version.skill.path, expected, digest_of_files(files.files))
    blockers = promotion_blockers(version, today=today)
    blockers = tuple(one for one in blockers if not _is_settled(one, version, place, standing))
    notes = [problem.message for problem in dependency_problems(version) if not problem.blocks]
    old_places = tuple(_old_places(version.skill, standing))
    place = next((one for one in old_places if one.is_closed), place)
    notes += [
        f"{one.path} is an old place of this skill, held as {one.held_as}; that folder goes."
        for one in old_places
        if not one.is_closed and one.digest
    ]
    proposal = release_of_version(version, last)
    return PreparedPromotion(
        version, files, blockers, proposal, place, old_places, standing, last, tuple(notes)
    )


def _is_settled(blocker: Blocker, version: SkillVersion, place: Place, standing: Promotion | None) -> bool:
    """Say whether a blocker does not count, because the very version is published already.

    Moving its folder after the skill has moved, or writing it again where it is gone, decides nothing new.
    """
    if standing is None or standing.digest != version.digest:
        return False
    if blocker.kind is BlockerKind.PUBLISHED:
        return place.lying is not Lying.EXPECTED
    return blocker.kind in (BlockerKind.REVIEW, BlockerKind.REHEARSAL)


def _old_places(skill: Skill, standing: Promotion | None) -> Iterator[Place]:
    """Yield the places that the skill has left, but for those where nothing lies."""
    moved_from = standing.path if standing and standing.path != skill.path else ""
    if moved_from and standing is not None:
        yield place_of(skill, moved_from, standing.folder_digest)
    for path in skill.aliases.order_by("path").values_list("path", flat=True):
        if is_path(path) and path not in (moved_from, skill.path):
            place = place_of(skill, path, "")
            if place.digest:
                yield place


def place_of(skill: Skill, path: str, expected: str, wanted: str = "") -> Place:
    """Return what lies at ``path``, where ``expected`` was left and ``wanted`` is to lie; both are folder digests.

    Raises:
        PublishingError: the library folder cannot be read.
    """
    root = library_root()
    state = PublishedLibrary(root).state_of(path)
    where = root / path
    if state.obstacles:
        sentence = f"In {where}, {state.obstacles[0]}, which publishing would remove. Move it away first."
        return Place(path, Lying.OBSTACLE, state.digest, sentence)
    if state.digest == expected or (state.digest and state.digest == wanted):
        return Place(path, Lying.EXPECTED, state.digest)
    if not state.digest:
        return Place(
            path, Lying.GONE, "", f"{where} is gone, though it was published. Promoting writes it again."
        )
    version = skill.versions.filter(digest=state.version_digest).order_by("-number").first()
    if version is None:
        sentence = (
            f"{where} was changed on disk, and that change is in no version yet. Take it in first: it becomes a draft "
            "version, and nothing is lost."
        )
        return Place(path, Lying.UNKNOWN, state.digest, sentence)
    sentence = f"{where} holds version {version.number}, which was not published like that from here."
    return Place(path, Lying.HELD, state.digest, sentence, version)
