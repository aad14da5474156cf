"""Deprecating, withdrawing and restoring."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from skills_app.adapters.published_library import PublishedLibrary
from skills_app.domain.enums import DependencyKind, SkillStatus, VersionOrigin
from skills_app.domain.errors import PromotionBlocked, PromotionInvalid, PublishingConflict
from skills_app.domain.promotion import PromotionState
from skills_app.domain.records import DependencyRecord
from skills_app.models import AuditEntry, Promotion, Skill, SkillVersion, ValidationReport
from skills_app.services import retire_skill as retiring
from skills_app.services.import_library import import_library
from skills_app.services.restore_version import restore_version
from skills_app.services.retire_skill import deprecate_skill, reactivate_skill, withdraw_skill
from skills_app.services.set_dependencies import set_dependencies
from skills_app.services.settle_promotions import settle_promotions
from tests.skills_app import promotion_makers as made
from tests.skills_app import skill_makers as make
from tests.skills_app.promotion_makers import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    return made.people()[0]


@pytest.fixture
def published(ben: User, root: Path) -> Skill:
    version = made.ready()
    made.promote(version)
    return Skill.objects.get(pk=version.skill_id)


def entries(root: Path) -> dict[str, dict[str, object]]:
    return json.loads((root / "taxonomy_index.json").read_text())["skills"]


def test_a_deprecated_skill_stays_in_the_folder_and_says_what_takes_its_place(
    published: Skill, ben: User, root: Path
) -> None:
    other = make.skill("python/better")

    assert deprecate_skill(skill=published, actor=ben, reason="There is a better one.", replaced_by=other)
    assert not deprecate_skill(skill=published, actor=ben, reason="again")

    entry = entries(root)[published.external_id]
    assert (entry["status"], entry["replaced_by"]) == ("deprecated", "python/better")
    assert (root / "python/async/SKILL.md").exists()
    assert Skill.objects.get(pk=published.pk).status == SkillStatus.DEPRECATED
    audit = AuditEntry.objects.get(verb="deprecated_skill")
    assert (audit.reason, audit.after["replaced_by"]) == ("There is a better one.", "python/better")


def test_a_deprecation_is_taken_back(published: Skill, ben: User, root: Path) -> None:
    deprecate_skill(skill=published, actor=ben, reason="old")

    assert reactivate_skill(skill=published, actor=ben, reason="still needed")

    assert Skill.objects.get(pk=published.pk).status == SkillStatus.ACTIVE
    assert entries(root)[published.external_id]["status"] == "active"


def test_a_scan_does_not_take_a_deprecation_back(published: Skill, ben: User, root: Path) -> None:
    deprecate_skill(skill=published, actor=ben, reason="old")

    import_library(root=root)

    assert Skill.objects.get(pk=published.pk).status == SkillStatus.DEPRECATED


def test_each_asks_for_a_reason_and_a_skill_it_can_hold_for(published: Skill, ben: User) -> None:
    draft = make.skill("a/draft")
    Skill.objects.filter(pk=draft.pk).update(status="draft")
    draft.refresh_from_db()

    for call in (deprecate_skill, reactivate_skill):
        with pytest.raises(PromotionInvalid, match="Say why"):
            call(skill=published, actor=ben, reason=" ")
    with pytest.raises(PromotionInvalid, match="Say why"):
        withdraw_skill(skill=published, actor=ben, reason="", now=NOW)
    with pytest.raises(PromotionInvalid, match="is draft"):
        deprecate_skill(skill=draft, actor=ben, reason="r")
    with pytest.raises(PromotionInvalid, match="not published"):
        withdraw_skill(skill=draft, actor=ben, reason="r", now=NOW)
    with pytest.raises(PromotionInvalid, match="its own place"):
        deprecate_skill(skill=published, actor=ben, reason="r", replaced_by=published)


def test_a_skill_of_an_imported_folder_is_deprecated_without_a_promotion(ben: User, root: Path) -> None:
    skill = make.skill("a/one")

    assert deprecate_skill(skill=skill, actor=ben, reason="old")

    assert not root.exists()


def test_a_withdrawn_skill_is_gone_from_folder_and_index_and_its_versions_stay(
    published: Skill, ben: User, root: Path
) -> None:
    promotion = withdraw_skill(skill=published, actor=ben, reason="It is wrong.", now=NOW)

    assert (promotion.state, promotion.end_reason) == (PromotionState.WITHDRAWN, "It is wrong.")
    assert not (root / "python").exists()
    assert entries(root) == {}
    skill = Skill.objects.get(pk=published.pk)
    assert (skill.status, skill.num_versions) == (SkillStatus.ARCHIVED, 1)
    assert AuditEntry.objects.get(verb="withdrew_skill").reason == "It is wrong."


def test_a_skill_that_gave_its_id_away_is_withdrawn_without_the_heirs_entry(
    published: Skill, ben: User, root: Path
) -> None:
    index_id = published.external_id
    Skill.objects.filter(pk=published.pk).update(external_id="", status=SkillStatus.ARCHIVED)
    data = json.loads((root / "taxonomy_index.json").read_text())
    data["skills"] = {index_id: {"canonical_path": "python/heir"}}
    (root / "taxonomy_index.json").write_text(json.dumps(data))

    withdraw_skill(skill=Skill.objects.get(pk=published.pk), actor=ben, reason="merged", now=NOW)

    assert entries(root) == {index_id: {"canonical_path": "python/heir"}}
    assert not (root / "python/async").exists()


def test_a_skill_without_an_id_is_still_found_in_the_index(published: Skill, ben: User, root: Path) -> None:
    Skill.objects.filter(pk=published.pk).update(external_id="", status=SkillStatus.ARCHIVED)

    withdraw_skill(skill=Skill.objects.get(pk=published.pk), actor=ben, reason="merged", now=NOW)

    assert entries(root) == {}


def test_the_same_version_comes_back_under_its_number(published: Skill, ben: User) -> None:
    withdraw_skill(skill=published, actor=ben, reason="r", now=NOW)
    version = made.approved(made.version_of(published))

    again = made.promote(version)

    assert (again.semantic_version, again.state) == ("1.0.0", PromotionState.PUBLISHED)


def test_what_others_require_is_withdrawn_only_knowingly(published: Skill, ben: User) -> None:
    other = make.skill("python/needs")
    needs = [DependencyRecord(DependencyKind.REQUIRED, "python/async")]
    set_dependencies(skill=other, dependencies=needs)

    with pytest.raises(PromotionBlocked, match="python/needs requires it"):
        withdraw_skill(skill=published, actor=ben, reason="r", now=NOW)
    done = withdraw_skill(skill=published, actor=ben, reason="r", now=NOW, despite_dependents=True)

    assert done.state == PromotionState.WITHDRAWN


def test_what_people_changed_on_disk_is_not_withdrawn(published: Skill, ben: User, root: Path) -> None:
    (root / "python/async/SKILL.md").write_text("theirs\n")

    with pytest.raises(PublishingConflict):
        withdraw_skill(skill=published, actor=ben, reason="r", now=NOW)

    assert (root / "python/async/SKILL.md").read_text() == "theirs\n"
    assert Promotion.objects.get().state == PromotionState.PUBLISHED
    assert Skill.objects.get(pk=published.pk).status == SkillStatus.ACTIVE


def test_what_people_changed_is_withdrawn_once_a_version_holds_it(
    published: Skill, ben: User, root: Path
) -> None:
    theirs = root / "python/async/SKILL.md"
    theirs.write_text(theirs.read_text().replace("Some advice.", "Their own."))
    import_library(root=root)

    withdraw_skill(skill=published, actor=ben, reason="r", now=NOW)

    assert not theirs.exists()
    assert published.versions.filter(content__contains="Their own.").count() == 1


@pytest.mark.parametrize(
    ("dies_in", "state"),
    [
        ("_stage", PromotionState.PUBLISHED),
        ("_finish", PromotionState.WITHDRAWN),
        ("note_withdrawn", PromotionState.WITHDRAWN),
    ],
)
def test_a_withdrawal_cut_off_in_the_middle_is_settled(
    dies_in: str,
    state: PromotionState,
    published: Skill,
    ben: User,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retiring if dies_in == "note_withdrawn" else PublishedLibrary, dies_in, die)
        with pytest.raises(KeyboardInterrupt):
            withdraw_skill(skill=published, actor=ben, reason="wrong", now=NOW)

    assert settle_promotions() == 1

    assert Promotion.objects.get().state == state
    assert (root / "python/async").exists() == (state is PromotionState.PUBLISHED)
    expected = SkillStatus.ACTIVE if state is PromotionState.PUBLISHED else SkillStatus.ARCHIVED
    assert Skill.objects.get(pk=published.pk).status == expected


def test_an_old_version_is_restored_as_a_new_draft_and_judged_today(published: Skill, ben: User) -> None:
    made.next_draft(published, "A step in the wrong direction.")
    old = made.version_of(published)

    new = restore_version(version=old, actor=ben, reason="The new one misleads.", now=NOW)

    assert (new.number, new.origin, new.digest) == (3, VersionOrigin.RESTORE, old.digest)
    assert new.parent == old, "a draft that somebody else is at is left alone"
    assert new.message == "Restored from version 1: The new one misleads."
    assert [file.path for file in new.files.all()] == ["references/guide.md"]
    assert ValidationReport.objects.filter(version=new, is_own=True).exists()
    assert Skill.objects.get(pk=published.pk).current_version_id == old.pk


def test_restoring_says_why_and_never_repeats_the_newest(published: Skill, ben: User) -> None:
    old = made.version_of(published)

    with pytest.raises(PromotionInvalid, match="Version 1, the newest"):
        restore_version(version=old, actor=ben, reason="r", now=NOW)
    made.next_draft(published, "Other.")
    with pytest.raises(PromotionInvalid, match="Say why"):
        restore_version(version=old, actor=ben, reason=" ", now=NOW)
    restore_version(version=old, actor=ben, reason="r", now=NOW)
    with pytest.raises(PromotionInvalid, match="Version 3, the newest"):
        restore_version(version=old, actor=ben, reason="r", now=NOW)

    assert SkillVersion.objects.filter(skill=published).count() == 3


def test_a_restored_version_is_promoted_like_any_other(published: Skill, ben: User) -> None:
    made.promote(made.next_ready(published, "A wrong turn."))
    new = restore_version(version=made.version_of(published), actor=ben, reason="back", now=NOW)

    promotion = made.promote(made.approved(made.version_of(published, new.number)))

    assert promotion.semantic_version == "1.0.2"
    assert Skill.objects.get(pk=published.pk).current_version_id == new.pk
