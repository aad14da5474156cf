"""What holds for every address: sign-in first, security headers, nothing inline."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

pytestmark = pytest.mark.django_db
# What a visitor without an account may reach.
OPEN = {"site:sign_in", "site:one_time_link", "site:theme", "site:health"}
VALUES = {"int": 1, "slug": "nothing", "str": "nothing", "path": "nothing", "file": "nothing"}
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


def addresses(patterns: list[Any] | None = None, space: str = "") -> Iterator[tuple[str, str, bool]]:
    """Yield the name, an address and whether it has arguments, for each page of ours."""
    for entry in patterns if patterns is not None else get_resolver().url_patterns:
        if isinstance(entry, URLResolver):
            if entry.app_name in {"site", "skills", "runs", "gates", "reviews", "taxonomy", "trends"}:
                yield from addresses(entry.url_patterns, entry.app_name)
        elif isinstance(entry, URLPattern) and entry.name:
            converters = entry.pattern.converters
            kinds = {
                name: type(c).__name__.removesuffix("Converter").lower() for name, c in converters.items()
            }
            values = {name: VALUES["str" if kind == "string" else kind] for name, kind in kinds.items()}
            name = f"{space}:{entry.name}"
            yield name, reverse(name, kwargs=values), bool(values)


ALL = sorted(addresses())
PLAIN = [(name, address) for name, address, has_arguments in ALL if not has_arguments]


def check_headers(response: HttpResponse) -> None:
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]


def test_the_addresses_are_found() -> None:
    names = {name for name, _, _ in ALL}

    assert {"site:people", "skills:list", "runs:source_list"} <= names
    assert names >= OPEN


@pytest.mark.parametrize(
    ("name", "address"), [(name, address) for name, address, _ in ALL if name not in OPEN]
)
def test_an_anonymous_visitor_sees_only_the_sign_in(client: Client, name: str, address: str) -> None:
    for response in (client.get(address), client.post(address)):
        if response.status_code != 405:
            assert response.status_code == 302
            assert response["Location"].startswith("/sign-in/")


def test_an_anonymous_visitor_does_not_learn_what_exists(client: Client) -> None:
    assert client.get("/nothing/here/")["Location"] == "/sign-in/?next=/nothing/here/"


@pytest.mark.parametrize(("name", "address"), PLAIN)
def test_every_page_has_the_security_headers_and_nothing_inline(name: str, address: str) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))

    response = client.get(address)

    assert response.status_code < 500 or name == "site:health"
    check_headers(response)
    if "text/html" in response.get("Content-Type", ""):
        found = INLINE.search(response.content.decode())
        assert found is None, response.content.decode()[found.start() : found.start() + 80]


@pytest.mark.parametrize("address", ["/sign-in/", "/sign-in/nothing/", "/health/", "/admin/login/"])
def test_open_pages_have_the_security_headers_too(client: Client, address: str) -> None:
    response = client.get(address)

    check_headers(response)
    assert INLINE.search(response.content.decode()) is None


@pytest.mark.parametrize("address", ["/nothing/", "/people/1/", "/admin/"])
def test_refusals_and_djangos_admin_have_the_security_headers(address: str) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))

    check_headers(client.get(address))


def test_signed_in_pages_stay_out_of_shared_caches() -> None:
    client = Client()
    client.force_login(User.objects.create_user("dan"))

    assert "private" in client.get("/keys/")["Cache-Control"]
