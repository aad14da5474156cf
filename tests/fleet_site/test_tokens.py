"""Access tokens: shown once, kept as a digest, good for a time, revoked by their owner alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from fleet_site.tokens import (
    MOST_LIVE,
    PREFIX,
    TokenError,
    live_tokens,
    make_token,
    revoke_token,
    user_of_access_token,
)
from skills_app.models import AccessToken, AuditEntry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ClientOf = Callable[[str], Client]


@pytest.fixture
def eve() -> User:
    return User.objects.create_user("eve")


def test_a_token_is_kept_only_as_a_digest_and_made_anew_each_time(eve: User) -> None:
    first = make_token(user=eve, name="ci", days=30, now=NOW)
    second = make_token(user=eve, name="nightly", days=30, now=NOW)

    assert first.token.startswith(PREFIX)
    assert len(first.token) > len(PREFIX) + 40
    assert first.token != second.token
    kept = [str(value) for row in AccessToken.objects.values() for value in row.values()]
    kept += [str(value) for row in AuditEntry.objects.values() for value in row.values()]
    assert not any(first.token in value or second.token in value for value in kept)
    assert user_of_access_token(first.token, now=NOW) == eve
    verbs = AuditEntry.objects.filter(target_key="eve").values_list("verb", "after")
    assert list(verbs) == [("made_token", {"token": "nightly"}), ("made_token", {"token": "ci"})]


def test_a_token_ends_with_its_time(eve: User) -> None:
    made = make_token(user=eve, name="ci", days=7, now=NOW)

    assert user_of_access_token(made.token, now=NOW + timedelta(days=6, hours=23)) == eve
    assert user_of_access_token(made.token, now=NOW + timedelta(days=7)) is None
    assert not live_tokens(eve, now=NOW + timedelta(days=7)).exists()
    with pytest.raises(KeyError):
        make_token(user=eve, name="for ever", days=100_000, now=NOW)


def test_the_last_use_is_noted_at_most_once_a_minute(eve: User) -> None:
    made = make_token(user=eve, name="ci", days=7, now=NOW)

    def used(seconds: int) -> datetime | None:
        user_of_access_token(made.token, now=NOW + timedelta(seconds=seconds))
        made.row.refresh_from_db()
        return made.row.last_used_at

    assert made.row.last_used_at is None
    assert used(1) == NOW + timedelta(seconds=1)
    assert used(60) == NOW + timedelta(seconds=1)
    assert used(61) == NOW + timedelta(seconds=61)


def test_only_its_owner_revokes_a_token_and_only_once(eve: User) -> None:
    made = make_token(user=eve, name="ci", days=7, now=NOW)
    other = User.objects.create_user("mallory")

    assert revoke_token(user=other, token_id=made.row.pk, now=NOW) is None
    assert user_of_access_token(made.token, now=NOW) == eve
    assert revoke_token(user=eve, token_id=made.row.pk, now=NOW) is not None
    assert user_of_access_token(made.token, now=NOW) is None
    assert revoke_token(user=eve, token_id=made.row.pk, now=NOW) is None
    assert AuditEntry.objects.filter(verb="revoked_token").count() == 1


def test_live_names_differ_and_there_is_an_end_to_them(eve: User) -> None:
    made = make_token(user=eve, name="ci", days=7, now=NOW)
    with pytest.raises(TokenError, match="already"):
        make_token(user=eve, name="ci", days=7, now=NOW)
    revoke_token(user=eve, token_id=made.row.pk, now=NOW)
    for number in range(MOST_LIVE):
        make_token(user=eve, name=f"ci{number or ''}", days=7, now=NOW)
    with pytest.raises(TokenError, match=f"{MOST_LIVE} tokens"):
        make_token(user=eve, name="one more", days=7, now=NOW)


def test_the_page_shows_a_new_token_once_and_never_again(client_of: ClientOf, client: Client) -> None:
    dan = client_of("dan")
    assert "No tokens" in dan.get("/account/tokens/").content.decode()

    response = dan.post("/account/tokens/", {"name": "ci", "days": "30"})

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    token = response.content.decode().split('value="' + PREFIX)[1].split('"')[0]
    read = client.get("/api/v1/skills/", headers={"Authorization": f"Bearer {PREFIX}{token}"})
    assert read.status_code == 200
    page = dan.get("/account/tokens/").content.decode()
    assert token not in page
    assert "Revoke<span" in page
    row = AccessToken.objects.get()
    assert (row.user.username, row.name, row.hint) == ("dan", "ci", token[-4:])


@pytest.mark.parametrize(
    "sent", [{"name": "", "days": "30"}, {"name": "ci", "days": "31"}, {"name": "ci"}, {"days": "30"}]
)
def test_a_form_that_cannot_be_used_makes_no_token(client_of: ClientOf, sent: dict[str, str]) -> None:
    assert client_of("dan").post("/account/tokens/", sent).status_code == 422
    assert not AccessToken.objects.exists()


def test_a_form_that_is_sent_twice_makes_one_token(client_of: ClientOf) -> None:
    dan = client_of("dan")
    sent = {"name": "ci", "days": "30"}

    assert [dan.post("/account/tokens/", sent).status_code for _ in range(2)] == [200, 422]
    assert AccessToken.objects.count() == 1


def test_a_token_is_revoked_on_the_page_by_its_owner_alone(client_of: ClientOf) -> None:
    dan = client_of("dan")
    dan.post("/account/tokens/", {"name": "ci", "days": "30"})
    row = AccessToken.objects.get()
    address = f"/account/tokens/{row.pk}/revoke/"

    client_of("eve").post(address)
    row.refresh_from_db()
    assert row.revoked_at is None
    assert "was revoked" in dan.post(address, follow=True).content.decode()
    assert "had ended already" in dan.post(address, follow=True).content.decode()
    assert "No tokens" in dan.get("/account/tokens/").content.decode()
