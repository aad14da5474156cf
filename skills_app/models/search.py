"""The text of each skill, as the search reads it."""

from django.db import models


class SkillText(models.Model):
    """What the full-text index holds of one skill's current version; written by ``index_skill_text`` only.

    The index itself hangs on this table: an FTS5 table kept by triggers on SQLite, a generated ``tsvector`` with a GIN
    index on PostgreSQL. A migration that alters this table on SQLite rebuilds it and must create the triggers again.
    """

    skill = models.OneToOneField(
        "skills_app.Skill", on_delete=models.CASCADE, primary_key=True, related_name="search_text"
    )
    name = models.TextField()
    description = models.TextField(blank=True)
    keywords = models.TextField(blank=True, help_text="keywords, tags, capabilities, facets, path, aliases")
    body = models.TextField(blank=True)
    files = models.TextField(blank=True, help_text="text of the other files")

    def __str__(self) -> str:
        return self.name
