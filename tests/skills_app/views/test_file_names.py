"""Files with names that a disk allows and an address finds hard: each is listed, opened and downloaded."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.skills_app import skill_makers as make

pytestmark = pytest.mark.django_db
NAMES = (
    "two\nlines.md", "a\rreturn.md", "a\u2028separator.md", " blank.md", "what?is#it.md", "%2e%2e/up.md", "..%2f.md",
    "back\\slash.md", "100%.md", "<b>bold</b>.md", "\"quoted\".md",
)  # fmt: skip


def test_a_file_of_any_name_is_listed_and_opened(client: Client) -> None:
    client.force_login(User.objects.create_superuser("ada"))
    skill = make.skill(
        "tools/names",
        files=tuple(make.text_file(name, f"Words of {number}.") for number, name in enumerate(NAMES)),
    )

    page = client.get(f"/skills/{skill.key}/?tab=files").content.decode()
    links = {unescape(link) for link in re.findall(r'href="(/skills/[^"]+/files/[^"]+)"', page)}

    shown = [client.get(link) for link in sorted(links)]
    assert len(links) == len(NAMES)
    assert {answer.status_code for answer in shown} == {200}
    words = "".join(answer.content.decode() for answer in shown)
    assert [number for number in range(len(NAMES)) if f"Words of {number}." not in words] == []
    assert {client.get(f"{link}?download=1").status_code for link in links} == {200}
