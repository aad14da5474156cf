"""Judge a skill's files beside its document: the tree, links, scripts, secrets and size, by the rules of ``bundle_rules``."""

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from skills_app.domain.bundle_rules import BUNDLE_RULES
from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.findings import MAIN_FILE, Edit, Finding, Place, sort_findings
from skills_app.domain.links import Link, LinkKind
from skills_app.domain.paths import lineage, parent_of
from skills_app.domain.rules import Outcome, outcome_of

BUNDLE = "bundle"
BUNDLE_VERSION = "2026-11"
SPEC_FOLDERS = frozenset({"scripts", "references", "assets"})
KNOWN_FOLDERS = SPEC_FOLDERS | {"guides", "templates", "examples", "tests", "images", "static"}
LEGACY_FOLDERS = frozenset({"capabilities", "resources"})
FILE_BYTES, TOTAL_BYTES, NUM_FILES = 1_000_000, 8_000_000, 200
SCRIPT_SUFFIXES = frozenset(
    [
        ".py",
        ".sh",
        ".bash",
        ".zsh",
        ".js",
        ".mjs",
        ".ts",
        ".rb",
        ".pl",
        ".ps1",
        ".bat",
        ".cmd",
        ".php",
        ".go",
        ".rs",
        ".lua",
        ".r",
    ]
)
# Files that belong to the skill's keeping, not to what an agent reads.
KEPT_FILES = frozenset({MAIN_FILE, "metadata.json", "LICENSE", "LICENSE.txt", "LICENSE.md", "README.md"})
MOST_SECRETS = 50

REACHES_NETWORK = re.compile(
    r"\bimport\s+(?:requests|httpx|aiohttp|urllib3|socket|ftplib|smtplib|paramiko|http\.client)\b"
    r"|\bfrom\s+(?:requests|httpx|aiohttp|urllib|urllib3|socket|http)\b[\w.]*\s+import\b|\burllib\.request\b"
    r"|(?:^|[\s;|&(`])(?:curl|wget|nc|ncat|ssh|scp|rsync|Invoke-WebRequest|Invoke-RestMethod)\s"
    r"|\bfetch\s*\(|\bXMLHttpRequest\b|\brequire\(\s*['\"](?:https?|net|axios|node-fetch|got)['\"]\s*\)"
    r"|\b(?:pip|pip3|npm|npx|yarn|gem|cargo|go|apt|apt-get|brew)\s+(?:install|get|add|i)\s",
    re.MULTILINE,
)
_RULES = {rule.id: rule for rule in BUNDLE_RULES}


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file of a skill: its path below the folder with ``/``, its size, and its text when it can be read as UTF-8."""

    path: str
    size_bytes: int
    text: str | None = None
    is_executable: bool = False
    is_symlink: bool = False


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What the files amount to; findings worst first."""

    findings: tuple[Finding, ...]

    @property
    def outcome(self) -> Outcome:
        """Rejected by a critical finding, warned about, or fine."""
        return outcome_of(self.findings)


# Given a text, the lines (from 1) that hold a secret, each with the kind of secret.
SecretFinder = Callable[[str], Iterable[tuple[int, str]]]


def no_secrets(_text: str) -> Iterable[tuple[int, str]]:
    """Find nothing: for callers that look for secrets elsewhere or not at all."""
    return ()


def judge_bundle(
    document: SkillDocument | None,
    files: Sequence[BundleFile],
    *,
    empty_folders: Sequence[str] = (),
    find_secrets: SecretFinder = no_secrets,
) -> BundleReport:
    """Return all findings about a skill's files at once; ``files`` are those beside SKILL.md, which is ``document``.

    ``document`` is None when the folder has none. A document that is known alone has no ``files``; then every relative
    link is broken, so ask only when the files are known.
    """
    found = list(_tree(document, files, empty_folders))
    linked: set[str] = set()
    if document is not None:
        found += _links(MAIN_FILE, document, files, linked)
    for file in files:
        if file.text is not None and _suffix(file.path) in {".md", ".markdown"}:
            found += _links(file.path, parse_document(file.text), files, linked)
    found += _unreferenced(document, files, linked)
    found += _scripts(files)
    found += _secrets(document, files, find_secrets)
    return BundleReport(sort_findings(found))


