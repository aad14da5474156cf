"""Make skills for tests through the services that the product uses."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from skills_app.domain.enums import SkillStatus, VersionOrigin
from skills_app.domain.records import FileRecord
from skills_app.models import Finding, QualityAssessment, Skill, ValidationReport
from skills_app.services.add_version import add_version
from skills_app.services.make_skill import make_skill
from skills_app.services.set_facets import set_facets

START = datetime(2026, 1, 10, 12, tzinfo=UTC)

DOCUMENT = """---
name: {name}
description: {description}
license: MIT
metadata:
  version: 1.0.0
---

# {title}

{body}

## When to use

- first item
- second item

```python
def run():
    return 1
```

See [the guide](references/guide.md).
"""


def document(name: str, body: str = "Some advice.", description: str = "Use when in doubt.") -> str:
    """Return a document with five front matter lines and a body."""
    return DOCUMENT.format(name=name, title=name.title(), body=body, description=description)


def text_file(path: str, text: str | bytes, *, is_executable: bool = False) -> FileRecord:
    """Return a file as a scan would."""
    data = text if isinstance(text, bytes) else text.encode()
    return FileRecord(path, len(data), sha256(data).hexdigest(), data, is_executable)


def skill(
    path: str, body: str = "Some advice.", *, files: tuple[FileRecord, ...] = (), **fields: Any
) -> Skill:
    """Make a skill at ``path`` with one version; ``fields`` are written onto its row, ``facets`` are its facets."""
    facets = fields.pop("facets", ())
    description = fields.pop("description", "Use when in doubt.")
    content = fields.pop("content", None)
    name = path.rpartition("/")[2]
    made, _ = make_skill(path=path, name=name, status=SkillStatus.ACTIVE)
    add_version(
        skill=made,
        content=content if content is not None else document(name, body, description),
        origin=fields.pop("origin", VersionOrigin.LIBRARY),
        made_at=fields.pop("made_at", START),
        files=files,
        content_kind=fields.pop("content_kind", "markdown"),
        message="first",
        author_name="carol",
    )
    set_facets(skill=made, facets=facets)
    if fields:
        Skill.objects.filter(pk=made.pk).update(**fields)
    return Skill.objects.get(pk=made.pk)


def next_version(of: Skill, body: str) -> Skill:
    """Add a version with another body, a day later."""
    add_version(
        skill=of,
        content=document(of.slug, body),
        origin=VersionOrigin.EDIT,
        made_at=START + timedelta(days=of.num_versions),
        files=(),
        message=f"say {body}",
        author_name="ben",
    )
    return Skill.objects.get(pk=of.pk)


def report(of: Skill, *findings: dict[str, Any], **fields: Any) -> ValidationReport:
    """Put a validation report with these findings on the current version."""
    values = {"validator": "model", "status": "warnings", "is_passed": True, "made_at": START, **fields}
    made = ValidationReport.objects.create(
        version=of.current_version,
        digest=sha256(repr((of.pk, findings, sorted(fields))).encode()).hexdigest(),
        **values,
    )
    for position, finding in enumerate(findings, start=1):
        Finding.objects.create(
            report=made,
            position=position,
            **{
                "rule_id": f"rule_{position}",
                "severity": "warning",
                "message": "Something is off.",
                **finding,
            },
        )
    return made


def assessment(of: Skill, **fields: Any) -> QualityAssessment:
    """Put a quality assessment on the current version."""
    values = {"scorer": "model", "quality_score": 0.9, "calibrated_score": 0.6, "made_at": START, **fields}
    return QualityAssessment.objects.create(
        version=of.current_version,
        digest=sha256(repr(sorted(map(str, values.items()))).encode()).hexdigest(),
        **values,
    )
