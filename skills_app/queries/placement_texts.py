"""The texts by which skills are compared for placing, and the state of the library that they stand for."""

from collections.abc import Iterator

from django.db.models import Count, Max
from django.db.models.functions import Left

from skills_app.domain.body_likeness import MOST_CHARACTERS, Bodies
from skills_app.domain.enums import SkillStatus
from skills_app.domain.placement import NEAREST, Survey, survey
from skills_app.domain.text_likeness import nearest_texts
from skills_app.models import PlacementChange, Skill

# To be changed with what is compared, so that a survey that was made otherwise is made anew.
_METHOD = "documents"
_COLUMNS = ("key", "category__key", "name", "description", "keywords", "tags", "capabilities")


def library_state() -> str:
    """Return a text that is another one after any change of a skill, of its home, or of how they are compared; two queries."""
    skills = Skill.objects.aggregate(number=Count("pk"), newest=Max("updated_at"), last=Max("pk"))
    moves = PlacementChange.objects.aggregate(applied=Max("applied_at"), undone=Max("undone_at"))
    return " ".join(str(value) for value in (_METHOD, *skills.values(), *moves.values()))


def num_compared() -> int:
    """Return how many skills are compared: all but archived ones."""
    return Skill.objects.exclude(status=SkillStatus.ARCHIVED).count()


def library_survey() -> tuple[Survey, int]:
    """Return the survey of all skills that are not archived, and how many these are.

    Names, descriptions, keywords, tags and capabilities are compared, and for what is there twice also the documents as far as
    their first 30,000 characters. The first time loads scikit-learn, which takes a process seconds and about 180 MB; what
    20,000 skills take beside it is about 50 MB.
    """
    homes: dict[str, str] = {}
    texts: list[tuple[str, str]] = []
    rows = Skill.objects.exclude(status=SkillStatus.ARCHIVED).order_by("pk").values_list(*_COLUMNS)
    for key, home, name, description, *lists in rows.iterator(chunk_size=2_000):
        if home is not None:
            homes[key] = home
        words = [str(word) for stated in lists for word in stated or ()]
        texts.append((key, " ".join([name.replace("-", " "), description, *words])))
    bodies = Bodies(_bodies())
    return survey(nearest_texts(texts, most=NEAREST), homes, bodies), len(texts)


def _bodies() -> Iterator[tuple[str, str]]:
    """Yield the key and the document of each skill that has one, without its front matter; a few at a time are read."""
    rows = Skill.objects.exclude(status=SkillStatus.ARCHIVED).exclude(current_version=None).order_by("pk")
    begun = Left("current_version__content", MOST_CHARACTERS)
    for key, text in rows.values_list("key", begun).iterator(chunk_size=200):
        stated, mark, body = text[3:].partition("\n---") if text.startswith("---") else ("", "", text)
        yield key, body if mark or not stated else text
