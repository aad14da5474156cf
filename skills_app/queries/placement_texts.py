"""The texts by which skills are compared for placing, and the state of the library that they stand for."""

from django.db.models import Count, Max

from skills_app.domain.enums import SkillStatus
from skills_app.domain.placement import NEAREST, Survey, survey
from skills_app.domain.text_likeness import nearest_texts
from skills_app.models import PlacementChange, Skill

_COLUMNS = ("key", "category__key", "name", "description", "keywords", "tags", "capabilities")


def library_state() -> str:
    """Return a text that is another one after any change of a skill or of its home; two queries."""
    skills = Skill.objects.aggregate(number=Count("pk"), newest=Max("updated_at"), last=Max("pk"))
    moves = PlacementChange.objects.aggregate(applied=Max("applied_at"), undone=Max("undone_at"))
    return " ".join(str(value) for value in (*skills.values(), *moves.values()))


def num_compared() -> int:
    """Return how many skills are compared: all but archived ones."""
    return Skill.objects.exclude(status=SkillStatus.ARCHIVED).count()


def library_survey() -> tuple[Survey, int]:
    """Return the survey of all skills that are not archived, and how many these are.

    Names, descriptions, keywords, tags and capabilities are compared. The first time loads scikit-learn, which takes a process
    seconds and about 180 MB; what 20,000 skills take beside it is about 30 MB.
    """
    homes: dict[str, str] = {}
    texts: list[tuple[str, str]] = []
    rows = Skill.objects.exclude(status=SkillStatus.ARCHIVED).order_by("pk").values_list(*_COLUMNS)
    for key, home, name, description, *lists in rows.iterator(chunk_size=2_000):
        if home is not None:
            homes[key] = home
        words = [str(word) for stated in lists for word in stated or ()]
        texts.append((key, " ".join([name.replace("-", " "), description, *words])))
    return survey(nearest_texts(texts, most=NEAREST), homes), len(texts)
