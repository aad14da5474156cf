"""Run by the test of promotions: kill a promoting process at many calls to disk and database, and report each outcome.

``python -m tests.skills_app.services.promotion_drill FOLDER`` prints one JSON object a kill.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.skills_app.services.kill_drill import Work, kill_at_every

STEP = 3


def prepare(_library: Path) -> None:
    """Make a site with one published version and a second one that is approved."""
    from django.core.management import call_command

    from tests.skills_app import promotion_makers as made

    call_command("migrate", verbosity=0)
    made.people()
    first = made.ready()
    made.promote(first)
    made.next_ready(first.skill, "The second advice.")


def ready() -> Work:
    """Return what promotes the second version."""
    from skills_app.models import SkillVersion
    from tests.skills_app import promotion_makers as made

    second = SkillVersion.objects.get(number=2)
    return lambda: made.promote(second)


def outcome(library: Path) -> dict[str, Any]:
    """Settle, as the next look does, and tell what folder, index and database say."""
    from skills_app.models import Promotion, Skill
    from skills_app.services.settle_promotions import settle_promotions

    unsettled = (library / "python/async/SKILL.md").read_text()
    settle_promotions()
    standing = Promotion.objects.standing().get()
    skill = Skill.objects.get()
    index = json.loads((library / "taxonomy_index.json").read_text())
    return {
        "unsettled": "second" if "The second advice." in unsettled else "first",
        "folder": "second" if "The second" in (library / "python/async/SKILL.md").read_text() else "first",
        "index": index["skills"][skill.external_id]["version"],
        "standing": standing.semantic_version,
        "status": skill.status,
        "current": skill.current_version.number if skill.current_version else 0,
        "states": sorted(Promotion.objects.values_list("state", flat=True)),
        "left": sorted(set(os.listdir(library / ".skill-fleet")) - {"lock", ".gitignore"}),
    }


if __name__ == "__main__":
    kill_at_every(STEP, folder=Path(sys.argv[1]), prepare=prepare, ready=ready, outcome=outcome)
