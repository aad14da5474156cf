"""How much harm a skill could do, read from its files and its document, and how many approvals that asks for."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.bundle import REACHES_NETWORK, SCRIPT_SUFFIXES, BundleFile
from skills_app.domain.documents import SkillDocument, parse_document
from skills_app.domain.findings import MAIN_FILE

_CREDENTIALS = re.compile(
    r"\b[A-Z][A-Z0-9_]*_(?:API_KEY|ACCESS_KEY|SECRET|SECRET_KEY|PRIVATE_KEY|TOKEN|PASSWORD|PASSWD)\b"
    r"|\b(?:API_KEY|SECRET_KEY|ACCESS_TOKEN|AUTH_TOKEN|PRIVATE_KEY)\b"
    r"|(?:~|\$HOME|\$\{HOME\})/\.(?:ssh|aws|netrc|kube|docker|config/gcloud)\b|\bid_(?:rsa|ed25519)\b"
    r"|\bkeyring\.get_password\b|\bgetpass\b|\bAuthorization:\s*Bearer\b"
)
_NETWORK_TOOLS = re.compile(r"\b(?:WebFetch|WebSearch|Bash\((?:curl|wget|ssh)\b)")
# Calls without their import, as examples have them, and commands that a program starts.
_CALLS = re.compile(
    r"\b(?:requests|httpx|axios)\.(?:get|post|put|patch|delete|head|request|stream|Client|AsyncClient)\s*\("
    r"|\burlopen\s*\(|\baiohttp\.ClientSession\b|['\"](?:curl|wget|scp|rsync|ssh)(?:['\"]|\s)"
)
# Among words, code that only names a function or a package is no order to run it; a command with its argument is.
_COMMANDS = re.compile(
    r"(?:^|[\s;|&(`])(?:curl|wget|nc|ncat|ssh|scp|rsync|Invoke-WebRequest|Invoke-RestMethod)\s+\S"
    r"|\b(?:pip|pip3|npm|npx|yarn|gem|cargo|go|apt|apt-get|brew)\s+(?:install|get|add|i)\s+\S",
    re.MULTILINE,
)
_TICKS = re.compile(r"`+")
_MARKDOWN = (".md", ".markdown")


class RiskKind(StrEnum):
    """What raises the risk."""

    SCRIPTS = "scripts"
    NETWORK = "network"
    CREDENTIALS = "credentials"


class RiskTier(StrEnum):
    """How carefully a version is looked at."""

    LOW = "low"
    RAISED = "raised"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class RiskSign:
    """One thing that raises the risk, where it stands (``line`` from 1, 0 for the whole file), in a sentence."""

    kind: RiskKind
    path: str
    line: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Risk:
    """The tier of a version and every sign that led to it."""

    tier: RiskTier
    signs: tuple[RiskSign, ...]

    @property
    def kinds(self) -> tuple[RiskKind, ...]:
        """The kinds that were seen, in the order of ``RiskKind``."""
        seen = {sign.kind for sign in self.signs}
        return tuple(kind for kind in RiskKind if kind in seen)

    @property
    def sentence(self) -> str:
        """Say the tier and why."""
        if not self.signs:
            return "Low risk: text only, and no code in it reaches the network or touches credentials."
        words = {
            RiskKind.SCRIPTS: "it brings scripts",
            RiskKind.NETWORK: "it reaches the network",
            RiskKind.CREDENTIALS: "it touches credentials",
        }
        said = [words[kind] for kind in self.kinds]
        joined = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
        return f"{self.tier.value.capitalize()} risk: {joined}."


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many approvals a tier needs, and how many people are asked, so that nobody alone holds it up."""

    num_needed: int
    num_asked: int


QUORUMS: dict[RiskTier, Quorum] = {
    RiskTier.LOW: Quorum(1, 1),
    RiskTier.RAISED: Quorum(2, 3),
    RiskTier.HIGH: Quorum(3, 4),
}
MOST_NEEDED = 9
LONGEST_SAID = 60


def risk_of(document: SkillDocument, files: Sequence[BundleFile], secret_paths: Sequence[str] = ()) -> Risk:
    """Return the tier of a version: low without a sign, raised with one kind of them, high with two kinds or more.

    ``secret_paths`` are the files in which a secret was found. Code in the document and in other Markdown files is
    searched whatever its language, since an agent may run it, but a document alone is not said to bring scripts.
    """
    signs = (
        *_script_signs(files),
        *_front_matter_signs(document),
        *_code_signs(document, MAIN_FILE),
        *_reference_signs(files),
        *_secret_signs(secret_paths),
    )
    unique = tuple(dict.fromkeys(signs))
    num_kinds = len({sign.kind for sign in unique})
    tier = (RiskTier.LOW, RiskTier.RAISED, RiskTier.HIGH)[min(num_kinds, 2)]
    return Risk(tier, unique)


