"""What became of the files beside a document, when they are renamed and edited at once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from skills_app.domain.diffing import (
    FileChange,
    FileState,
    RowKind,
    apply_operations,
    diff_file_texts,
    diff_files,
    diff_lines,
    rows_of,
    summarise,
)
from skills_app.domain.digests import digest_of


def test_a_file_that_is_renamed_and_edited_is_one_file_with_the_lines_that_changed() -> None:
    old = "import sys\n\n\ndef run() -> None:\n    print(1)\n\n\nrun()\n"
    before = FileState("scripts/a.py", "1", len(old), old)
    after = FileState("scripts/b.py", "2", len(old), old.replace("print(1)", "print(2)"), is_executable=True)

    (file,) = diff_files([before], [after])
    apart = diff_files([before], [FileState("scripts/b.py", "2", 9, "Other.\n")])

    assert (file.path, file.old, file.change, file.has_new_content) == (
        "scripts/b.py",
        before,
        FileChange.RENAMED,
        True,
    )
    diff = diff_file_texts(file)
    assert diff is not None
    assert apply_operations(diff.operations, diff.old_text) == after.text
    assert sum(row.kind is not RowKind.SAME for row in rows_of(diff.operations)) == 1
    (item,) = summarise(diff_lines("", ""), [file])
    assert item.text == "script scripts/a.py renamed to scripts/b.py and changed, now executable"
    assert [one.change for one in apart] == [FileChange.REMOVED, FileChange.ADDED]


PATHS = st.sampled_from(["a.py", "b.py", "sub/a.py", "c.md", "sub/c.md"])
LINES_OF_FILE = st.lists(st.sampled_from(["one", "two", "three", "four", "  one", ""]), max_size=6).map(
    "\n".join
)
BUNDLES = st.dictionaries(PATHS, LINES_OF_FILE, max_size=5)


@settings(deadline=None)
@given(BUNDLES, BUNDLES)
def test_every_file_of_both_sides_is_told_once_and_its_text_rebuilt(
    old: dict[str, str], new: dict[str, str]
) -> None:
    before, after = (
        [FileState(path, digest_of(text.encode()), len(text), text) for path, text in files.items()]
        for files in (old, new)
    )

    files = diff_files(before, after)

    assert sorted(one.old.path for one in files if one.old) == sorted(old)
    assert sorted(one.new.path for one in files if one.new) == sorted(new)
    for one in files:
        assert (one.change is FileChange.RENAMED) == bool(
            one.old and one.new and one.old.path != one.new.path
        )
        diff = diff_file_texts(one)
        assert diff is not None
        assert apply_operations(diff.operations, diff.old_text) == (one.new.text if one.new else "")
