"""Secrets are found by their form, examples of them are not, and nobody is asked whether they are real."""

import socket

import pytest

from skills_app.adapters.secrets import find_secrets

# Put together here, so that no scanner takes this file for a leak.
REAL = {
    "AWS Access Key": "AKIA" + "IOSFODNN7ABCDEFG",
    "GitHub Token": "ghp_" + "a1B2" * 9,
    "Private Key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "Basic Auth Credentials": "https://bob:" + "s3cretpw@host.test/x",
    "Slack Token": "xoxb-" + "123456789012-abcdefABCDEF",
}


@pytest.mark.parametrize("kind", REAL)
def test_a_secret_is_found_on_its_line(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)

    assert list(find_secrets(f"a\n\nkey = '{REAL[kind]}'\n")) == [(3, kind)]


@pytest.mark.parametrize(
    "line",
    [
        "key = 'AKIAIOSFODNN7EXAMPLE'",
        "password = os.environ['PASSWORD']",
        "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "https://user:password@host.example/",
        "token: <your-token>",
        "",
    ],
)
def test_what_only_stands_for_a_secret_is_not_one(line: str) -> None:
    assert list(find_secrets(line)) == []
