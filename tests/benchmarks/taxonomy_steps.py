"""Measure the taxonomy in the database that the environment names: ``python -m tests.benchmarks.taxonomy_steps PART``.

``fill`` and ``peer`` come first, then ``pages``, ``change`` and ``moves`` in any order, each in a process of its own. A part prints one
JSON object: seconds by name. The peer's tree of as many nodes stands in the same database.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from tests.benchmarks.fill_taxonomy import NUM_BELOW, NUM_MOVED, NUM_ROOTS, NUM_SKILLS, fill

# Each page is asked for so often after a first time; each of the addresses that one row stands for its share of it.
ROUNDS = 40
CHANGE_ROUNDS = 3

PARTS = ("fill", "peer", "pages", "change", "moves")


def measure(part: str) -> dict[str, float]:
    """Do one part; those after ``peer`` leave both trees as they found them, but for rows of audit and history."""
    steps = {
        "fill": _fill,
        "peer": _peer_tree,
        "pages": _pages,
        "change": _change,
        "moves": _moves,
    }
    return steps[part]()


def _fill() -> dict[str, float]:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from skills_app.queries.published import library_root

    call_command("migrate", verbosity=0)
    User.objects.create_superuser("bench")
    fill(library_root())
    return {}


def _pages() -> dict[str, float]:
    """Return the 95th percentile of opening a branch and of searching, each a page made for a person signed in.

    That of a search is over all times of searches for a skill's name, a word of every one, an old address and a slug.
    """
    from django.contrib.auth.models import User
    from django.test import Client

    from fleet_site.serving import ready_to_serve
    from skills_app.models import Category
    from tests.benchmarks.harness import percentile

    ready_to_serve()
    client = Client()
    client.force_login(
        User.objects.get(username="bench"), backend="django.contrib.auth.backends.ModelBackend"
    )
    branch = f"/taxonomy/branches/{Category.objects.get(path='r1').key}/"
    leaf = f"/taxonomy/branches/{Category.objects.get(path='r0/c1').key}/"
    shallow = {"X-Tree-Branch": "1"}
    asked: dict[str, list[tuple[str, dict[str, str]]]] = {
        "open_tree": [("/taxonomy/", {})],
        "open_branch": [(branch, shallow)],
        "open_leaf": [(leaf, shallow)],
        "search": [
            (f"/taxonomy/?q={text}", {})
            for text in (f"skill-{NUM_SKILLS // 2}", "skill", f"old/s{NUM_MOVED // 2}", "c42")
        ],
    }
    found = {}
    for name, requests in asked.items():
        times = []
        for address, headers in requests:
            client.get(address, headers=headers)
            for _ in range(ROUNDS // len(requests)):
                times.append(_seconds(lambda a=address, h=headers: client.get(a, headers=h)))
        found[name] = percentile(times, 0.95)
    return found


def _change() -> dict[str, float]:
    """Return the times of change-sets that move 5,000 skills, as a branch and one by one: shown, applied, undone."""
    from fleet_site.serving import ready_to_serve
    from skills_app.domain.change_sets.operations import Move
    from skills_app.models import Category, Skill

    ready_to_serve()
    into = Category.objects.get(path="r1").key
    skills = Skill.objects.filter(path__startswith="r0/").order_by("pk").values_list("key", flat=True)
    branch = Move(into, (Category.objects.get(path="r0").key,))
    found = _times_of(branch, "r1/r0/")
    single = _times_of(Move(into, (), tuple(skills)), "r1/s")
    return found | {f"{name}_single": value for name, value in single.items()}


def _times_of(operation: Any, lands_at: str) -> dict[str, float]:
    """Return the median time of each step; all skills that move have an address that begins with ``lands_at`` then."""
    from django.contrib.auth.models import User
    from django.test import Client

    from skills_app.models import Skill
    from skills_app.services.apply_change import apply_change, undo_change
    from skills_app.services.draft_change import draft_change, preview_change

    actor = User.objects.get(username="bench")
    client = Client()
    client.force_login(actor, backend="django.contrib.auth.backends.ModelBackend")
    times: dict[str, list[float]] = {"preview": [], "page": [], "apply": [], "undo": []}
    for _ in range(CHANGE_ROUNDS):
        change = draft_change(operations=[operation], actor=actor)
        times["preview"].append(_seconds(lambda change=change: preview_change(change=change)))
        times["page"].append(_seconds(lambda change=change: client.get(change.get_absolute_url())))
        times["apply"].append(
            _seconds(
                lambda change=change: apply_change(change=change, actor=actor, expected_digest=change.digest)
            )
        )
        if Skill.objects.filter(path__startswith=lands_at).count() != NUM_MOVED:
            raise RuntimeError("the skills did not move")
        times["undo"].append(_seconds(lambda change=change: undo_change(change=change, actor=actor)))
    return {name: median(values) for name, values in times.items()}


def _moves() -> dict[str, float]:
    """Return the time of the statements that move 5,000 addresses, ours and the peer's, taking turns; medians.

    Both write the row of the branch itself, too: its new parent or depth, and how many the peer counts below.
    """
    from django.db import transaction

    from skills_app.domain.change_sets.applying import apply_operations
    from skills_app.domain.change_sets.effect import effect_of
    from skills_app.domain.change_sets.operations import Move
    from skills_app.domain.change_sets.rows import TOP, Kind
    from skills_app.models import Category
    from skills_app.queries.taxonomy_rows import read_taxonomy
    from skills_app.services.write_effect import write_effect, write_moves, write_own_rows

    node = _peer_model()
    ours, whole, peer = [], [], []
    keys = dict(Category.objects.filter(path__in=["r0", "r1"]).values_list("slug", "key"))
    targets = [keys["r1"], TOP] * 2
    for target in targets:
        _settle_rows()
        rows = read_taxonomy()
        if apply_operations(rows.tree, [Move(target, (keys["r0"],))]):
            raise RuntimeError("the move meets something")
        effect = effect_of(rows.tree)
        # The statements alone, and taken back; then all rows, aliases among them.
        with transaction.atomic():
            began = time.perf_counter()
            for kind in (Kind.CATEGORY, Kind.SKILL):
                write_moves(rows.tree, effect, kind)
                write_own_rows(rows, effect, kind)
            ours.append(time.perf_counter() - began)
            transaction.set_rollback(True)
        with transaction.atomic():
            whole.append(_seconds(lambda rows=rows, effect=effect: write_effect(rows, effect)))
        moved, into = node.objects.get(name="r0"), node.objects.get(name="r1")
        with transaction.atomic():
            began = time.perf_counter()
            if target == TOP:
                moved.move(node.get_first_root_node(), "last-sibling")
            else:
                moved.move(into, "last-child")
            peer.append(time.perf_counter() - began)
    return {"move_ours": median(ours), "move_peer": median(peer), "write_rows": median(whole)}


def _settle_rows() -> None:
    """Clear both trees of rows that are dead, as PostgreSQL does by itself within a minute or so; SQLite keeps none."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")


