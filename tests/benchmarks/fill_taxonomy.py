"""Fill an empty database with a library at work: skills with texts, versions, links and old addresses, and what hangs on them.

What moves has as much of it as the rest: live reviews with verdicts, which the gate of the branch that it enters makes
stale; people who look after branches and are told; waivers; published folders with their index in a git work tree. The same
size gives the same library each time, but for keys and times.
"""

import json
import os
import random
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

NUM_SKILLS = int(os.environ.get("FLEET_BENCH_SKILLS", "20000"))
NUM_MOVED = NUM_SKILLS // 4
NUM_ROOTS, NUM_BELOW = 20, 99
# Live reviews and published skills, among those that move and once more among the others.
NUM_REVIEWS, NUM_PUBLISHED = min(400, NUM_MOVED // 4), min(400, NUM_MOVED // 4)
NUM_TEXTS, NUM_CURATORS, NUM_REVIEWERS = 8, 40, 12
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = [
    "retry",
    "timeout",
    "queue",
    "parser",
    "index",
    "cache",
    "token",
    "schema",
    "branch",
    "review",
    "score",
    "gate",
    "model",
    "metric",
    "phase",
    "prompt",
]
_TEAMS = ("platform", "data", "payments", "search", "mobile", "security", "growth", "support")
_LEVELS = ("basic", "advanced", "expert")


def fill(library: Path) -> None:
    """Fill the tables, and put what is published into the folder ``library``."""
    from django.db import connection, transaction

    from skills_app.models import Skill
    from skills_app.services.index_skill_text import index_skill_addresses

    chance = random.Random(6)
    with transaction.atomic():
        _add_skills(chance)
        skills = list(Skill.objects.select_related("category").order_by("pk"))
        _tie(skills, chance)
        _add_facets(skills)
        _add_versions(skills, chance)
        people = _add_people()
        _add_gate_and_waivers(skills, people)
        _add_reviews(_some(skills, NUM_REVIEWS), people)
        published = _some(skills, NUM_PUBLISHED)
        _add_promotions(published, people)
        index_skill_addresses(skill_ids=Skill.objects.values_list("pk", flat=True))
    _publish(library, published)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _some(skills: list[Any], number: int) -> list[Any]:
    """Return as many of the skills that move, and of those that stay, evenly spread."""
    moved, others = skills[:NUM_MOVED], skills[NUM_MOVED:]
    return [*moved[:: len(moved) // number][:number], *others[:: len(others) // number][:number]]


def _add_skills(chance: random.Random) -> None:
    from skills_app.domain.keys import new_key
    from skills_app.models import Category, Skill, SkillText

    Category.objects.bulk_create(
        [Category(key=new_key(), slug=f"r{n}", path=f"r{n}", title=f"Root {n}") for n in range(NUM_ROOTS)]
    )
    Category.objects.bulk_create(
        [
            Category(key=new_key(), slug=f"c{n}", path=f"{root.path}/c{n}", parent=root)
            for root in Category.objects.order_by("pk")
            for n in range(NUM_BELOW)
        ]
    )
    below = list(Category.objects.filter(parent__isnull=False).order_by("pk"))
    first = [place for place in below if place.path.startswith("r0/")]
    others = [place for place in below if not place.path.startswith("r0/")]
    homes = [first[n % len(first)] if n < NUM_MOVED else others[n % len(others)] for n in range(NUM_SKILLS)]
    Skill.objects.bulk_create(
        [
            Skill(
                key=new_key(),
                name=f"skill-{n}",
                slug=f"s{n}",
                path=f"{home.path}/s{n}",
                category=home,
                status="active",
                quality_score=chance.random(),
                description=f"Use when {' '.join(chance.choices(WORDS, k=20))}.",
            )
            for n, home in enumerate(homes)
        ],
        batch_size=2_000,
    )
    SkillText.objects.bulk_create(
        [
            SkillText(
                skill=skill,
                name=skill.name,
                description=skill.description,
                body=" ".join(chance.choices(WORDS, k=400)),
            )
            for skill in Skill.objects.order_by("pk")
        ],
        batch_size=1_000,
    )


def _tie(skills: list[Any], chance: random.Random) -> None:
    """Give each skill an old address and a skill that it names: each fourth needs it, and so the needs make no circle."""
    from skills_app.models import PathAlias, SkillDependency

    PathAlias.objects.bulk_create(
        [PathAlias(path=f"old/{skill.slug}", skill=skill) for skill in skills], batch_size=2_000
    )
    links = []
    for place, skill in enumerate(skills[1:], start=1):
        target = skills[chance.randrange(place)]
        kind = "required" if place % 4 == 0 else "see_also"
        links.append(SkillDependency(skill=skill, kind=kind, target=target, target_path=target.path))
    SkillDependency.objects.bulk_create(links, batch_size=2_000)


def _add_facets(skills: list[Any]) -> None:
    from skills_app.models import SkillFacet

    pairs = (("team", _TEAMS), ("level", _LEVELS))
    SkillFacet.objects.bulk_create(
        [
            SkillFacet(skill=skill, name=name, value=values[at % len(values)])
            for at, skill in enumerate(skills)
            for name, values in pairs
        ],
        batch_size=5_000,
    )


def _add_versions(skills: list[Any], chance: random.Random) -> None:
    """Give each skill a version, its current one, whose text is one of a few."""
    from skills_app.domain.digests import digest_of, version_digest
    from skills_app.models import Skill, SkillVersion

    texts = [
        "\n\n".join(
            f"## Step {step}\n\nFirst {' '.join(chance.choices(WORDS, k=60))}." for step in range(1, 6)
        )
        for _ in range(NUM_TEXTS)
    ]
    rows = []
    for at, skill in enumerate(skills):
        front = {"name": skill.slug, "description": skill.description}
        head = "\n".join(f"{name}: {value}" for name, value in front.items())
        content = f"---\n{head}\n---\n\n# {skill.name}\n\n{texts[at % NUM_TEXTS]}\n"
        digest = digest_of(content)
        rows.append(
            SkillVersion(
                skill=skill,
                number=1,
                digest=version_digest(digest, []),
                content_digest=digest,
                content=content,
                front_matter=front,
                origin="edit",
                author_name="bench",
                made_at=NOW,
            )
        )
    SkillVersion.objects.bulk_create(rows, batch_size=1_000)
    for skill, version in zip(skills, SkillVersion.objects.order_by("pk"), strict=True):
        skill.current_version, skill.num_versions = version, 1
    Skill.objects.bulk_update(skills, ["current_version", "num_versions"], batch_size=2_000)


def _add_people() -> dict[str, list[Any]]:
    """Make reviewers of the library, one who manages it, and curators of roots and of some of the categories below."""
    from django.contrib.auth.models import User

    from skills_app.domain.enums import Role
    from skills_app.models import Category, RoleGrant

    people = {
        kind: User.objects.bulk_create([User(username=f"{kind}-{n:02}") for n in range(number)])
        for kind, number in (("curator", NUM_CURATORS), ("reviewer", NUM_REVIEWERS), ("manager", 1))
    }
    roots = Category.objects.filter(parent=None).order_by("pk")
    below = Category.objects.filter(parent__isnull=False).order_by("pk")[::10]
    grants = [RoleGrant(user=person, role=Role.REVIEWER) for person in people["reviewer"]]
    grants += [RoleGrant(user=people["manager"][0], role=Role.MANAGER)]
    grants += [
        RoleGrant(user=people["curator"][at % NUM_CURATORS], role=Role.CURATOR, category=place)
        for at, place in enumerate([*roots, *below])
    ]
    RoleGrant.objects.bulk_create(grants)
    return people


def _add_gate_and_waivers(skills: list[Any], people: dict[str, list[Any]]) -> None:
    """Give the branch that the others move to a gate of its own, and set conditions aside for branches and skills."""
    from skills_app.domain.gates import DEFAULT_GATES
    from skills_app.models import Category, Gate, GateRevision, Waiver

    gate = Gate.objects.create(name="strict", category=Category.objects.get(path="r1"))
    data = {**DEFAULT_GATES[0], "name": gate.name, "title": "Strict"}
    GateRevision.objects.create(gate=gate, number=1, data=data, reason="Measured.", author_name="bench")
    whose = [{"category": skills[at].category} for at in range(0, NUM_BELOW, 10)]
    whose += [{"skill": skill} for skill in _some(skills, min(20, NUM_REVIEWS))]
    owner, until = people["manager"][0], NOW.date() + timedelta(days=36_500)
    Waiver.objects.bulk_create(
        [
            Waiver(
                condition_key="size",
                reason="Measured.",
                owner=owner,
                owner_name=owner.get_username(),
                until=until,
                **one,
            )
            for one in whose
        ]
    )


def _add_reviews(skills: list[Any], people: dict[str, list[Any]]) -> None:
    """Put the version of each skill under review: two were asked, and both decided, bound to what stands."""
    from django.utils import timezone

    from skills_app.models import Review, ReviewRequest, SkillVersion, Verdict
    from skills_app.queries.review_grounds import grounds_of

    reviewers = people["reviewer"]
    versions = list(
        SkillVersion.objects.filter(skill__in=skills).select_related("skill__category").order_by("pk")
    )
    _judge(versions)
    grounds = grounds_of(versions, today=timezone.localdate())
    reviews = Review.objects.bulk_create(
        [
            Review(
                skill=version.skill,
                version=version,
                opened_by=people["curator"][at % NUM_CURATORS],
                opened_by_name=people["curator"][at % NUM_CURATORS].get_username(),
                tier="medium",
                num_needed=2,
                opened_at=NOW,
                version_at=NOW,
            )
            for at, version in enumerate(versions)
        ]
    )
    asked, verdicts = [], []
    for at, review in enumerate(reviews):
        for step, decision in enumerate(("approve", "request_changes")):
            person = reviewers[(at + step) % len(reviewers)]
            asked.append(ReviewRequest(review=review, reviewer=person, asked_by_name="bench", asked_at=NOW))
            verdicts.append(
                Verdict(
                    review=review,
                    version=review.version,
                    reviewer=person,
                    reviewer_name=person.get_username(),
                    decision=decision,
                    reason="Measured.",
                    binding=grounds[review.version_id].binding.as_data(),
                    given_at=NOW,
                )
            )
    ReviewRequest.objects.bulk_create(asked)
    Verdict.objects.bulk_create(verdicts)


def _judge(versions: list[Any]) -> None:
    """Judge one version of each text, and give the others what was found there, each as its own."""
    from skills_app.domain.judging import judgement_key
    from skills_app.models import Finding, QualityAssessment, ValidationReport
    from skills_app.services.judge_version import judge_version

    models: dict[int, Any] = {}
    reports, findings, scores = [], [], []
    for version in versions:
        at = (version.pk - versions[0].pk) % NUM_TEXTS
        if at not in models:
            judge_version(version=version)
            models[at] = (
                list(version.validation_reports.prefetch_related("findings")),
                list(version.quality_assessments.all()),
            )
            continue
        for report in models[at][0]:
            key = judgement_key(version.digest, version.skill.path)
            copy = _copy(ValidationReport, report, version=version, details={**report.details, "key": key})
            reports.append(copy)
            findings += [_copy(Finding, found, report=copy) for found in report.findings.all()]
        scores += [_copy(QualityAssessment, score, version=version) for score in models[at][1]]
    ValidationReport.objects.bulk_create(reports, batch_size=1_000)
    Finding.objects.bulk_create(findings, batch_size=1_000)
    QualityAssessment.objects.bulk_create(scores, batch_size=1_000)


def _copy(model: Any, row: Any, **owner: Any) -> Any:
    names = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    return model(**{name: getattr(row, name) for name in names if name not in owner}, **owner)


def _add_promotions(skills: list[Any], people: dict[str, list[Any]]) -> None:
    from skills_app.models import Promotion

    manager = people["manager"][0]
    Promotion.objects.bulk_create(
        [
            Promotion(
                skill=skill,
                version=skill.current_version,
                semantic_version="1.0.0",
                state="published",
                path=skill.path,
                index_id=skill.path,
                digest=skill.current_version.digest,
                folder_digest=skill.current_version.digest,
                promoted_by=manager,
                promoted_by_name=manager.get_username(),
                started_at=NOW,
                published_at=NOW,
            )
            for skill in skills
        ]
    )


def _publish(library: Path, skills: list[Any]) -> None:
    """Write the folders of ``skills`` and the index of all into ``library``, committed where there is git."""
    from skills_app.queries.taxonomy_files import index_file

    for skill in skills:
        folder = library / skill.path
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(skill.current_version.content, encoding="utf-8")
    text = json.dumps(index_file(), indent=2, ensure_ascii=False) + "\n"
    (library / "taxonomy_index.json").write_text(text, encoding="utf-8")
    if git := shutil.which("git"):
        for command in (
            ("init", "--quiet"),
            ("config", "user.name", "bench"),
            ("config", "user.email", "bench@example.org"),
            ("add", "--all"),
            ("commit", "--quiet", "--message", "Publish"),
        ):
            subprocess.run([git, *command], cwd=library, check=True)
