"""People of the view tests."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from skills_app.models import RoleGrant


@pytest.fixture
def dan(db: None) -> Client:
    """Dan only reads."""
    user = User.objects.create_user("dan")
    RoleGrant.objects.create(user=user, role="reader")
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def anyone(db: None) -> Client:
    """Somebody who has not signed in."""
    return Client()
