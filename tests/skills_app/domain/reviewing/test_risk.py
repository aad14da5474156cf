"""Which signs raise the risk of a version, and what that asks for."""

import pytest

from skills_app.domain.bundle import BundleFile
from skills_app.domain.documents import parse_document
from skills_app.domain.reviewing.risk import QUORUMS, RiskKind, RiskTier, risk_of

PLAIN = "---\nname: one\ndescription: Use when in doubt.\n---\n# One\n\nSet API_KEY and curl it.\n"


def document(block: str = "", language: str = "bash", front: str = "") -> str:
    fenced = f"\n```{language}\n{block}\n```\n" if block else ""
    return f"---\nname: one\n{front}---\n# One\n{fenced}"


def script(text: str, path: str = "scripts/run.py") -> BundleFile:
    return BundleFile(path, len(text), text)


@pytest.mark.parametrize(
    ("text", "files", "kinds", "tier"),
    [
        (PLAIN, [], (), RiskTier.LOW),
        (PLAIN, [BundleFile("references/a.md", 4, "curl it")], (), RiskTier.LOW),
        (PLAIN, [script("print(1)")], (RiskKind.SCRIPTS,), RiskTier.RAISED),
        (PLAIN, [BundleFile("tool", 3, "x", True)], (RiskKind.SCRIPTS,), RiskTier.RAISED),
        (PLAIN, [BundleFile("tool", 10, "#!/bin/sh\n")], (RiskKind.SCRIPTS,), RiskTier.RAISED),
        (PLAIN, [script("import requests\n")], (RiskKind.SCRIPTS, RiskKind.NETWORK), RiskTier.HIGH),
        (
            PLAIN,
            [script('import os\nk = os.environ["SHOP_API_KEY"]\n')],
            (RiskKind.SCRIPTS, RiskKind.CREDENTIALS),
            RiskTier.HIGH,
        ),
        (document("curl https://example.com"), [], (RiskKind.NETWORK,), RiskTier.RAISED),
        (document("curl https://example.com", "python"), [], (), RiskTier.LOW),
        (document("cat ~/.ssh/config"), [], (RiskKind.CREDENTIALS,), RiskTier.RAISED),
        (
            document("curl -H x $A_TOKEN"),
            [],
            (RiskKind.NETWORK, RiskKind.CREDENTIALS),
            RiskTier.HIGH,
        ),
        (document(front="allowed-tools: WebFetch\n"), [], (RiskKind.NETWORK,), RiskTier.RAISED),
    ],
)
def test_each_kind_of_sign_raises_the_tier(
    text: str, files: list[BundleFile], kinds: tuple[RiskKind, ...], tier: RiskTier
) -> None:
    risk = risk_of(parse_document(text), files)

    assert risk.kinds == kinds
    assert risk.tier is tier


def test_a_sign_names_its_file_and_line() -> None:
    risk = risk_of(parse_document(PLAIN), [script("import os\n\nimport httpx\n")])

    assert [(s.path, s.line) for s in risk.signs] == [("scripts/run.py", 0), ("scripts/run.py", 3)]
    assert risk.sentence == "High risk: it brings scripts and it reaches the network."


def test_a_found_secret_touches_credentials() -> None:
    risk = risk_of(parse_document(PLAIN), [], ["references/a.md"])

    assert risk.kinds == (RiskKind.CREDENTIALS,)
    assert "looks like a secret" in risk.signs[0].sentence


def test_text_alone_says_so() -> None:
    assert risk_of(parse_document(PLAIN), []).sentence.startswith("Low risk: text only")


def test_a_higher_tier_needs_more_approvals_and_asks_more_people_than_it_needs() -> None:
    needed = [QUORUMS[tier].num_needed for tier in RiskTier]

    assert needed == sorted(set(needed))
    assert all(q.num_asked >= q.num_needed for q in QUORUMS.values())