def _is_script(file: BundleFile) -> bool:
    suffix = posixpath.splitext(file.path)[1].lower()
    return file.is_executable or suffix in SCRIPT_SUFFIXES or (file.text or "").startswith("#!")


def _script_signs(files: Sequence[BundleFile]) -> Iterator[RiskSign]:
    for file in files:
        if not _is_script(file):
            continue
        yield RiskSign(RiskKind.SCRIPTS, file.path, 0, f"{file.path} is a script.")
        text = file.text or ""
        if hit := REACHES_NETWORK.search(text):
            line = text.count("\n", 0, hit.end() - len(hit[0].lstrip())) + 1
            yield RiskSign(
                RiskKind.NETWORK, file.path, line, f"{file.path} reaches the network in line {line}."
            )
        if hit := _CREDENTIALS.search(text):
            line = text.count("\n", 0, hit.start()) + 1
            yield RiskSign(
                RiskKind.CREDENTIALS, file.path, line, f"{file.path} reads {hit[0]} in line {line}."
            )


def _front_matter_signs(document: SkillDocument) -> Iterator[RiskSign]:
    front = document.front_matter
    if front is not None and (tool := _NETWORK_TOOLS.search(front.text)):
        sentence = f"The front matter asks for the tool {tool[0].rstrip('(')}."
        yield RiskSign(RiskKind.NETWORK, MAIN_FILE, 1, sentence)


def _reference_signs(files: Sequence[BundleFile]) -> Iterator[RiskSign]:
    for file in files:
        if file.text and file.path.lower().endswith(_MARKDOWN) and not _is_script(file):
            yield from _code_signs(parse_document(file.text), file.path)


def _code_signs(document: SkillDocument, path: str) -> Iterator[RiskSign]:
    where = "" if path == MAIN_FILE else f" of {path}"
    for line, text in _blocks(document):
        if hit := REACHES_NETWORK.search(text) or _CALLS.search(text):
            said = hit[0].strip().lstrip("'\"`").rstrip("'\"(")
            sentence = f"The code block at line {line}{where} reaches the network with “{said}”."
            yield RiskSign(RiskKind.NETWORK, path, line, sentence)
        if hit := _CREDENTIALS.search(text):
            sentence = f"The code block at line {line}{where} uses {hit[0]}."
            yield RiskSign(RiskKind.CREDENTIALS, path, line, sentence)
    for line, text in _inline_code(document):
        if _COMMANDS.search(text):
            said = text if len(text) <= LONGEST_SAID else f"{text[:LONGEST_SAID]}…"
            sentence = f"The command “{said}” in line {line}{where} reaches the network."
            yield RiskSign(RiskKind.NETWORK, path, line, sentence)
        if hit := _CREDENTIALS.search(text):
            sentence = f"The code in line {line}{where} names {hit[0]}."
            yield RiskSign(RiskKind.CREDENTIALS, path, line, sentence)


def _blocks(document: SkillDocument) -> Iterator[tuple[int, str]]:
    """Yield the first line and the text of each code block, fenced or indented."""
    for block in document.code_blocks:
        yield block.start_line, block.text
    taken = [(lines[0], lines[1]) for lines in document.structure.paragraphs]
    taken += [(block.start_line, block.end_line + 1) for block in document.code_blocks]
    covered = {number for first, after in taken for number in range(first, after)}
    lines = document.text.split("\n")
    first, kept = 0, list[str]()
    for number in range(document.body_line, len(lines) + 2):
        line = lines[number - 1] if number <= len(lines) else ""
        if line.startswith(("    ", "\t")) and number not in covered:
            first = first or number
            kept.append(line)
        elif kept:
            yield first, "\n".join(kept)
            first, kept = 0, []


def _inline_code(document: SkillDocument) -> Iterator[tuple[int, str]]:
    """Yield line and text of each code among words: what stands between two runs of equally many backticks."""
    for start, end in document.structure.prose:
        runs = [run.span() for run in _TICKS.finditer(document.text, start, end)]
        closers: list[int | None] = []
        following: dict[int, int] = {}
        for at, run in reversed(list(enumerate(runs))):
            closers.append(following.get(run[1] - run[0]))
            following[run[1] - run[0]] = at
        closers.reverse()
        at = 0
        while at < len(runs):
            closer = closers[at]
            if closer is not None:
                first, last = runs[at][1], runs[closer][0]
                yield document.lines.line_number(first), " ".join(document.text[first:last].split())
            at = at + 1 if closer is None else closer + 1


def _secret_signs(paths: Sequence[str]) -> Iterator[RiskSign]:
    for path in paths:
        yield RiskSign(RiskKind.CREDENTIALS, path, 0, f"{path} holds what looks like a secret.")
