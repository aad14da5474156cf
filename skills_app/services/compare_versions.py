"""Compare two versions, of one skill or of two: documents, files, and what was said of both."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from skills_app.domain.diffing import (
    FileChange,
    FileDiff,
    SummaryItem,
    TextDiff,
    diff_documents,
    diff_file_texts,
    diff_files,
    diff_lines,
    num_layout,
    summarise,
)
from skills_app.domain.diffing.bundles import MARKDOWN
from skills_app.domain.documents import parse_document
from skills_app.models import SkillVersion
from skills_app.queries.version_compare import file_texts, states_of_both
from skills_app.services.compare_judgements import compare_judgements
from skills_app.services.compare_sections import PART_ROWS, DraftSection, Sections, file_anchor, unit_anchor
from skills_app.services.compare_views import Comparison, DiffView, SummaryLine
from skills_app.services.render_document import DOCUMENT_PREFIX
from skills_app.services.rendered_sections import rendered_sections, renderings

VIEWS = {"side": "Side by side", "unified": "Unified", "rendered": "Rendered"}
MOST_CHARACTERS = 400_000
MOST_FILES = 100
MOST_RENDERED = 100_000


def compare_versions(
    *,
    base: SkillVersion,
    head: SkillVersion,
    today: date,
    view: str = "side",
    part: int = 1,
    opened: str = "",
) -> Comparison:
    """Return what turns ``base`` into ``head``, and the judgements of both as they are kept (nothing is judged here).

    ``view`` is a key of ``VIEWS``; ``part`` the part of a long difference (the nearest one there is); ``opened`` the id of
    an unchanged stretch to show. Texts are compared up to ``MOST_CHARACTERS``, files up to ``MOST_FILES``; what is left
    out is said in ``limits``.
    """
    limits: list[str] = []
    diff = _document_diff(base, head, limits)
    files = _changed_files(base, head, limits)
    sections = Sections(is_unified=view != "side", opened=opened)
    is_rendered = view == "rendered"
    if is_rendered and base.content_kind == head.content_kind == "markdown":
        (sides,) = renderings([diff], [(DOCUMENT_PREFIX, "")])
        shown = rendered_sections(diff, *sides, sections)
    else:
        shown = sections.of_text(diff)
    texts = {file.path: _text_diff(file, limits) for file in files}
    rendered = _rendered_files(files, texts, sections, limits) if is_rendered else {}
    parts = sections.parts([*shown, *_file_sections(files, texts, rendered, sections)])
    number = min(max(part, 1), len(parts))
    view_data = DiffView(
        summary=tuple(_summary(summarise(diff, files), files, parts)),
        num_layout=num_layout(diff),
        sections=tuple(sections.render(parts[number - 1])),
        part=number,
        num_parts=len(parts),
        most_rows=PART_ROWS,
        limits=tuple(limits),
    )
    return Comparison(base, head, view_data, compare_judgements(base=base, head=head, today=today))


def _document_diff(base: SkillVersion, head: SkillVersion, limits: list[str]) -> TextDiff:
    old, new = _cut(base.content, "document", limits), _cut(head.content, "document", limits)
    if base.content_kind == head.content_kind == "markdown":
        return diff_documents(parse_document(old), parse_document(new))
    return diff_lines(old, new)


def _changed_files(base: SkillVersion, head: SkillVersion, limits: list[str]) -> list[FileDiff]:
    """Return the files that differ, with the texts of those whose content does."""
    old_states, new_states = states_of_both(base, head)
    changed = [one for one in diff_files(old_states, new_states) if one.change is not FileChange.SAME]
    if len(changed) > MOST_FILES:
        limits.append(f"{len(changed):,} files differ; the first {MOST_FILES} of them are shown.")
        changed = changed[:MOST_FILES]
    wanted = [one for one in changed if _is_compared(one)]
    old = file_texts(base, [one.old.path for one in wanted if one.old])
    new = file_texts(head, [one.new.path for one in wanted if one.new])
    return [_with_texts(one, old, new) if one in wanted else one for one in changed]


def _is_compared(file: FileDiff) -> bool:
    """Whether there is more to show than its other path."""
    return file.change is not FileChange.RENAMED or file.has_new_content


def _with_texts(diff: FileDiff, old: dict[str, str], new: dict[str, str]) -> FileDiff:
    before = replace(diff.old, text=old.get(diff.old.path)) if diff.old else None
    after = replace(diff.new, text=new.get(diff.new.path)) if diff.new else None
    return replace(diff, old=before, new=after)


def _text_diff(file: FileDiff, limits: list[str]) -> TextDiff | None:
    is_text = _is_compared(file) and not file.is_binary
    return diff_file_texts(_short(file, limits)) if is_text else None


def _rendered_files(
    files: list[FileDiff], texts: dict[str, TextDiff | None], sections: Sections, limits: list[str]
) -> dict[str, list[DraftSection]]:
    """Return the sections of the Markdown files rendered, by path; ``limits`` says which files stand in lines instead."""
    chosen: list[tuple[int, str, TextDiff]] = []
    num_characters = num_lines = num_long = 0
    for at, file in enumerate(files):
        diff = texts[file.path]
        if diff is None:
            continue
        size = len(diff.old_text) + len(diff.new_text)
        if not file.path.lower().endswith(MARKDOWN):
            num_lines += 1
        elif num_characters + size > MOST_RENDERED:
            num_long += 1
        else:
            num_characters += size
            chosen.append((at, file.path, diff))
    if num_lines:
        limits.append("Files that are not Markdown are not rendered: they are compared by line.")
    if num_long:
        words = f"{num_long} Markdown file{'s' if num_long > 1 else ''} more"
        limits.append(f"{MOST_RENDERED:,} characters of files are rendered; {words} in lines.")
    sides = renderings(
        [diff for _, _, diff in chosen],
        [(f"{file_anchor(at)}-doc-", path.rpartition("/")[0]) for at, path, _ in chosen],
    )
    return {
        path: rendered_sections(diff, *both, sections, prefix=f"{file_anchor(at)}-")
        for (at, path, diff), both in zip(chosen, sides, strict=True)
    }


def _file_sections(
    files: list[FileDiff],
    texts: dict[str, TextDiff | None],
    rendered: dict[str, list[DraftSection]],
    sections: Sections,
) -> Iterator[DraftSection]:
    """Yield a section for each file; a Markdown file's own sections follow it."""
    for at, file in enumerate(files):
        diff = texts[file.path]
        inner = rendered.get(file.path)
        if inner is None:
            inner = sections.of_text(diff, prefix=f"{file_anchor(at)}-") if diff else []
        is_lines = all(one.kind in ("text", "same") for one in inner)
        chunks = [chunk for one in inner for chunk in one.chunks] if is_lines else []
        note = _file_note(file, is_text=diff is not None)
        states = _file_states(file)
        was = file.old.path if file.old and file.change is FileChange.RENAMED else ""
        yield DraftSection(file_anchor(at), file.path, "file", states, note, chunks, diff, file.path, was)
        if not is_lines:
            yield from (replace(one, path=file.path, old_path=was) for one in inner)


