"""Filters of the pages of generations."""

from django import template

from runs_app.domain.enums import Phase
from runs_app.domain.generation_words import KIND_WORDS, PHASE_WORDS, status_mark, status_words
from runs_app.domain.prompts import PromptKind

register = template.Library()
register.filter("status_words", status_words)
register.filter("status_mark", status_mark)


@register.filter
def phase_words(phase: str) -> str:
    """Return the name of a phase as people read it."""
    return PHASE_WORDS[Phase(phase)] if phase in list(Phase) else phase


@register.filter
def kind_words(kind: str) -> str:
    """Return what a prompt is about."""
    return KIND_WORDS[PromptKind(kind)] if kind in list(PromptKind) else kind


@register.filter
def spaced(name: str) -> str:
    """Return the name of a field as words."""
    return str(name).replace("_", " ")
