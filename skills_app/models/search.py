"""The text and the addresses of each skill, as the search reads them."""

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
    keywords = models.TextField(blank=True, help_text="keywords, tags, capabilities, facets, ids")
    body = models.TextField(blank=True)
    files = models.TextField(blank=True, help_text="text of the other files")

    def __str__(self) -> str:
        return self.name


class SkillAddresses(models.Model):
    """The addresses at which one skill answers; written by ``index_skill_addresses`` only.

    They have an index of their own, made as that of ``SkillText`` is, so that a skill that moves is not read again. A
    migration that alters this table on SQLite must create its triggers again, too.
    """

    skill = models.OneToOneField(
        "skills_app.Skill", on_delete=models.CASCADE, primary_key=True, related_name="search_addresses"
    )
    text = models.TextField(help_text="path and aliases")

    def __str__(self) -> str:
        return self.text
