"""One search over everything: skills, runs, generations, experiments, categories, sources and documents."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode

from fleet_site.docs import SECTIONS, docs_matching
from runs_app.domain.addresses import shown_address
from runs_app.domain.generation_words import status_words
from runs_app.models import Experiment, Generation, Run, Source
from skills_app.models import Category
from skills_app.queries.skills_matching import skills_matching

MAX_CHARS = 200
MIN_ID_CHARS = 4
# Names are searched in the newest runs only: a substring in a million names is no answer while one types.
NEWEST_RUNS = 20_000


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found: its name, what tells it from others, and its address."""

    label: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class HitGroup:
    """The hits of one kind; ``icon`` is a name of the sprite."""

    title: str
    icon: str
    hits: tuple[Hit, ...]
    is_cut: bool


def search_everything(text: str, *, limit: int) -> list[HitGroup]:
    """Return what matches ``text``, at most ``limit`` hits of each kind, without the kinds that have none."""
    wanted = " ".join(text.replace("\x00", " ").split())[:MAX_CHARS]
    if not wanted:
        return []
    kinds: tuple[tuple[str, str, Callable[[str, int], list[Hit]]], ...] = (
        ("Skills", "skill", _skills),
        ("Runs", "run", _runs),
        ("Generations", "robot", _generations),
        ("Categories", "category", _categories),
        ("Experiments", "experiment", _experiments),
        ("Sources", "source", _sources),
        ("Docs", "docs", _docs),
    )
    groups = []
    for title, icon, find in kinds:
        hits = find(wanted, limit + 1)
        if hits:
            groups.append(HitGroup(title, icon, tuple(hits[:limit]), is_cut=len(hits) > limit))
    return groups


def _skills(text: str, limit: int) -> list[Hit]:
    return [Hit(name, path, url) for name, path, url in skills_matching(text, limit)]


def _runs(text: str, limit: int) -> list[Hit]:
    """Find runs by the start of their id (through the index), then by a part of the name of the newest ones."""
    rows: list[Run] = []
    some = Run.objects.select_related("experiment").only(
        "name", "run_id", "status", "started_at", "experiment__name"
    )
    if len(text) >= MIN_ID_CHARS and " " not in text:
        rows = list(some.filter(_begins_with(text.lower())).order_by("run_id")[:limit])
    if len(rows) < limit:
        newest = Run.objects.order_by("-started_at", "-id").values("pk")[:NEWEST_RUNS]
        named = some.filter(pk__in=newest, name__icontains=text).exclude(pk__in=[run.pk for run in rows])
        rows += named.order_by("-started_at", "-id")[: limit - len(rows)]
    return [
        Hit(
            run.name or run.run_id,
            ", ".join(filter(None, (run.status, str(run.experiment), run.run_id[:8]))),
            run.get_absolute_url(),
        )
        for run in rows
    ]


def _generations(text: str, limit: int) -> list[Hit]:
    """Find the newest generations by a part of their task."""
    newest = Generation.objects.order_by("-created_at", "-pk").values("pk")[:NEWEST_RUNS]
    rows = Generation.objects.filter(pk__in=newest, task__icontains=text)
    rows = rows.only("key", "task", "status", "requested_by_name").order_by("-created_at", "-pk")[:limit]
    return [
        Hit(row.title, f"{status_words(row.status)}, by {row.requested_by_name}", row.get_absolute_url())
        for row in rows
    ]


def _begins_with(start: str) -> Q:
    """Return the condition that a run id begins with ``start``, in the form that each database has an index for."""
    if connection.vendor == "sqlite":
        return Q(run_id__gte=start, run_id__lt=f"{start}\uffff")
    return Q(run_id__startswith=start)


def _categories(text: str, limit: int) -> list[Hit]:
    rows = Category.objects.filter(Q(path__icontains=text) | Q(title__icontains=text)).order_by("path")[
        :limit
    ]
    return [Hit(row.title or row.slug, row.path, row.get_absolute_url()) for row in rows]


def _experiments(text: str, limit: int) -> list[Hit]:
    named = Experiment.objects.filter(Q(name__icontains=text) | Q(experiment_id=text)).select_related(
        "source"
    )
    return [Hit(str(row), f"in {row.source.name}", _runs_of(row)) for row in named[:limit]]


def _runs_of(experiment: Experiment) -> str:
    return f"{reverse('runs:list')}?{urlencode({'experiment': experiment.pk})}"


def _sources(text: str, limit: int) -> list[Hit]:
    rows = Source.objects.filter(name__icontains=text).order_by("name")[:limit]
    return [Hit(row.name, shown_address(row.address), row.get_absolute_url()) for row in rows]


def _docs(text: str, limit: int) -> list[Hit]:
    return [Hit(doc.title, SECTIONS[doc.section], doc.url) for doc in docs_matching(text, limit)]