def _finding(
    rule_id: str,
    message: str,
    *,
    path: str,
    place: Place | None = None,
    hint: str = "",
    edit: Edit | None = None,
) -> Finding:
    rule = _RULES[rule_id]
    return Finding(rule.id, rule.severity, message, place, rule.is_required, hint, edit, path)


def _tree(
    document: SkillDocument | None, files: Sequence[BundleFile], empty_folders: Sequence[str]
) -> Iterator[Finding]:
    if document is None:
        yield _finding("bundle.file.missing", f"The folder holds no {MAIN_FILE}.", path=MAIN_FILE)
    alike: dict[str, list[str]] = defaultdict(list)
    for file in files:
        path = file.path
        if "\x00" in path or "\\" in path or any(part in {"", ".", ".."} for part in path.split("/")):
            yield _finding("bundle.path.unsafe", f"The path {path!r} is not safe to write.", path=path)
        if file.is_symlink:
            yield _finding(
                "bundle.path.symlink",
                f"{path} is a symbolic link.",
                path=path,
                hint="Copy the file itself here.",
            )
        if file.size_bytes > FILE_BYTES:
            yield _finding("bundle.size.file", f"{path} has {file.size_bytes:,} bytes.", path=path)
        elif (
            file.text is None
            and not file.is_symlink
            and not path.startswith(("images/", "assets/", "static/"))
        ):
            yield _finding("bundle.file.binary", f"{path} cannot be read as text.", path=path)
        alike[unicodedata.normalize("NFC", path).casefold()].append(path)
    for paths in alike.values():
        for path in paths[1:]:
            message = f"{path} and {paths[0]} are one file where case or Unicode form does not count."
            yield _finding("bundle.path.case", message, path=path, hint="Rename one of them.")
    total = sum(file.size_bytes for file in files)
    if total > TOTAL_BYTES or len(files) > NUM_FILES:
        yield _finding(
            "bundle.size.total", f"The skill has {len(files):,} files and {total:,} bytes.", path="."
        )
    yield from _folders(files, empty_folders)


def _folders(files: Sequence[BundleFile], empty_folders: Sequence[str]) -> Iterator[Finding]:
    tops: dict[str, BundleFile] = {}
    nested: set[str] = set()
    for file in files:
        folders = file.path.split("/")[:-1]
        if folders:
            tops.setdefault(folders[0], file)
        if len(folders) > 1 and folders[0] != "examples":
            nested.add("/".join(folders[:2]))
        if (
            folders[:1] == ["examples"]
            and _suffix(file.path) == ".md"
            and file.text
            and "```" not in file.text
        ):
            yield _finding("bundle.example.no-code", f"{file.path} shows no code.", path=file.path)
    for folder in sorted({*tops, *(path.split("/")[0] for path in empty_folders)}):
        if folder in LEGACY_FOLDERS:
            yield _finding(
                "bundle.folder.legacy",
                f"{folder}/ is a folder of old.",
                path=folder,
                hint="Move it to references/.",
            )
        elif folder not in KNOWN_FOLDERS:
            known = ", ".join(f"{name}/" for name in sorted(SPEC_FOLDERS))
            yield _finding(
                "bundle.folder.unknown",
                f"Agents know no folder {folder}/.",
                path=folder,
                hint=f"Use {known}.",
            )
    for folder in sorted(nested):
        yield _finding("bundle.folder.nested", f"{folder}/ lies below another folder.", path=folder)
    for folder in sorted(empty_folders):
        yield _finding("bundle.folder.empty", f"{folder}/ is empty.", path=folder, hint="Remove it.")


def _links(
    path: str, document: SkillDocument, files: Sequence[BundleFile], linked: set[str]
) -> Iterator[Finding]:
    """Yield what is wrong with the links of one document, and note in ``linked`` the files that they lead to."""
    known = {file.path for file in files} | {MAIN_FILE}
    folders = {folder for name in known for folder in lineage(parent_of(name))}
    by_case = {name.casefold(): name for name in known}
    headings = {_slug(heading.text) for heading in document.outline}
    for link in document.links:
        if link.is_external:
            if link.kind is LinkKind.IMAGE and not link.target.startswith("data:"):
                yield _at(
                    link,
                    path,
                    "bundle.link.remote-image",
                    f"The image {link.target} is fetched from elsewhere.",
                )
            continue
        if link.is_anchor:
            if link.fragment and link.fragment.casefold() not in headings:
                yield _at(link, path, "bundle.link.anchor", f"No heading answers to #{link.fragment}.")
            continue
        yield from _relative(link, path, known, folders, by_case, linked)


