"""People of the view tests."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def dan(db: None) -> Client:
    """Dan only reads."""
    client = Client()
    client.force_login(User.objects.create_user("dan"))
    return client
