"""What happens outside of change-sets to a skill that was merged away."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from skills_app.domain.change_sets.operations import MergeSkills, Operation, Rename
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.errors import ChangeConflicts
from skills_app.domain.promotion import BlockerKind
from skills_app.models import PlacementChange, Skill
from skills_app.queries.promotion_blockers import promotion_blockers
from skills_app.services.apply_change import apply_change, undo_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.make_skill import make_skill
from skills_app.services.record_audit import record_audit

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    for path in ("a/x", "b/x"):
        make_skill(path=path)
    return User.objects.create_user("ben")


def skill_key(path: str) -> str:
    return Skill.objects.get(path=path).key


def done(actor: User, *operations: Operation) -> PlacementChange:
    change = draft_change(operations=operations, actor=actor)
    preview_change(change=change)
    return apply_change(change=change, actor=actor, expected_digest=change.digest)


STATES = ("promoted_version", "withdrew_skill", "deprecated_skill", "reactivated_skill")


@pytest.mark.parametrize("verb", STATES)
def test_an_undo_names_who_published_or_retired_what_was_merged(ben: User, verb: str) -> None:
    skill = Skill.objects.get(path="a/x")
    change = done(ben, MergeSkills((skill.key,), skill_key("b/x")))
    Skill.objects.filter(pk=skill.pk).update(status="active")
    record_audit(
        verb=verb,
        target_kind="skill",
        target_key=skill.key,
        actor_name="carol",
        before={"status": "archived"},
        after={"status": "active"},
    )
    words = r"was changed outside of change-sets: .+ \(archived → active\) by carol, "
    with pytest.raises(ChangeConflicts, match=words):
        undo_change(change=change, actor=ben)


def test_what_was_merged_away_is_not_published_until_the_merge_is_undone(ben: User) -> None:
    skill = Skill.objects.get(path="a/x")
    version = skill.versions.create(
        number=1, digest="d", content_digest="c", origin="run", made_at=timezone.now()
    )

    def found() -> list[str]:
        version.skill.refresh_from_db()
        blockers = promotion_blockers(version, today=timezone.now().date())
        return [one.sentence for one in blockers if one.kind is BlockerKind.MERGED]

    assert found() == []
    change = done(ben, MergeSkills((skill.key,), skill_key("b/x")))
    done(ben, Rename(Kind.SKILL, skill_key("b/x"), "z"))
    (sentence,) = found()
    assert sentence.startswith("The skill was merged into b/z, ")
    undo_change(change=change, actor=ben)
    assert found() == []
    Skill.objects.filter(pk=skill.pk).update(status="archived")
    assert found() == []
