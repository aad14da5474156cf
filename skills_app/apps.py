"""The app's place in Django."""

from django.apps import AppConfig


class SkillsAppConfig(AppConfig):
    """The library: what a skill is, where it lives, how good it is, who approved it."""

    name = "skills_app"
    verbose_name = "Skills"
