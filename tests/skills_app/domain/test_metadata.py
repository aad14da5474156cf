"""Skill metadata from files and models."""

from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.metadata import merge_front_matter, read_metadata
from skills_app.domain.storable import storable_json, storable_text


def test_every_field_is_read() -> None:
    values = {
        "skill_id": " a/b ",
        "name": "b",
        "version": 1.5,
        "type": "tool",
        "keywords": "one, two,,",
        "tags": ["x", 3],
        "capabilities": [{"name": "c"}],
        "dependencies": {
            "required": ["r"],
            "recommended": [{"path": "s", "reason": "why"}],
            "conflicts": ["t"],
        },
    }
    metadata, complaints = read_metadata(values)
    assert complaints == ()
    assert (metadata.skill_id, metadata.version, metadata.skill_type) == ("a/b", "1.5", "tool")
    assert (metadata.keywords, metadata.tags, metadata.capabilities) == (("one", "two"), ("x", "3"), ("c",))
    assert [(d.kind.value, d.target_path, d.reason) for d in metadata.dependencies] == [
        ("required", "r", ""),
        ("recommended", "s", "why"),
        ("conflict", "t", ""),
    ]


def test_what_is_not_of_its_kind_is_said_and_kept_aside() -> None:
    metadata, complaints = read_metadata(
        {"name": ["x"], "tags": 3, "keywords": ["a", None], "dependencies": [{}]}
    )
    assert set(complaints) == {
        "The field name is not text.",
        "The list keywords holds an entry that is not text.",
        "The field tags is not a list.",
        "The list dependencies holds an entry that names no skill.",
    }
    assert (metadata.name, metadata.keywords, metadata.values["name"]) == ("", ("a",), ["x"])


def test_front_matter_names_and_describes_and_metadata_says_the_rest() -> None:
    stated = read_metadata({"name": "Long Name", "description": "old", "type": "domain", "weight": ""})[0]
    front = {
        "name": "short",
        "description": "new",
        "metadata": {"type": "tool", "weight": "medium", "skill_id": "a/b"},
    }
    merged = merge_front_matter(stated, front)
    assert (merged.name, merged.description, merged.skill_type) == ("short", "new", "domain")
    assert (merged.weight, merged.skill_id) == ("medium", "a/b")
    assert merge_front_matter(None, {"metadata": "odd", "name": " "}).name == ""


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["name", "skill_id", "tags", "dependencies", "see_also", "required", "keywords", "metadata"]
)


@given(st.dictionaries(KEYS, ANY, max_size=6), st.dictionaries(KEYS, ANY, max_size=4))
def test_no_metadata_raises(values: dict[str, object], front_matter: dict[str, object]) -> None:
    merge_front_matter(read_metadata(values)[0], front_matter)


@given(ANY)
def test_storable_values_stay_as_they_are(value: object) -> None:
    once = storable_json(value)
    assert storable_json(once) == once


def test_text_that_databases_refuse_is_mended() -> None:
    assert storable_text("a\x00b\ud800c") == "a\ufffdb\ufffdc"
    assert storable_json({"n": [float("nan"), 2**70, {3: b"x"}]}) == {"n": ["nan", str(2**70), {"3": "b'x'"}]}
