"""Render a document once for its content and keep the result."""

import logging
from hashlib import sha256

from django.db import OperationalError, transaction

from skills_app.adapters.markdown import RENDERER, Heading, Rendered, render_markdown
from skills_app.models import RenderedDocument

logger = logging.getLogger(__name__)

DOCUMENT_PREFIX = "doc-"


def render_document(
    *, text: str, content_digest: str = "", id_prefix: str = DOCUMENT_PREFIX, folder: str = ""
) -> Rendered:
    """Return ``text`` rendered as a file of a skill, from the cache when this content was rendered before.

    ``content_digest`` is the SHA-256 of the UTF-8 text as hex (computed when not given); ``folder`` the folder of the
    file inside the skill. The cache key has the renderer's version, so that a new renderer never shows old HTML.
    """
    digest = content_digest or sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    variant = _variant(id_prefix, folder)
    kept = RenderedDocument.objects.filter(content_digest=digest, renderer=variant).first()
    if kept is not None:
        outline = tuple(Heading(**heading) for heading in kept.outline)
        return Rendered(html=kept.html, outline=outline, plain_reason=kept.plain_reason)
    rendered = render_markdown(text, id_prefix=id_prefix, folder=folder)
    row = RenderedDocument(
        content_digest=digest,
        renderer=variant,
        html=rendered.html,
        outline=[
            {"level": h.level, "title": h.title, "anchor": h.anchor, "line": h.line} for h in rendered.outline
        ],
        plain_reason=rendered.plain_reason,
    )
    _keep(row)
    return rendered


def _keep(row: RenderedDocument) -> None:
    """Store the rendering and drop those of older renderers; a reader never fails because it cannot be stored."""
    try:
        with transaction.atomic():
            stale = RenderedDocument.objects.filter(content_digest=row.content_digest)
            stale.exclude(renderer__startswith=f"{RENDERER}/").delete()
            # Two requests may render the same text at once; the first row stays.
            RenderedDocument.objects.bulk_create([row], ignore_conflicts=True)
    except OperationalError as error:
        logger.warning("The rendering of %s was not kept: %s", row.content_digest[:12], error)


def _variant(id_prefix: str, folder: str) -> str:
    place = "\x1f".join((id_prefix, folder))
    return f"{RENDERER}/{sha256(place.encode()).hexdigest()[:12]}"
