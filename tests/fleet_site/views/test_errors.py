"""Pages for what went wrong: in the site's look, with the next step."""

from collections.abc import Callable

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from fleet_site.views import errors, finding

pytestmark = pytest.mark.django_db
ClientOf = Callable[[str], Client]


def test_a_missing_page_says_what_to_do(client_of: ClientOf) -> None:
    response = client_of("dan").get("/nothing/here/")

    assert response.status_code == 404
    assert "the search finds what is there" in response.content.decode()


def test_a_missing_document_says_where_all_are(client_of: ClientOf) -> None:
    assert "at /docs/." in client_of("dan").get("/docs/how_to/nothing/").content.decode()


def test_a_form_from_elsewhere_is_refused_with_the_next_step(client_of: ClientOf) -> None:
    client = Client(enforce_csrf_checks=True)

    response = client.post("/sign-in/", {"username": "ada", "password": "x"})

    assert response.status_code == 403
    assert "load the page again" in response.content.decode()


def test_a_fault_of_ours_is_shown_without_the_database(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Callable[[int], object]
) -> None:
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        response = errors.failed(RequestFactory().get("/"))

    assert response.status_code == 500
    assert "Nothing that was saved before is lost" in response.content.decode()
    assert "Traceback" not in response.content.decode()


def test_a_view_that_breaks_gets_that_page(client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str, *, limit: int) -> list[object]:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(finding, "search_everything", broken)
    client = client_of("dan")
    client.raise_request_exception = False

    response = client.get("/search/?q=x")

    assert response.status_code == 500
    assert "a secret detail" not in response.content.decode()
    assert "Something went wrong here" in response.content.decode()


def test_a_strange_host_gets_400(client: Client) -> None:
    response = client.get("/sign-in/", headers={"host": "evil.example"})

    assert response.status_code == 400


def test_a_fragment_gets_the_status_and_no_half_page(client_of: ClientOf) -> None:
    response: HttpResponse = client_of("dan").get("/people/", headers={"HX-Request": "true"})

    assert response.status_code == 403
    assert isinstance(response.wsgi_request, HttpRequest)  # type: ignore[attr-defined]
