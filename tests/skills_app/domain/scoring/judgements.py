"""How good twenty real documents are, judged by reading them, and written down before ``fleet-1`` was.

The question was the same for each: would an agent that loads this know that it applies, and what to do? Four
tiers came out; every document of a tier is judged better than every document of the tiers below it, and nothing
is said about two of one tier. It is one reader's judgement, not a panel's.
"""

from itertools import combinations, product

SEED_RUN = "seed run 2c825fc5 skill_content.md"

TIERS: dict[str, tuple[str, ...]] = {
    "says when it applies and what to do": (
        "technical_skills/programming/languages/python/decorators/SKILL.md",
        "technical_skills/programming/web_frameworks/python/fastapi/SKILL.md",
        "technical_skills/web_development/frontend/react/vite/SKILL.md",
        "technical_skills/web_development/frontend/react/react-vite-production-setup/SKILL.md",
        "technical_skills/software_development/api_development/openapi/cli_management/SKILL.md",
        "technical_skills/programming/python/dspy-framework/SKILL.md",
        "memory_blocks/initiate-memory/SKILL.md",
        SEED_RUN,
    ),
    "teaches something usable, but hardly says when": (
        "memory_blocks/universal-memory/SKILL.md",
        "technical_skills/programming/python/fastapi/backend_architecture/SKILL.md",
        "technical_skills/testing/python/pytest/SKILL.md",
    ),
    "a glossary, a source listing or a leaflet with some usable lines": (
        "technical_skills/devops/containerization/docker/SKILL.md",
        "technical_skills/software_architecture/concurrency/SKILL.md",
        "technical_skills/programming/practices/code_quality_analysis/SKILL.md",
        "technical_skills/design_patterns/python/SKILL.md",
        "domain_knowledge/knowledge_retrieval/SKILL.md",
    ),
    "nothing to act upon": (
        "technical_skills/programming/languages/python/core_syntax/SKILL.md",
        "technical_skills/programming/languages/python/asynchronous_programming/SKILL.md",
        "miscellaneous/unclassified/SKILL.md",
        "general/testing/SKILL.md",
    ),
}

PAIRS: tuple[tuple[str, str], ...] = tuple(
    pair for better, worse in combinations(TIERS.values(), 2) for pair in product(better, worse)
)

# The sample skills under the same question and into the same tiers, read later, by somebody who knew both scorers.
SAMPLE_TIERS: dict[str, tuple[str, ...]] = {
    "says when it applies and what to do": (
        "data/analysis/csv-cleaning",
        "data/analysis/time-series-checks",
        "engineering/databases/postgres-slow-queries",
        "engineering/databases/sqlite-safe-migrations",
        "engineering/frontend/accessibility/keyboard-navigation",
        "engineering/operations/incident-first-hour",
        "engineering/python/async-timeouts",
        "engineering/python/packaging-checklist",
        "engineering/web/http-status-handbook",
        "finance/closing/invoice-matching",
        "writing/technical/release-notes",
    ),
    # A vague description, steps that say nothing, one command and two observations that help.
    "teaches something usable, but hardly says when": ("engineering/operations/log-triage",),
}

# Pairs among the sample skills, and between them and the real documents.
SAMPLE_PAIRS: tuple[tuple[str, str], ...] = tuple(
    pair
    for better, worse in combinations(TIERS, 2)
    for pair in product(
        TIERS[better] + SAMPLE_TIERS.get(better, ()), TIERS[worse] + SAMPLE_TIERS.get(worse, ())
    )
    if pair not in set(PAIRS)
)
