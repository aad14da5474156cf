"""Signing in and out, the lock-out, passwords and sessions."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from fleet_site.one_time_link import make_link
from skills_app.models import AuditEntry
from tests.fleet_site.conftest import PASSWORD

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_name_and_password_sign_in_and_lead_on(client: Client, cast: dict[str, User]) -> None:
    response = client.post(SIGN_IN, {"username": "ada", "password": PASSWORD, "next": "/keys/"})

    assert response.status_code == 302
    assert response["Location"] == "/keys/"
    assert is_signed_in(client)


def test_the_way_on_never_leads_to_another_site(client: Client, cast: dict[str, User]) -> None:
    response = client.post(
        SIGN_IN, {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"}
    )

    assert response["Location"] == "/"


@pytest.mark.parametrize(("username", "password"), [("ada", "wrong"), ("nobody", "wrong"), ("ada", "")])
def test_a_wrong_pair_gets_422_and_one_sentence(
    client: Client, cast: dict[str, User], username: str, password: str
) -> None:
    response = client.post(SIGN_IN, {"username": username, "password": password})

    assert response.status_code == 422
    assert not is_signed_in(client)
    if password:
        assert "do not belong together" in response.content.decode()


def test_too_many_failures_lock_the_name_from_there_with_a_clear_page(
    client: Client, cast: dict[str, User]
) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert client.post(SIGN_IN, {"username": "ada", "password": "wrong"}).status_code == 422

    locked = client.post(SIGN_IN, {"username": "ada", "password": "wrong"})
    right = client.post(SIGN_IN, {"username": "ada", "password": PASSWORD})

    assert (locked.status_code, right.status_code) == (429, 429)
    assert "locked for 15 minutes" in right.content.decode()
    assert not is_signed_in(client)
    other = Client().post(SIGN_IN, {"username": "ben", "password": PASSWORD})
    assert other.status_code == 302


def test_a_locked_person_still_signs_in_by_link(client: Client, cast: dict[str, User]) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        client.post(SIGN_IN, {"username": "ada", "password": "wrong"})

    client.post(make_link(cast["ada"]))

    assert is_signed_in(client)


def test_signing_out_takes_a_post(client_of: Callable[[str], Client]) -> None:
    client = client_of("ada")

    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == SIGN_IN
    assert not is_signed_in(client)


def test_a_look_at_a_link_does_not_use_it_up(client: Client, cast: dict[str, User]) -> None:
    link = make_link(cast["ada"])

    assert "Sign in as ada" in client.get(link).content.decode()
    assert not is_signed_in(client)
    assert client.post(link).status_code == 302
    assert is_signed_in(client)


def test_a_used_link_is_said_to_be_used(client: Client, cast: dict[str, User]) -> None:
    link = make_link(cast["ada"])
    client.post(link)

    for method in ("get", "post"):
        other = Client()
        response = getattr(other, method)(link)
        assert response.status_code == 410
        assert "manage.py sign_in_link" in response.content.decode()
        assert not is_signed_in(other)


def test_who_came_by_link_sets_a_password_without_the_old_one_once(
    client: Client, cast: dict[str, User]
) -> None:
    client.post(make_link(cast["ada"]))

    page = client.get("/account/password/").content.decode()
    response = client.post(
        "/account/password/",
        {"new_password1": "quite-another-phrase", "new_password2": "quite-another-phrase"},
    )

    assert "old_password" not in page
    assert response.status_code == 302
    assert User.objects.get(username="ada").check_password("quite-another-phrase")
    assert "old_password" in client.get("/account/password/").content.decode()
    assert AuditEntry.objects.filter(verb="changed_password", target_key="ada").count() == 1


def test_who_came_by_password_must_know_the_old_one(client: Client, cast: dict[str, User]) -> None:
    client.post(SIGN_IN, {"username": "ada", "password": PASSWORD})
    new = {"new_password1": "quite-another-phrase", "new_password2": "quite-another-phrase"}

    assert client.post("/account/password/", {"old_password": "wrong", **new}).status_code == 422
    assert client.post("/account/password/", {"old_password": PASSWORD, **new}).status_code == 302


def test_a_new_password_ends_the_other_sessions(cast: dict[str, User]) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        client.post(SIGN_IN, {"username": "ada", "password": PASSWORD})
    new = {"new_password1": "quite-another-phrase", "new_password2": "quite-another-phrase"}

    here.post("/account/password/", {"old_password": PASSWORD, **new})

    assert here.get("/account/sessions/").status_code == 200
    assert there.get("/account/sessions/").status_code == 302


def test_sessions_are_listed_for_their_owner_and_ended_one_by_one(cast: dict[str, User]) -> None:
    here, there, of_ben = Client(), Client(headers={"User-Agent": "Mozilla (Windows) Firefox/140"}), Client()
    for client, name in ((here, "ada"), (there, "ada"), (of_ben, "ben")):
        client.post(SIGN_IN, {"username": name, "password": PASSWORD})

    response = here.get("/account/sessions/")
    rows = response.context["sessions"]
    other = next(row for row in rows if not row.is_this)
    here.post("/account/sessions/end/", {"mark": other.mark})

    assert len(rows) == 2
    assert other.browser == "Firefox on Windows"
    assert there.session.session_key not in response.content.decode()
    assert there.get("/account/sessions/").status_code == 302
    assert here.get("/account/sessions/").status_code == 200
    assert of_ben.get("/account/sessions/").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(cast: dict[str, User]) -> None:
    ada, ben = Client(), Client()
    for client, name in ((ada, "ada"), (ben, "ben")):
        client.post(SIGN_IN, {"username": name, "password": PASSWORD})
    mark = ben.get("/account/sessions/").context["sessions"][0].mark

    ada.post("/account/sessions/end/", {"mark": mark})

    assert Session.objects.count() == 2
    assert ben.get("/account/sessions/").status_code == 200


def test_djangos_admin_pages_have_no_second_sign_in(
    client: Client, client_of: Callable[[str], Client]
) -> None:
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/sign-in/?next=%2Fadmin%2F"
    assert client_of("ada").get("/admin/", follow=True).status_code == 403


def test_a_fragment_for_somebody_signed_out_sends_the_whole_page_to_the_sign_in(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/skills/?q=a"}

    response = client.get(reverse("site:search_results"), {"q": "a"}, headers=headers)

    assert response.status_code == 204
    assert response["HX-Redirect"] == "/sign-in/?next=/skills/%3Fq%3Da"
