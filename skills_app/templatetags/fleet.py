"""Filters and tags of every template (a builtin: no ``{% load %}`` is needed)."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from skills_app.adapters.markdown import SKILL_FILES, Rendered

register = template.Library()


@register.filter
def rendered_html(rendered: Rendered, files_url: str = "") -> SafeString:
    """Output a rendered document: the only place where HTML that is not a template's is trusted.

    Takes the object that ``render_markdown`` or ``render_document`` returned, never a string, so that nothing
    unsanitised can come this way. ``files_url`` is the address that the skill's own files begin with.

    Raises:
        TypeError: the value is not a ``Rendered``.
    """
    if not isinstance(rendered, Rendered):
        raise TypeError("rendered_html takes what render_markdown returned, not text.")
    html = rendered.html
    for attribute in ("href", "src"):
        html = html.replace(f'{attribute}="{SKILL_FILES}', f'{attribute}="{files_url}')
    return mark_safe(html)  # noqa: S308
