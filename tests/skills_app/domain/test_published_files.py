"""Files to be published: digest, zip and what no disk could hold."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_app.domain.published_files import (
    PublishedFile,
    digest_of_files,
    publishing_faults,
    zip_files,
)

MAIN = PublishedFile("SKILL.md", b"# Text\n")
NAMES = st.text("abcé-", min_size=1, max_size=8)
FILES = st.dictionaries(NAMES, st.tuples(st.binary(max_size=64), st.booleans()), max_size=6)


@given(FILES, st.randoms())
def test_a_zip_has_the_same_bytes_in_whatever_order_the_files_come(
    contents: dict[str, tuple[bytes, bool]], random: object
) -> None:
    files = [PublishedFile(path, data, is_run) for path, (data, is_run) in contents.items()]
    shuffled = random.sample(files, len(files))

    assert zip_files("x", files) == zip_files("x", shuffled)
    assert digest_of_files(files) == digest_of_files(shuffled)


def test_a_zip_holds_paths_contents_and_modes() -> None:
    made = zip_files("tidy", [PublishedFile("scripts/run.sh", b"ls\n", True), MAIN])

    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        assert archive.testzip() is None
        infos = archive.infolist()
        assert [info.filename for info in infos] == ["tidy/SKILL.md", "tidy/scripts/run.sh"]
        assert [oct(info.external_attr >> 16) for info in infos] == ["0o100644", "0o100755"]
        assert archive.read("tidy/SKILL.md") == MAIN.data


def test_the_bytes_of_a_zip_are_the_same_on_every_machine() -> None:
    assert (
        zip_files("tidy", [MAIN]).digest == "7485f7613a5048ee073a98e2b012eff385da59d87ea79ef73eb00725c7c667d2"
    )


@pytest.mark.parametrize(
    "other",
    [
        [MAIN],
        [PublishedFile("SKILL.md", b"other"), PublishedFile("a", b"1")],
        [MAIN, PublishedFile("b", b"1")],
        [MAIN, PublishedFile("a", b"1", True)],
    ],
)
def test_the_digest_sees_content_path_and_mode(other: list[PublishedFile]) -> None:
    assert digest_of_files(other) != digest_of_files([MAIN, PublishedFile("a", b"1")])


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "/etc/passwd",
        "a//b",
        "a/./b",
        "",
        "a\x00b",
        "a\nb",
        "a\\b",
        "c:x",
        ".git/config",
        "a/.skill-fleet/b",
        "x" * 256,
        "\ud800",
        "end.",
        "references/SKILL.md",
        "skill.md",
    ],
)
def test_a_path_that_cannot_lie_in_every_folder_is_a_fault(path: str) -> None:
    assert len(publishing_faults([MAIN, PublishedFile(path, b"")])) == 1


def test_names_that_some_disks_take_for_one_are_a_fault() -> None:
    composed, decomposed = "caf\u00e9.md", "cafe\u0301.md"

    assert publishing_faults([MAIN, PublishedFile(composed, b""), PublishedFile(decomposed, b"")])
    assert publishing_faults([MAIN, PublishedFile("a", b""), PublishedFile("a/b", b"")])
    assert publishing_faults([MAIN, PublishedFile("Docs/a", b""), PublishedFile("docs/b", b"")])
    assert publishing_faults([PublishedFile("a", b"")]) == ("There is no SKILL.md.",)


def test_a_usual_skill_has_no_faults() -> None:
    paths = ["scripts/run.sh", "references/guide one.md", "assets/ü.png", "assets/b/c.txt"]

    assert publishing_faults([MAIN, *(PublishedFile(path, b"") for path in paths)]) == ()
