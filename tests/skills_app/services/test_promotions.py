"""Promoting a version: what stops it, what is written where, and what happens when a process ends in the middle."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from skills_app.adapters.published_library import PublishedLibrary
from skills_app.domain.enums import DependencyKind, SkillStatus
from skills_app.domain.errors import PromotionBlocked, PromotionInvalid, PublishingConflict, PublishingError
from skills_app.domain.promotion import BlockerKind, PromotionState
from skills_app.domain.records import DependencyRecord, FileRecord
from skills_app.models import AuditEntry, Promotion, Skill, SkillVersion
from skills_app.queries.promotion_blockers import promotion_blockers
from skills_app.services import promote_version as promoting
from skills_app.services.import_library import import_library
from skills_app.services.judge_version import judge_version
from skills_app.services.place_skill import place_skill
from skills_app.services.prepare_promotion import GONE, Lying, prepare_promotion
from skills_app.services.retire_skill import deprecate_skill
from skills_app.services.set_dependencies import set_dependencies
from skills_app.services.settle_promotions import settle_promotions
from tests.skills_app import promotion_makers as made
from tests.skills_app import skill_makers as make
from tests.skills_app.promotion_makers import NOW

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def ben() -> User:
    return made.people()[0]


@pytest.fixture
def version(ben: User, root: Path) -> SkillVersion:
    return made.ready()


def fresh(version: SkillVersion) -> Skill:
    return Skill.objects.get(pk=version.skill_id)


def index(root: Path) -> dict[str, dict[str, object]]:
    return json.loads((root / "taxonomy_index.json").read_text())["skills"]


def kinds(version: SkillVersion) -> list[BlockerKind]:
    judge_version(version=version)
    found = promotion_blockers(made.version_of(version.skill, version.number), today=TODAY)
    return [one.kind for one in found]


def test_an_approved_version_becomes_active_and_lies_in_the_folder(version: SkillVersion, root: Path) -> None:
    promotion = made.promote(version)

    skill = fresh(version)
    assert (promotion.state, promotion.semantic_version) == (PromotionState.PUBLISHED, "1.0.0")
    assert (promotion.digest, promotion.promoted_by_name) == (version.digest, "ben")
    assert promotion.published_at is not None
    assert (skill.status, skill.current_version_id) == (SkillStatus.ACTIVE, version.pk)
    assert made.files_in(root, "python/async") == {
        "SKILL.md": version.content.encode(),
        "references/guide.md": b"# Guide\n\nHow to go on.\n",
    }
    entry = index(root)[skill.external_id]
    assert (entry["canonical_path"], entry["status"], entry["version"]) == ("python/async", "active", "1.0.0")
    assert entry["digest"] == f"sha256:{version.digest}"


def test_the_change_is_written_down_and_the_review_closed(version: SkillVersion, ben: User) -> None:
    made.promote(version, summary="The first one.")

    entry = AuditEntry.objects.get(verb="promoted_version")
    assert (entry.actor, entry.before["status"], entry.after["status"]) == (ben, "draft", "active")
    assert (entry.after["version"], entry.reason) == ("1.0.0", "The first one.")
    assert version.reviews.get().status == "closed"


def test_the_next_version_is_numbered_by_what_changed_and_supersedes_the_last(
    version: SkillVersion, root: Path
) -> None:
    first = made.promote(version)
    second = made.promote(made.next_ready(fresh(version), "Quite other advice."))

    first.refresh_from_db()
    assert (second.semantic_version, first.state) == ("1.0.1", PromotionState.SUPERSEDED)
    assert "Async” changed" in second.summary
    assert b"Quite other advice." in made.files_in(root, "python/async")["SKILL.md"]
    assert index(root)[fresh(version).external_id]["version"] == "1.0.1"


def test_a_file_that_went_is_a_major_change_and_goes_from_the_folder(
    version: SkillVersion, root: Path
) -> None:
    made.promote(version)

    second = made.promote(made.next_ready(fresh(version), "Some advice.", files=()))

    assert second.semantic_version == "2.0.0"
    assert set(made.files_in(root, "python/async")) == {"SKILL.md"}


@pytest.mark.parametrize("number", ["1.0.0", "0.9.0", "2", "later"])
def test_a_number_that_is_not_later_is_refused(number: str, version: SkillVersion) -> None:
    made.promote(version)

    with pytest.raises(PromotionInvalid) as caught:
        made.promote(made.next_ready(fresh(version), "Other advice."), semantic_version=number)

    assert caught.value.field == "semantic_version"
    assert Promotion.objects.count() == 1


# What stands in the way


def test_a_version_that_nobody_approved_is_not_promoted(version: SkillVersion, root: Path) -> None:
    draft = made.next_draft(fresh(version), "Not looked at.")

    with pytest.raises(PromotionBlocked, match="Nobody asked for a review"):
        made.promote(draft)

    assert not (root / "python").exists()
    assert not Promotion.objects.exists()


def test_an_override_needs_the_permission_and_a_reason_and_is_kept(version: SkillVersion) -> None:
    draft = made.next_draft(fresh(version), "In a hurry.")

    with pytest.raises(PromotionBlocked):
        made.promote(draft, reason="in a hurry")
    with pytest.raises(PromotionInvalid, match="Say why"):
        made.promote(draft, may_override=True)
    promotion = made.promote(draft, may_override=True, reason="the fix cannot wait")

    assert promotion.reason == "the fix cannot wait"
    assert promotion.overridden == ["Nobody asked for a review of this version."]
    assert AuditEntry.objects.get(verb="promoted_version").after["overridden"] == promotion.overridden


def test_what_the_rehearsal_model_wrote_needs_an_override(ben: User, root: Path) -> None:
    content = make.document("tried").replace("  version: 1.0.0\n", '  version: 1.0.0\n  rehearsal: "true"\n')
    version = made.ready("a/tried", content=content)

    assert kinds(version) == [BlockerKind.REHEARSAL]
    with pytest.raises(PromotionBlocked, match="rehearsal model"):
        made.promote(version)
    assert made.promote(version, may_override=True, reason="to show it").state == PromotionState.PUBLISHED


def test_missing_dependencies_and_cycles_stop_it(version: SkillVersion) -> None:
    other = made.ready("python/other").skill
    required = DependencyKind.REQUIRED
    set_dependencies(skill=version.skill, dependencies=[DependencyRecord(required, "python/nowhere")])

    assert kinds(version) == [BlockerKind.DEPENDENCY]

    set_dependencies(skill=version.skill, dependencies=[DependencyRecord(required, "python/other")])
    set_dependencies(skill=other, dependencies=[DependencyRecord(required, "python/async")])
    Skill.objects.filter(pk=other.pk).update(status=SkillStatus.ACTIVE)

    assert kinds(version) == [BlockerKind.CYCLE]
    with pytest.raises(PromotionBlocked, match="python/async → python/other → python/async"):
        made.promote(version, may_override=True, reason="all the same")


def test_what_is_only_recommended_is_said_and_stops_nothing(version: SkillVersion) -> None:
    recommended = DependencyRecord(DependencyKind.RECOMMENDED, "python/nowhere")
    set_dependencies(skill=version.skill, dependencies=[recommended])
    judge_version(version=version)

    prepared = prepare_promotion(version, today=TODAY)

    assert prepared.blockers == ()
    assert prepared.notes == ("The recommended skill 'python/nowhere' does not exist.",)


def test_what_could_not_lie_in_a_folder_stops_it_for_everybody(ben: User, root: Path) -> None:
    lost = FileRecord("assets/large.bin", 10_000_000, "f" * 64, None)
    files = (made.GUIDE, lost, make.text_file("examples/SKILL.md", "# Another\n"))
    version = made.ready("a/odd", files=files)

    assert kinds(version)[0] == BlockerKind.NOT_KEPT
    with pytest.raises(PromotionBlocked, match="large.bin were not kept"):
        made.promote(version, may_override=True, reason="all the same")


def test_a_one_file_skill_is_not_promoted(ben: User, root: Path) -> None:
    skill = make.skill("_core/one", content='{"skill_id": "_core/one"}', content_kind="json")

    assert kinds(made.version_of(skill)) == [BlockerKind.ONE_FILE]


def test_what_is_published_is_not_promoted_again(version: SkillVersion) -> None:
    made.promote(version)

    assert BlockerKind.PUBLISHED in kinds(version)
    with pytest.raises(PromotionBlocked, match="nothing to promote"):
        made.promote(version, may_override=True, reason="again")


# What people do in the folder


def test_a_change_on_disk_is_never_overwritten_and_becomes_a_draft(version: SkillVersion, root: Path) -> None:
    made.promote(version)
    theirs = root / "python/async/SKILL.md"
    theirs.write_text(version.content.replace("Some advice.", "Their own advice."))
    second = made.next_ready(fresh(version), "Our next advice.")

    with pytest.raises(PublishingConflict, match="in no version yet"):
        made.promote(second)
    result = import_library(root=root)

    assert result.updated == ("python/async",)
    skill = fresh(version)
    draft = skill.versions.first()
    assert (draft.number, draft.origin, draft.message) == (3, "library", "Changed on disk at python/async")
    assert "Their own advice." in draft.content
    assert skill.current_version_id == version.pk
    assert "Their own advice." in theirs.read_text()


def test_what_is_held_as_a_version_is_replaced_when_the_person_agrees(
    version: SkillVersion, root: Path
) -> None:
    made.promote(version)
    (root / "python/async/SKILL.md").write_text(version.content.replace("Some advice.", "Their own."))
    import_library(root=root)
    next_one = made.next_ready(fresh(version), "Our next advice.")
    place = prepare_promotion(next_one, today=TODAY).place

    assert (place.lying, place.version.number) == (Lying.HELD, 2)
    with pytest.raises(PublishingConflict, match="holds version 2"):
        made.promote(next_one)
    promotion = made.promote(next_one, agreement=place.agreement)

    assert promotion.state == PromotionState.PUBLISHED
    assert b"Our next advice." in made.files_in(root, "python/async")["SKILL.md"]


def test_a_draft_from_disk_can_be_promoted_as_it_lies_there(version: SkillVersion, root: Path) -> None:
    made.promote(version)
    (root / "python/async/SKILL.md").write_text(version.content.replace("Some advice.", "Their own."))
    import_library(root=root)
    theirs = made.approved(made.version_of(version.skill, 2))

    assert made.promote(theirs).semantic_version == "1.0.1"
    assert b"Their own." in made.files_in(root, "python/async")["SKILL.md"]


def test_a_folder_that_people_removed_is_written_again_only_when_agreed(
    version: SkillVersion, root: Path
) -> None:
    made.promote(version)
    for file in [*(root / "python/async/references").iterdir(), root / "python/async/SKILL.md"]:
        file.unlink()

    with pytest.raises(PublishingConflict, match="is gone"):
        made.promote(version)
    again = made.promote(version, agreement=GONE)

    assert again.semantic_version == "1.0.0"
    assert set(made.files_in(root, "python/async")) == {"SKILL.md", "references/guide.md"}


def test_a_scan_of_what_we_published_finds_nothing_new(version: SkillVersion, root: Path) -> None:
    made.promote(version)

    result = import_library(root=root)

    assert (result.created, result.updated, result.unchanged) == ((), (), ("python/async",))
    assert result.problems == ()


def test_a_skill_that_moved_lies_in_one_place_only(version: SkillVersion, root: Path) -> None:
    made.promote(version)
    place_skill(skill=version.skill, path="async/python", actor_name="ben")

    again = made.promote(made.version_of(fresh(version)))

    assert (again.semantic_version, again.overridden) == ("1.0.0", [])

    assert not (root / "python/async").exists()
    assert set(made.files_in(root, "async/python")) == {"SKILL.md", "references/guide.md"}
    entry = index(root)[fresh(version).external_id]
    assert (entry["canonical_path"], entry["aliases"]) == ("async/python", ["python/async"])
    assert import_library(root=root).unchanged == ("async/python",)


def test_a_skill_that_was_found_elsewhere_in_the_folder_moves_to_its_home(ben: User, root: Path) -> None:
    old = root / "technical/async_code"
    old.mkdir(parents=True)
    (old / "SKILL.md").write_text(make.document("async"))
    entry = {"canonical_path": "python/async", "aliases": ["technical/async_code"], "owner": "red"}
    (root / "taxonomy_index.json").write_text(json.dumps({"skills": {"py-async": entry}}))
    import_library(root=root)
    skill = Skill.objects.get(path="python/async")

    promotion = made.promote(made.approved(made.version_of(skill)))

    assert promotion.index_id == "py-async"
    assert set(made.files_in(root, "python/async")) == {"SKILL.md"}
    assert not (root / "technical").exists()
    assert index(root)["py-async"]["owner"] == "red"
    assert import_library(root=root).problems == ()


def test_an_old_place_that_people_changed_stops_it_until_it_is_taken_in(ben: User, root: Path) -> None:
    old = root / "technical/async_code"
    old.mkdir(parents=True)
    (old / "SKILL.md").write_text(make.document("async"))
    entry = {"canonical_path": "python/async", "aliases": ["technical/async_code"]}
    (root / "taxonomy_index.json").write_text(json.dumps({"skills": {"py-async": entry}}))
    import_library(root=root)
    version = made.approved(made.version_of(Skill.objects.get()))
    (old / "SKILL.md").write_text(make.document("async", "Their own."))

    with pytest.raises(PublishingConflict, match="in no version yet"):
        made.promote(version)

    assert "Their own." in (old / "SKILL.md").read_text()
    assert not (root / "python").exists()


def test_other_modes_on_disk_are_no_dead_end(version: SkillVersion, root: Path) -> None:
    made.promote(version)
    (root / "python/async/references/guide.md").chmod(0o755)
    second = made.next_ready(fresh(version), "Other advice.")

    place = prepare_promotion(second, today=TODAY).place
    assert (place.lying, place.version) == (Lying.HELD, version)
    made.promote(second, agreement=place.agreement)

    assert (root / "python/async/references/guide.md").stat().st_mode & 0o111 == 0


def test_a_moved_skill_leaves_a_changed_folder_only_when_a_version_holds_the_change(
    version: SkillVersion, root: Path
) -> None:
    made.promote(version)
    place_skill(skill=version.skill, path="async/python", actor_name="ben")
    theirs = root / "python/async/SKILL.md"
    theirs.write_text(version.content.replace("Some advice.", "Their own."))

    with pytest.raises(PublishingConflict, match="in no version yet"):
        made.promote(made.version_of(fresh(version)))
    import_library(root=root)
    notes = prepare_promotion(made.version_of(fresh(version)), today=TODAY).notes
    made.promote(made.version_of(fresh(version)))

    assert notes == ("python/async is an old place of this skill, held as version 2; that folder goes.",)
    assert not theirs.exists()
    assert (root / "async/python/SKILL.md").read_bytes() == version.content.encode()


# Refusals and sudden ends


@pytest.mark.django_db(transaction=True)
def test_people_who_promote_at_once_do_so_one_after_the_other(root: Path) -> None:
    made.people()
    one, other = made.ready(), made.ready("web/forms")

    def promote(version: SkillVersion) -> str:
        try:
            return made.promote(version).state
        except PromotionBlocked as error:
            return str(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        outcomes = sorted(pool.map(promote, [one, one, other]))

    assert outcomes[1:] == ["published", "published"]
    assert "There is nothing to promote" in outcomes[0]
    assert {entry["canonical_path"] for entry in index(root).values()} == {"python/async", "web/forms"}
    for promotion in Promotion.objects.all():
        assert PublishedLibrary(root).state_of(promotion.path).digest == promotion.folder_digest


def test_a_folder_that_refuses_leaves_everything_as_it_was(
    version: SkillVersion, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_library: PublishedLibrary, _publication: object) -> None:
        raise PublishingError("There is no room on the disk.")

    monkeypatch.setattr(PublishedLibrary, "publish", full)

    with pytest.raises(PublishingError, match="no room"):
        made.promote(version)

    promotion = Promotion.objects.get()
    assert (promotion.state, promotion.problem) == (
        PromotionState.FAILED,
        "There is no room on the disk.",
    )
    assert fresh(version).status == SkillStatus.DRAFT
    assert version.reviews.get().status == "approved"


@pytest.mark.parametrize(
    ("dies_in", "state"),
    [
        ("publish", PromotionState.FAILED),
        ("_stage", PromotionState.FAILED),
        ("_finish", PromotionState.PUBLISHED),
        ("note_published", PromotionState.PUBLISHED),
    ],
)
def test_a_process_that_ends_in_the_middle_is_settled_by_the_next_look(
    dies_in: str, state: PromotionState, version: SkillVersion, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(promoting if dies_in == "note_published" else PublishedLibrary, dies_in, die)
        with pytest.raises(KeyboardInterrupt):
            made.promote(version)
    assert Promotion.objects.get().state == PromotionState.WRITING

    assert settle_promotions() == 1
    assert settle_promotions() == 0

    is_there = state is PromotionState.PUBLISHED
    assert Promotion.objects.get().state == state
    assert fresh(version).status == (SkillStatus.ACTIVE if is_there else SkillStatus.DRAFT)
    assert (root / "python/async/SKILL.md").exists() is is_there
    assert AuditEntry.objects.filter(verb="promoted_version").count() == is_there


def test_deprecated_skills_can_be_promoted_to_be_active_again(version: SkillVersion, ben: User) -> None:
    made.promote(version)
    deprecate_skill(skill=fresh(version), actor=ben, reason="old")

    made.promote(made.next_ready(fresh(version), "Better advice."))

    assert fresh(version).status == SkillStatus.ACTIVE
