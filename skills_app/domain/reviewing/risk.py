"""How much harm a skill could do, read from its files and its document, and how many approvals that asks for."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from skills_app.domain.bundle import REACHES_NETWORK, SCRIPT_SUFFIXES, BundleFile
from skills_app.domain.documents import SkillDocument
from skills_app.domain.findings import MAIN_FILE

# Languages of code blocks that an agent runs rather than reads.
_SHELLS = frozenset({"bash", "sh", "shell", "zsh", "console", "powershell", "ps1"})
_CREDENTIALS = re.compile(
    r"\b[A-Z][A-Z0-9]*_(?:API_KEY|ACCESS_KEY|SECRET|SECRET_KEY|TOKEN|PASSWORD|PASSWD)\b"
    r"|\b(?:API_KEY|SECRET_KEY|ACCESS_TOKEN|AUTH_TOKEN|PRIVATE_KEY)\b"
    r"|(?:~|\$HOME)/\.(?:ssh|aws|netrc|kube|docker|config/gcloud)\b|\bid_(?:rsa|ed25519)\b"
    r"|\bkeyring\.get_password\b|\bgetpass\b|\bAuthorization:\s*Bearer\b"
)
_NETWORK_TOOLS = re.compile(r"\b(?:WebFetch|WebSearch|Bash\((?:curl|wget|ssh)\b)")


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
            return "Low risk: text only, without scripts, network or credentials."
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


def risk_of(document: SkillDocument, files: Sequence[BundleFile], secret_paths: Sequence[str] = ()) -> Risk:
    """Return the tier of a version: low without a sign, raised with one kind of them, high with two kinds or more.

    ``secret_paths`` are the files in which a secret was found. Fenced blocks of a shell count as scripts' text, since
    an agent runs them, but a document alone is not said to bring scripts.
    """
    signs = (*_script_signs(files), *_document_signs(document), *_secret_signs(secret_paths))
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


def _document_signs(document: SkillDocument) -> Iterator[RiskSign]:
    front = document.front_matter
    if front is not None and (tool := _NETWORK_TOOLS.search(front.text)):
        sentence = f"The front matter asks for the tool {tool[0].rstrip('(')}."
        yield RiskSign(RiskKind.NETWORK, MAIN_FILE, 1, sentence)
    for block in document.code_blocks:
        if block.language not in _SHELLS:
            continue
        line = block.start_line
        if hit := REACHES_NETWORK.search(block.text):
            said = hit[0].strip()
            sentence = f"The code block at line {line} reaches the network with “{said}”."
            yield RiskSign(RiskKind.NETWORK, MAIN_FILE, line, sentence)
        if hit := _CREDENTIALS.search(block.text):
            sentence = f"The code block at line {line} uses {hit[0]}."
            yield RiskSign(RiskKind.CREDENTIALS, MAIN_FILE, line, sentence)


def _secret_signs(paths: Sequence[str]) -> Iterator[RiskSign]:
    for path in paths:
        yield RiskSign(RiskKind.CREDENTIALS, path, 0, f"{path} holds what looks like a secret.")
