"""The cast, each with the roles that the name stands for, and a client for each."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.domain.enums import Role
from skills_app.models import RoleGrant

PASSWORD = "a-long-enough-phrase"
ROLES = {
    "ada": (Role.REVIEWER,),
    "ben": (Role.CURATOR,),
    "carol": (Role.MANAGER,),
    "dan": (Role.READER,),
    "eve": (),
    "root": (Role.ADMIN,),
}


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def cast(db: None) -> dict[str, User]:
    """Ada reviews, Ben curates, Carol manages, Dan only reads, Eve has no role, Root is an admin."""
    people = {}
    for name, roles in ROLES.items():
        people[name] = User.objects.create_user(name, password=PASSWORD)
        RoleGrant.objects.bulk_create(RoleGrant(user=people[name], role=role) for role in roles)
    return people


@pytest.fixture
def client_of(cast: dict[str, User]) -> Callable[[str], Client]:
    """Return a function that gives a signed-in client of one of the cast."""

    def make(name: str) -> Client:
        client = Client()
        client.force_login(cast[name])
        return client

    return make
