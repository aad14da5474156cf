"""Run by the test of change-sets: kill a process that applies one at many moments, and report what the next look makes of it.

``python -m tests.skills_app.services.change_drill FOLDER`` prints one JSON object a kill.
"""

import sys
from pathlib import Path
from typing import Any

from tests.skills_app.services.kill_drill import Work, kill_at_every

# The moment between the commit and the end of the journal is two calls wide.
STEP = 2


def prepare(library: Path) -> None:
    """Make a small library, in tables and folder, and a draft that moves a branch of it and a single skill."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from skills_app.domain.change_sets.operations import Move
    from skills_app.models import Category, Skill
    from skills_app.services.draft_change import draft_change, preview_change
    from skills_app.services.make_skill import make_skill
    from tests.skills_app.services.folder_state import write_folder

    call_command("migrate", verbosity=0)
    for path in ("a/n/q", "a/n/r", "a/y", "b/x"):
        make_skill(path=path)
    write_folder(library)
    keys = dict(Category.objects.values_list("path", "key"))
    move = Move(keys["b"], (keys["a/n"],), (Skill.objects.get(path="a/y").key,))
    preview_change(change=draft_change(operations=[move], actor=User.objects.create_user("ben")))


def ready() -> Work:
    """Return what applies the draft."""
    from django.contrib.auth.models import User

    from skills_app.models import PlacementChange
    from skills_app.services.apply_change import apply_change

    actor, change = User.objects.get(), PlacementChange.objects.get()
    return lambda: apply_change(change=change, actor=actor, expected_digest=change.digest)


def outcome(library: Path) -> dict[str, Any]:
    """Tell what was left, and fail unless the next look makes tables, folder and index agree."""
    from skills_app.adapters.published_library import PublishedLibrary
    from skills_app.models import PlacementChange, Skill
    from skills_app.services.settle_promotions import held_library
    from tests.skills_app.services.folder_state import check_folder
    from tests.skills_app.services.taxonomy_state import check_rows

    found = {
        "is_unfinished": PublishedLibrary(library).is_unfinished,
        "was_moved": (library / "b/n/q").exists(),
        "status": PlacementChange.objects.get().status,
    }
    with held_library():
        pass  # who writes there next clears away what was left
    check_rows()
    check_folder(library)
    return found | {"paths": sorted(Skill.objects.values_list("path", flat=True))}


if __name__ == "__main__":
    kill_at_every(STEP, folder=Path(sys.argv[1]), prepare=prepare, ready=ready, outcome=outcome)