def _relative(
    link: Link,
    path: str,
    known: set[str],
    folders: set[str],
    by_case: Mapping[str, str],
    linked: set[str],
) -> Iterator[Finding]:
    wanted = link.path
    if not wanted:
        return
    if wanted.startswith("/"):
        yield _at(
            link, path, "bundle.link.absolute", f"{link.target} is an absolute path.", "Write it relative."
        )
        return
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), wanted.replace("\\", "/")))
    if target == ".." or target.startswith("../"):
        yield _at(link, path, "bundle.link.leaves", f"{link.target} leaves the skill's folder.")
        return
    target = target.rstrip("/")
    if target in known or target in folders:
        linked.add(target)
        if path == MAIN_FILE and target.count("/") > 1:
            yield _at(link, path, "bundle.link.deep", f"{link.target} lies {target.count('/')} levels deep.")
    elif target.casefold() in by_case:
        right = by_case[target.casefold()]
        linked.add(right)
        edit = None
        if path == MAIN_FILE and "#" not in link.target and "%" not in link.target:
            edit = Edit(f"Write {right}", link.target_start, link.target_end, right)
        message = f"{link.target} is written {right} in the folder; most hosts do not find it."
        yield _at(link, path, "bundle.link.case", message, f"Write {right}.", edit)
    elif target != ".":
        yield _at(link, path, "bundle.link.broken", f"{link.target} leads to no file of the skill.")


def _at(
    link: Link, path: str, rule_id: str, message: str, hint: str = "", edit: Edit | None = None
) -> Finding:
    return _finding(rule_id, message, path=path, place=link.target_place, hint=hint, edit=edit)


def _unreferenced(
    document: SkillDocument | None, files: Sequence[BundleFile], linked: set[str]
) -> Iterator[Finding]:
    texts = [document.text] if document else []
    texts += [file.text for file in files if file.text is not None and _suffix(file.path) == ".md"]
    for file in files:
        if file.path in KEPT_FILES or file.path in linked or file.path.startswith("tests/"):
            continue
        folder = posixpath.dirname(file.path)
        is_named = any(file.path in text or posixpath.basename(file.path) in text for text in texts)
        if not is_named and not (
            folder and (folder in linked or any(f"{folder}/" in text for text in texts))
        ):
            yield _finding("bundle.file.unreferenced", f"Nothing mentions {file.path}.", path=file.path)


def _scripts(files: Sequence[BundleFile]) -> Iterator[Finding]:
    for file in files:
        is_script = _suffix(file.path) in SCRIPT_SUFFIXES or (file.text or "").startswith("#!")
        if file.is_executable:
            yield _finding("bundle.script.executable", f"{file.path} is executable.", path=file.path)
        if (file.is_executable or is_script) and not file.path.startswith(
            ("scripts/", "examples/", "tests/")
        ):
            yield _finding(
                "bundle.script.outside",
                f"{file.path} lies outside scripts/.",
                path=file.path,
                hint="Move it there.",
            )
        if (is_script or file.is_executable) and file.text and (hit := REACHES_NETWORK.search(file.text)):
            line = file.text.count("\n", 0, hit.start() + len(hit[0]) - len(hit[0].lstrip())) + 1
            message = f"{file.path} reaches the network: “{hit[0].strip()}”."
            place = Place(line, 1, line, 1 + len(file.text.split("\n")[line - 1]))
            yield _finding("bundle.script.network", message, path=file.path, place=place)


def _secrets(
    document: SkillDocument | None, files: Sequence[BundleFile], find_secrets: SecretFinder
) -> Iterator[Finding]:
    texts = [(MAIN_FILE, document.text)] if document else []
    texts += [(file.path, file.text) for file in files if file.text]
    for path, text in texts:
        for number, (line, kind) in enumerate(find_secrets(text)):
            if number == MOST_SECRETS:
                break
            message = f"Line {line} of {path} looks like a secret ({kind})."
            hint = "Take it out, and revoke it: whoever read the skill has it."
            yield _finding("bundle.secret", message, path=path, place=Place(line, 1, line, 1), hint=hint)


def _suffix(path: str) -> str:
    return posixpath.splitext(path)[1].lower()


def _slug(heading: str) -> str:
    kept = "".join(char for char in heading.strip().casefold() if char.isalnum() or char in " -_")
    return kept.replace(" ", "-")
