"""Who may promote what lives where, for reviews that are approved and wait for it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q

from skills_app.domain.enums import Role
from skills_app.domain.reviewing.assignment import PROMOTING_ROLES
from skills_app.models import Review, RoleGrant


@dataclass(frozen=True, slots=True)
class Promoters:
    """The names of those who may promote, each with the branch ("" for the whole library), and of admins, who may as well."""

    grants: tuple[tuple[str, str], ...]
    admins: tuple[str, ...]

    def in_turn(self, branch: str, owners: Iterable[str]) -> tuple[str, ...]:
        """Return who promotes in ``branch``: owners who may, else everybody whose role reaches it, else admins."""
        reaching = {name for name, of in self.grants if not of or branch == of or branch.startswith(f"{of}/")}
        mine = [name for name in dict.fromkeys(owners) if name in reaching or name in self.admins]
        return tuple(mine or sorted(reaching) or self.admins)


def promoters() -> Promoters:
    """Return who may promote anywhere; two queries."""
    rows = RoleGrant.objects.filter(role__in=PROMOTING_ROLES, user__is_active=True)
    admin = RoleGrant.objects.filter(role=Role.ADMIN, category=None).values("user")
    admins = User.objects.filter(Q(is_superuser=True) | Q(pk__in=admin), is_active=True)
    return Promoters(
        tuple((name, path or "") for name, path in rows.values_list("user__username", "category__path")),
        tuple(admins.order_by("username").values_list("username", flat=True)),
    )


def branch_of_review(review: Review) -> str:
    """Return the path of the branch that the skill of a review lives in, empty at the top."""
    category = review.version.skill.category
    return category.path if category else ""
