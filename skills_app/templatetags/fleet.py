"""Filters and tags of every template (a builtin: no ``{% load %}`` is needed)."""

import re

from django import template
from django.utils.safestring import SafeString, mark_safe

from skills_app.adapters.markdown import SKILL_FILES, Rendered

register = template.Library()
_IMAGE = re.compile(rf'src="{re.escape(SKILL_FILES)}([^"?#]*)[^"]*"')


@register.filter
def rendered_html(rendered: Rendered, files_url: str = "") -> SafeString:
    """Output a rendered document: the only place where HTML that is not a template's is trusted.

    Takes the object that ``render_markdown`` or ``render_document`` returned, never a string, so that nothing
    unsanitised can come this way. ``files_url`` is the address that the skill's own files begin with; it must be one
    that Django reversed, as it is not escaped.

    Raises:
        TypeError: the value is not a ``Rendered``.
    """
    if not isinstance(rendered, Rendered):
        raise TypeError("rendered_html takes what render_markdown returned, not text.")
    html = rendered.html.replace(f'href="{SKILL_FILES}', f'href="{files_url}')
    html = _IMAGE.sub(lambda found: f'src="{files_url}{found[1]}?raw=1"', html)
    return mark_safe(html)  # noqa: S308
