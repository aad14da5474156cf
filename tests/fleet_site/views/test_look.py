"""The theme, the keys and the style guide."""

from collections.abc import Callable

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
ClientOf = Callable[[str], Client]


def test_the_theme_is_kept_in_a_cookie_and_rendered_by_the_server(client: Client) -> None:
    assert 'data-theme="auto"' in client.get("/sign-in/").content.decode()

    response = client.post("/theme/", {"theme": "dark", "next": "/sign-in/"})

    assert response["Location"] == "/sign-in/"
    assert 'data-theme="dark"' in client.get("/sign-in/").content.decode()


def test_an_unknown_theme_is_not_kept(client: Client) -> None:
    client.post("/theme/", {"theme": '"><script>'})

    assert "fleet_theme" not in client.cookies
    client.cookies["fleet_theme"] = '"><script>'
    assert 'data-theme="auto"' in client.get("/sign-in/").content.decode()


def test_the_theme_switch_never_leads_to_another_site(client: Client) -> None:
    assert client.post("/theme/", {"theme": "dark", "next": "https://evil.example/"})["Location"] == "/"


def test_the_theme_switch_answers_htmx_without_a_page(client: Client) -> None:
    response = client.post("/theme/", {"theme": "light"}, headers={"HX-Request": "true"})

    assert response.status_code == 204
    assert response.cookies["fleet_theme"].value == "light"


def test_the_style_guide_shows_each_component_in_both_themes(client_of: ClientOf) -> None:
    page = client_of("dan").get("/styleguide/").content.decode()

    for name in (
        "button",
        "field",
        "notice",
        "banner",
        "empty",
        "table",
        "pager",
        "tabs",
        "facet",
        "chip",
        "meter",
    ):
        assert page.count(f'class="{name}') >= 2, name
    assert page.count('data-theme="dark"') == page.count('data-theme="light"') == 6


def test_the_bar_says_where_one_is_and_shows_people_to_admins_only(client_of: ClientOf) -> None:
    reader = client_of("dan").get("/skills/").content.decode()
    admin = client_of("root").get("/people/").content.decode()

    assert '<a href="/skills/" aria-current="page">Skills</a>' in reader
    assert 'href="/people/"' not in reader
    assert '<a href="/people/" aria-current="page">People</a>' in admin