def _peer_model() -> Any:
    """Return the peer's node, with room for as many below each as our tree has."""
    from django.db import models
    from treebeard.mp_tree import MP_Node

    class PeerNode(MP_Node):
        name = models.CharField(max_length=64)
        steplen = 5

        class Meta:
            app_label = "skills_app"

    return PeerNode


def _peer_tree() -> dict[str, float]:
    """Make the peer's table and fill it with an equal tree."""
    from django.db import connection, transaction

    node = _peer_model()
    with connection.schema_editor() as editor:
        editor.create_model(node)
    rows: list[Any] = []

    def add(name: str, above: str, step: int, depth: int, num_below: int) -> str:
        path = node._get_path(above, depth, step)
        rows.append(node(name=name, path=path, depth=depth, numchild=num_below))
        return str(path)

    for root in range(NUM_ROOTS):
        top = add(f"r{root}", "", root + 1, 1, NUM_BELOW)
        size = NUM_MOVED // NUM_BELOW + 1 if root == 0 else (NUM_SKILLS - NUM_MOVED) // (19 * NUM_BELOW) + 1
        for below in range(NUM_BELOW):
            place = add(f"c{below}", top, below + 1, 2, size)
            for leaf in range(size):
                add(f"s{root}-{below}-{leaf}", place, leaf + 1, 3, 0)
    with transaction.atomic():
        node.objects.bulk_create(rows, batch_size=2_000)
    # The peer's own check of all asks once for each node; what matters here is that a branch is found whole.
    first = node.objects.get(name="r0")
    if first.get_children_count() != NUM_BELOW or first.get_descendant_count() < NUM_MOVED + NUM_BELOW:
        raise RuntimeError("the peer's tree is not as it wants it")
    return {}


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleet_site.settings")
    import django

    django.setup()
    sys.stdout.write(json.dumps(measure(sys.argv[1])) + "\n")
