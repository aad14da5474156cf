"""Semantic versions are read strictly and rise as semver.org says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.semantic_version import Bump, SemanticVersion, parse_semantic_version

NUMBERS = st.integers(0, 999_999)
VERSIONS = st.builds(SemanticVersion, NUMBERS, NUMBERS, NUMBERS)


@pytest.mark.parametrize(
    ("before", "bump", "after"),
    [
        ("1.2.3", Bump.MAJOR, "2.0.0"),
        ("1.2.3", Bump.MINOR, "1.3.0"),
        ("1.2.3", Bump.PATCH, "1.2.4"),
        ("1.2.3", Bump.NONE, "1.2.3"),
        ("0.4.1", Bump.MAJOR, "0.5.0"),
        ("0.4.1", Bump.PATCH, "0.4.2"),
    ],
)
def test_the_next_version_follows_from_the_number_that_rises(before: str, bump: Bump, after: str) -> None:
    version = parse_semantic_version(before)

    assert version is not None
    assert str(version.raised(bump)) == after


@pytest.mark.parametrize("text", ["", "1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1.0.0.0", "1.0.x", "٣.0.0"])
def test_what_is_no_plain_version_is_not_taken(text: str) -> None:
    assert parse_semantic_version(text) is None


@given(VERSIONS)
def test_a_version_survives_being_written(version: SemanticVersion) -> None:
    assert parse_semantic_version(f" {version} ") == version


@given(VERSIONS, st.sampled_from([Bump.MAJOR, Bump.MINOR, Bump.PATCH]))
def test_a_raised_version_is_later(version: SemanticVersion, bump: Bump) -> None:
    assert version.raised(bump) > version
