"""Write ``taxonomy_meta.json`` for a library: what is counted here, and what its own file says beside it."""

import os
from typing import Any

from skills_app.adapters.library_files import LibraryFiles
from skills_app.adapters.library_folder import META_FILE
from skills_app.domain.library_problems import LibraryProblem
from skills_app.domain.taxonomy_files import with_carried
from skills_app.models import Skill
from skills_app.queries.published import library_root
from skills_app.queries.resolve_path import skill_keys_by_address
from skills_app.queries.taxonomy_files import meta_file

_MOST_BYTES = 20 * 1024 * 1024
_CHUNK = 400


def exported_meta() -> dict[str, Any]:
    """Return ``taxonomy_meta.json`` of the library as it stands.

    What the file in the library folder says and we do not count is carried over, such as the use of skills, which is told
    under their addresses of today; a file that cannot be read has nothing to carry over.
    """
    counted, path, problems = meta_file(), library_root() / META_FILE, list[LibraryProblem]()
    if os.path.islink(path) or not path.is_file():
        return counted
    stated = LibraryFiles(path.parent, limit_bytes=_MOST_BYTES).read_json(path, META_FILE, problems)
    if not isinstance(stated, dict):
        return counted
    usage = stated.get("usage_stats")
    return with_carried(counted, stated, _addresses(map(str, usage)) if isinstance(usage, dict) else {})


def _addresses(old: Any) -> dict[str, str]:
    """Return the address of today of each skill that one of these means."""
    pks = skill_keys_by_address(old)
    wanted = sorted(set(pks.values()))
    paths: dict[int, str] = {}
    for start in range(0, len(wanted), _CHUNK):
        paths |= dict(Skill.objects.filter(pk__in=wanted[start : start + _CHUNK]).values_list("pk", "path"))
    return {address: paths[pk] for address, pk in pks.items() if pk in paths}
