"""List the skills that agents can load now: active ones whose document lies in the library folder."""

import os
from pathlib import PurePath

from skills_app.domain.available_skills import AvailableSkill, available_skills_xml
from skills_app.domain.findings import MAIN_FILE
from skills_app.models import Category, Promotion
from skills_app.queries.published import library_root
from skills_app.queries.publishing_page import active_skills


def available_skills_block(*, branch: Category | None = None, root: str | None = None) -> str:
    """Return the ``<available_skills>`` block of the library or of a branch, in the order of paths.

    ``root`` is where agents find the library; without one it is the folder of this site. Name and description are those
    of the version that lies there. Every location is a file that is there. Two queries, and one look at the disk a skill.
    """
    library = library_root()
    base = PurePath(root) if root is not None else library
    skills = list(active_skills(branch).only("pk", "path", "name", "description"))
    promoted = {
        row.skill_id: row
        for row in Promotion.objects.standing()
        .select_related("version")
        .only("skill_id", "path", "version__front_matter")
    }
    found = []
    for skill in skills:
        promotion = promoted.get(skill.pk)
        path = promotion.path if promotion else skill.path
        if not os.path.isfile(library / path / MAIN_FILE):
            continue
        told = promotion.version.front_matter if promotion else {}
        name, description = told.get("name") or skill.name, told.get("description") or skill.description
        found.append(AvailableSkill(str(name), str(description), (base / path / MAIN_FILE).as_posix()))
    return available_skills_xml(found)
