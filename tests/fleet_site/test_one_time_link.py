"""One-time links: signed, for one person, once, within the hour."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from fleet_site import one_time_link
from fleet_site.one_time_link import first_admin, make_link, use_token, user_of_token

pytestmark = pytest.mark.django_db


def token_of(user: User) -> str:
    return make_link(user).rstrip("/").rpartition("/")[2]


def test_a_link_belongs_to_its_person_and_is_not_used_up_by_a_look() -> None:
    user = User.objects.create_user("ada")
    token = token_of(user)

    assert user_of_token(token) == user
    assert user_of_token(token) == user


def test_a_link_works_once() -> None:
    token = token_of(User.objects.create_user("ada"))

    assert use_token(token) is not None
    assert use_token(token) is None
    assert user_of_token(token) is None


def test_a_link_works_once_for_somebody_who_signed_in_the_same_second() -> None:
    now = timezone.now().replace(microsecond=1)
    user = User.objects.create_user("ada", last_login=now)
    token = token_of(user)

    User.objects.filter(pk=user.pk).update(last_login=now.replace(microsecond=2))

    assert user_of_token(token) is None


def test_of_two_uses_at_once_one_gets_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    user = User.objects.create_user("ada")
    token = token_of(user)
    stale = User.objects.get(pk=user.pk)
    assert use_token(token) is not None
    monkeypatch.setattr(one_time_link, "user_of_token", lambda text: stale)

    assert use_token(token) is None


def test_a_link_ends_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_of(User.objects.create_user("ada"))
    tokens = one_time_link._tokens
    for minutes, is_good in ((59, True), (61, False)):
        later = datetime.now() + timedelta(minutes=minutes)
        monkeypatch.setattr(tokens, "_now", lambda at=later: at)
        assert (user_of_token(token) is not None) is is_good


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"password": "changed"}, {"last_login": timezone.now()}]
)
def test_a_link_ends_with_a_deactivation_a_new_password_or_a_sign_in(change: dict[str, object]) -> None:
    user = User.objects.create_user("ada")
    token = token_of(user)

    User.objects.filter(pk=user.pk).update(**change)

    assert user_of_token(token) is None


@pytest.mark.parametrize(
    "token", ["", ".", "1", "1.", "zzzzzzzzzzzzzzzzzzzz.x", "1.abc-def", "ä.ö", "../../x", "1.\x00"]
)
def test_what_is_no_token_signs_nobody_in(token: str) -> None:
    User.objects.create_user("ada")

    assert user_of_token(token) is None


def test_a_token_of_one_person_does_not_sign_in_another() -> None:
    ada, ben = User.objects.create_user("ada"), User.objects.create_user("ben")
    signed = token_of(ada).partition(".")[2]
    other = token_of(ben).partition(".")[0]

    assert user_of_token(f"{other}.{signed}") is None


def test_the_first_admin_is_made_once_and_takes_no_name_that_is_taken() -> None:
    User.objects.create_user("admin")

    made = first_admin()

    assert made.username == "admin2"
    assert made.is_superuser
    assert not made.has_usable_password()
    assert first_admin() == made