def _file_states(file: FileDiff) -> tuple[str, ...]:
    is_both = file.change is FileChange.RENAMED and file.has_new_content
    return (str(file.change), *((str(FileChange.CHANGED),) if is_both else ()))


def _short(file: FileDiff, limits: list[str]) -> FileDiff:
    """Return a file with its texts cut to what is compared."""
    old, new = file.old, file.new
    return replace(
        file,
        old=replace(old, text=_cut(old.text or "", old.path, limits)) if old else None,
        new=replace(new, text=_cut(new.text or "", new.path, limits)) if new else None,
    )


def _file_note(file: FileDiff, *, is_text: bool) -> str:
    notes: list[str] = []
    if file.change is FileChange.RENAMED and file.old is not None:
        same = "" if file.has_new_content else ", the same content"
        notes.append(f"was {file.old.path}{same}")
    if _is_compared(file) and not is_text:
        sizes = [f"{one.size_bytes:,} bytes" if one else "nothing" for one in (file.old, file.new)]
        notes.append(f"not text, or not kept: {sizes[0]} before, {sizes[1]} now")
    if file.has_new_mode and file.new is not None:
        notes.append("now executable" if file.new.is_executable else "no longer executable")
    return "; ".join(notes)


def _summary(
    items: tuple[SummaryItem, ...], files: list[FileDiff], parts: list[list[DraftSection]]
) -> list[SummaryLine]:
    """Return the sentences, each with the anchor that it leads to and the part where that is."""
    part_of: dict[str, int] = {}
    for number, drafts in enumerate(parts, start=1):
        for draft in drafts:
            part_of.setdefault(draft.anchor, number)
    paths = {file.path: file_anchor(at) for at, file in enumerate(files)}
    anchors = [paths.get(item.path, "") if item.path else unit_anchor(item.unit or 0) for item in items]
    return [
        SummaryLine(item.text, anchor if anchor in part_of else "", part_of.get(anchor, 1))
        for item, anchor in zip(items, anchors, strict=True)
    ]


def _cut(text: str, name: str, limits: list[str]) -> str:
    if len(text) > MOST_CHARACTERS:
        limits.append(f"Only the first {MOST_CHARACTERS:,} characters of the {name} are compared.")
    return text[:MOST_CHARACTERS]
