"""A small library on disk with one of everything, for tests to break."""

import json
from pathlib import Path

DOCUMENT = """---
name: {name}
description: Use when {name} is needed.
metadata:
  type: technical
---

# {name}

## When to Use

Now.
"""

FILES: dict[str, str] = {
    "old/place/docker/SKILL.md": DOCUMENT.format(name="docker"),
    "old/place/docker/metadata.json": json.dumps(
        {
            "skill_id": "old/place/docker-best",
            "name": "docker",
            "version": "1.0.0",
            "type": "technical",
            "weight": "medium",
            "capabilities": ["build", "ship"],
            "dependencies": ["_core/reasoning", "nowhere/at-all"],
            "see_also": ["python/async"],
        }
    ),
    "old/place/docker/references/guide.md": "# Guide\n",
    "python/async/SKILL.md": DOCUMENT.format(name="async"),
    "loose/SKILL.md": DOCUMENT.format(name="loose"),
    "_core/reasoning.json": json.dumps(
        {
            "skill_id": "_core/reasoning",
            "type": "cognitive",
            "description": "Reasons.",
            "capabilities": ["think"],
        }
    ),
    "_drafts/draft/SKILL.md": DOCUMENT.format(name="draft"),
    "_templates/skill_template.json": "{}",
    "taxonomy_meta.json": json.dumps({"total_skills": 4}),
    "taxonomy_index.json": json.dumps(
        {
            "version": "1.0.0",
            "taxonomy_tree": {
                "python": {"description": "Python", "children": {}},
                "devops": {
                    "description": "Devops",
                    "children": {"containers": {"description": "", "children": {}}},
                },
            },
            "skills": {
                "docker-core": {
                    "canonical_path": "devops/docker",
                    "taxonomy_location": "devops",
                    "aliases": ["old/place/docker"],
                    "facets": {"tool": "docker", "topic": ["containers", "ops"]},
                    "status": "deprecated",
                },
                "python-async": {
                    "canonical_path": "python/async",
                    "aliases": [],
                    "facets": {"lang": "python"},
                },
            },
            "aliases": {"containers/docker": "docker-core"},
        }
    ),
}
SKILLS = ["_core/reasoning", "loose", "old/place/docker", "python/async"]


def write_library(root: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """Write ``files`` (all of ``FILES`` by default) below ``root`` and return it."""
    for path, content in (FILES if files is None else files).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
