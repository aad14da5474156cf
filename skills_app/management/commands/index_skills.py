"""Write the search index of all skills anew."""

from typing import Any

from django.core.management.base import BaseCommand

from skills_app.services.index_skill_text import index_skill_text


class Command(BaseCommand):
    """``manage.py index_skills``: after a restore, or when the search misses what is there."""

    help = "Write the searchable text of every skill anew from its current version."

    def handle(self, *args: Any, **options: Any) -> None:
        """Index all skills and say how many."""
        self.stdout.write(f"Indexed {index_skill_text()} skills.")
