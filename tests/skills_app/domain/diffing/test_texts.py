"""What became of each unit of a document, and how it is said."""

from skills_app.domain.diffing import (
    FileChange,
    FileState,
    OperationKind,
    RowKind,
    TextDiff,
    diff_documents,
    diff_file_texts,
    diff_files,
    num_layout,
    rows_of,
    summarise,
)
from skills_app.domain.documents import parse_document

OLD = """---
name: pdf-forms
description: Fills forms in PDF files.
license: MIT
---
# PDF forms

Fill a form field by field.

## Steps

1. Open the file with the library that the project has.
2. List the fields and their kinds in a table.
3. Fill each field from the answers.
4. Flatten the form so that nobody can edit it.
5. Save under a new name.

## Pitfalls

Never overwrite the original file. Keep the encoding
of every field as it was found, whatever it is.

## Code

```python
reader = Reader(path)
fields = reader.fields()
```
"""


def difference(old: str, new: str) -> TextDiff:
    return diff_documents(parse_document(old), parse_document(new))


def said(old: str, new: str) -> list[str]:
    return [item.text for item in summarise(difference(old, new))]


def states(diff: TextDiff) -> dict[str, tuple[str, ...]]:
    return {one.unit.title: one.states for one in diff.units if one.states}


def test_the_words_name_trigger_step_and_code() -> None:
    new = (
        OLD.replace("PDF files.\n", "PDF files. Use when a form must be filled.\n")
        .replace("4. Flatten the form so that nobody can edit it.\n5.", "4.")
        .replace("reader.fields()", "reader.get_fields()")
    )

    assert said(OLD, new) == ["trigger phrase added", "step 4 removed of “Steps”", "code in “Code” changed"]
    assert num_layout(difference(OLD, new)) == 2  # step 5 is now 4, and the description goes on in its line


def test_a_changed_trigger_and_other_fields_are_named() -> None:
    first = OLD.replace("Fills", "Use when a form waits. Fills")
    second = OLD.replace("Fills", "Use when a form is empty. Fills").replace("license: MIT\n", "")

    assert said(first, second) == ["trigger phrase changed", "license removed"]
    assert said(OLD, OLD.replace("name: pdf-forms", "name: forms")) == [
        "name changed from pdf-forms to forms"
    ]


def test_reflow_is_no_change() -> None:
    new = OLD.replace("encoding\nof every field", "encoding of\nevery field")
    diff = difference(OLD, new)

    assert diff.is_same
    assert summarise(diff) == ()
    assert {one.kind for one in diff.operations} == {OperationKind.KEEP, OperationKind.LAYOUT}


def test_blank_lines_before_the_first_heading_are_no_change() -> None:
    diff = difference(OLD, OLD.replace("MIT\n---\n", "MIT\n---\n\n"))

    assert diff.is_same
    assert summarise(diff) == ()


def test_other_line_breaks_are_no_change() -> None:
    assert difference(OLD, OLD.replace("\n", "\r\n")).is_same


def test_a_section_moves_as_a_move() -> None:
    pitfalls = OLD[OLD.index("## Pitfalls") : OLD.index("## Code")]
    new = OLD.replace(pitfalls, "").replace("## Steps", f"{pitfalls}## Steps")

    diff = difference(OLD, new)

    assert states(diff) == {"Pitfalls": ("moved",)}
    assert {one.kind for one in diff.operations} == {OperationKind.KEEP}
    assert said(OLD, new) == ["section “Pitfalls” moved"]


def test_a_section_may_move_and_change_and_be_renamed_at_once() -> None:
    pitfalls = OLD[OLD.index("## Pitfalls") : OLD.index("## Code")]
    changed = pitfalls.replace("## Pitfalls", "## What goes wrong").replace("Never", "Do not ever")
    new = OLD.replace(pitfalls, "").replace("## Steps", f"{changed}## Steps")

    assert states(difference(OLD, new)) == {"What goes wrong": ("moved", "renamed", "changed")}


