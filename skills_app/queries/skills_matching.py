"""Skills for the search box of the whole site."""

from skills_app.domain.search_words import search_terms
from skills_app.models import Skill
from skills_app.queries.text_search import ranked_skill_ids


def skills_matching(text: str, limit: int) -> list[tuple[str, str, str]]:
    """Return at most ``limit`` skills that match ``text``, best first, as rows of label, sublabel (path) and address."""
    terms = search_terms(text)
    if not terms or limit < 1:
        return []
    ids = ranked_skill_ids(terms)[:limit]
    found = Skill.objects.only("key", "name", "path").in_bulk(ids)
    return [(found[pk].name, found[pk].path, found[pk].get_absolute_url()) for pk in ids if pk in found]
