"""Measure placement help in the database that the environment names: ``python -m tests.benchmarks.placement_steps PART``.

``fill`` comes first, then ``survey`` and ``pages``, each in a process of its own. A part prints one JSON object: seconds and
megabytes by name. Texts are drawn as real ones are: each category has words of its own, and few words are very common.
"""

import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable
from itertools import accumulate
from typing import Any

NUM_SKILLS, NUM_ROOTS, NUM_BELOW = 20_000, 20, 99
NUM_WORDS, ROUNDS = 12_000, 10
PARTS = ("fill", "survey", "pages")


def measure(part: str) -> dict[str, float]:
    """Do one part and return what it took."""
    return {"fill": _fill, "survey": _survey, "pages": _pages}[part]()


def _fill() -> dict[str, float]:
    """Make 20,000 skills in 2,000 categories: one in a hundred homeless, in the wrong place, or there twice, each."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import transaction

    from skills_app.domain.keys import new_key
    from skills_app.models import Category, Skill, SkillFacet

    call_command("migrate", verbosity=0)
    User.objects.create_superuser("bench")
    chance = random.Random(7)
    with transaction.atomic():
        roots = [Category(key=new_key(), slug=f"r{n}", path=f"r{n}") for n in range(NUM_ROOTS)]
        Category.objects.bulk_create(roots)
        below = [
            Category(key=new_key(), slug=f"c{n}", path=f"{root.path}/c{n}", parent=root)
            for root in Category.objects.all()
            for n in range(NUM_BELOW)
        ]
        Category.objects.bulk_create(below)
        places = list(Category.objects.filter(parent__isnull=False).order_by("pk"))
        Skill.objects.bulk_create(_skills(places, chance), batch_size=2_000)
        for start in range(0, NUM_SKILLS, 2_000):
            _write_documents(start, chance)
        facets = [
            SkillFacet(skill=skill, name=name, value=f"{name}-{chance.randrange(number)}")
            for skill in Skill.objects.only("pk")
            for name, number in (("lang", 12), ("tool", 200), ("domain", 30))
        ]
        SkillFacet.objects.bulk_create(facets, batch_size=5_000)
    return {}


def _skills(places: list[Any], chance: random.Random) -> list[Any]:
    from skills_app.domain.keys import new_key
    from skills_app.models import Skill

    words = [_word(n) for n in range(NUM_WORDS)]
    usual = [1 / (n + 3) for n in range(NUM_WORDS)]
    own = [chance.sample(words[200:], 25) for _ in places]
    found: list[Any] = []
    for number in range(NUM_SKILLS):
        at = number % len(places)
        about = (at + 700) % len(places) if number % 100 == 1 else at
        text = " ".join([*chance.sample(own[about], 10), *chance.choices(words, usual, k=20)])
        if number % 100 == 2:
            text = found[-1].description
        home = None if number % 100 == 3 else places[at]
        path = f"{home.path}/s{number}" if home else f"s{number}"
        found.append(
            Skill(
                key=new_key(),
                name=f"skill-{number}",
                slug=f"s{number}",
                path=path,
                category=home,
                status="active",
                quality_score=chance.random(),
                description=text,
                keywords=chance.sample(own[about], 4),
            )
        )
    return found


def _write_documents(start: int, chance: random.Random) -> None:
    """Give 2,000 skills a version of about 6 kB each, one in a hundred the document of the one before, and one half of it."""
    from django.db import connection

    from skills_app.models import Skill, SkillVersion

    words, usual = (
        [_word(n) for n in range(NUM_WORDS)],
        list(accumulate(1 / (n + 3) for n in range(NUM_WORDS))),
    )
    texts: list[str] = []
    rows = Skill.objects.order_by("pk")[start : start + 2_000]
    for number, skill in enumerate(rows):
        own = skill.description.split() * 3
        text = " ".join([*own, *chance.choices(words, cum_weights=usual, k=600)])
        if number % 100 in (4, 5):
            text = (
                texts[-1] if number % 100 == 4 else " ".join([*texts[-1].split()[:300], *text.split()[:300]])
            )
        texts.append(text)
    made = [
        SkillVersion(
            skill=skill,
            number=1,
            content=f"---\nname: {skill.name}\n---\n{text}",
            digest=f"{skill.pk:064}",
            content_digest=f"{skill.pk:064}",
            origin="edit",
            made_at=skill.created_at,
        )
        for skill, text in zip(rows, texts, strict=True)
    ]
    SkillVersion.objects.bulk_create(made, batch_size=500)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE skills_app_skill SET current_version_id = "
            "(SELECT id FROM skills_app_skillversion WHERE skill_id = skills_app_skill.id) WHERE current_version_id IS NULL"
        )


def _survey() -> dict[str, float]:
    """Return what a worker takes to look at all of them: seconds, seconds of processor, and its memory in MB."""
    from django.utils import timezone

    from skills_app.services.survey_placement import survey_placement

    before, began = _megabytes(), time.process_time()
    taken = _seconds(lambda: survey_placement(now=timezone.now(), is_forced=True))
    return {"survey": taken, "processor": time.process_time() - began, "memory": _megabytes() - before}


def _pages() -> dict[str, float]:
    """Return the 95th percentile of each page in seconds, its mean of processor, the largest in kB, and the memory in MB."""
    from django.contrib.auth.models import User
    from django.test import Client

    from tests.benchmarks.harness import percentile

    client = Client()
    client.force_login(
        User.objects.get(username="bench"), backend="django.contrib.auth.backends.ModelBackend"
    )
    asked = {
        "all": "/taxonomy/placement/",
        "branch": "/taxonomy/placement/?at=r3",
        "tree": "/taxonomy/?at=r3/c4",
        "facets": "/taxonomy/?at=r3/c4&facet=lang:lang-1",
    }
    found: dict[str, float] = {}
    for name, address in asked.items():
        client.get(address)
        began = time.process_time()
        found[name] = percentile([_seconds(lambda a=address: client.get(a)) for _ in range(ROUNDS)], 0.95)
        found[f"{name}_processor"] = (time.process_time() - began) / ROUNDS
        found["kilobytes"] = max(found.get("kilobytes", 0.0), len(client.get(address).content) / 1024)
    return found | {"page_memory": _megabytes()}


def _word(number: int) -> str:
    """Return a word of letters only, another one for each number."""
    text = ""
    for _ in range(4):
        number, rest = divmod(number, 12)
        text += "bcdfghklmnpr"[rest] + "aeiou"[(number + rest) % 5]
    return text


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")
    import django

    django.setup()
    sys.stdout.write(json.dumps(measure(sys.argv[1])) + "\n")