def test_a_renamed_section_is_not_called_changed() -> None:
    new = OLD.replace("## Pitfalls", "## What goes wrong")

    assert states(difference(OLD, new)) == {"What goes wrong": ("renamed",)}
    assert said(OLD, new) == ["section “Pitfalls” renamed to “What goes wrong”"]


def test_a_section_under_a_renamed_parent_stays_the_same() -> None:
    new = OLD.replace("# PDF forms\n", "# Forms\n")

    assert states(difference(OLD, new)) == {"Forms": ("renamed",)}


def test_sections_that_share_nothing_are_removed_and_added() -> None:
    new = OLD.replace(
        OLD[OLD.index("## Pitfalls") :], "## Links\n\nSee elsewhere about quite other matters.\n"
    )

    assert states(difference(OLD, new)) == {
        "Pitfalls": ("removed",),
        "Code": ("removed",),
        "Links": ("added",),
    }


def test_equal_headings_are_told_apart_by_their_text() -> None:
    old = "# A\n\n## Example\n\nfirst words of one\n\n## Example\n\nother words of two\n"
    new = "# A\n\n## Example\n\nother words of two\n"

    diff = difference(old, new)

    assert [one.states for one in diff.units] == [(), ("removed",), ()]


def test_broken_front_matter_is_compared_by_line() -> None:
    diff = difference(OLD, OLD.replace("license: MIT", "license: [MIT"))

    assert states(diff) == {"front matter": ("changed",)}
    rows = rows_of(diff.units[0].operations)
    assert [row.kind for row in rows].count(RowKind.SAME) == 4


def test_front_matter_that_came_is_shown_by_field() -> None:
    assert said("# A\n", "---\nname: a\ndescription: Use when b.\n---\n# A\n") == [
        "trigger phrase added",
        "name added",
    ]


def test_rows_put_a_block_beside_what_came_of_it() -> None:
    old = "One stands. Two stands.\n\nThree is here.\n"
    new = "One stands. Two fell.\n\nSomething else entirely, unlike the rest.\n\nThree is here.\n"
    rows = rows_of(difference(old, new).operations)

    assert [row.kind for row in rows] == [RowKind.CHANGED, RowKind.ADDED, RowKind.SAME]
    assert [one.kind for one in rows[0].operations] == [OperationKind.KEEP, OperationKind.CHANGE]


def test_a_paragraph_split_in_two_is_layout_alone() -> None:
    rows = rows_of(difference("One stands. Two stands.\n", "One stands.\n\nTwo stands.\n").operations)

    assert [row.kind for row in rows] == [RowKind.LAYOUT, RowKind.SAME]


def test_files_are_added_removed_changed_and_renamed() -> None:
    one, two = FileState("scripts/a.py", "1", 5, "a = 1"), FileState("b.bin", "2", 9, None)
    files = diff_files(
        [one, two, FileState("c.md", "3", 1, "c"), FileState("gone.txt", "4", 1, "g")],
        [
            FileState("scripts/b.py", "1", 5, "a = 1"),
            FileState("b.bin", "5", 8, None),
            FileState("c.md", "3", 1, "c", is_executable=True),
            FileState("new.txt", "6", 1, "n"),
        ],
    )

    assert [(file.path, file.change) for file in files] == [
        ("b.bin", FileChange.CHANGED),
        ("c.md", FileChange.CHANGED),
        ("gone.txt", FileChange.REMOVED),
        ("new.txt", FileChange.ADDED),
        ("scripts/b.py", FileChange.RENAMED),
    ]
    assert diff_file_texts(files[0]) is None
    words = [item.text for item in summarise(difference("", ""), files)]
    assert words == [
        "file b.bin changed",
        "file c.md changed, now executable",
        "file gone.txt removed",
        "file new.txt added",
        "script scripts/a.py renamed to scripts/b.py",
    ]


def test_a_files_text_is_compared_by_line() -> None:
    files = diff_files([FileState("a.py", "1", 1, "a\nb\n")], [FileState("a.py", "2", 1, "a\nc\n")])

    diff = diff_file_texts(files[0])

    assert diff is not None
    assert [row.kind for row in rows_of(diff.operations)] == [RowKind.SAME, RowKind.REPLACED]
