"""Render a document once for its content and keep the result."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.db import OperationalError, transaction

from skills_app.adapters.markdown import RENDERER, Heading, Rendered, render_markdown
from skills_app.models import RenderedDocument

logger = logging.getLogger(__name__)

DOCUMENT_PREFIX = "doc-"


@dataclass(frozen=True, slots=True)
class Source:
    """A text to render as a file of a skill; ``folder`` is that of the file inside the skill.

    ``content_digest`` is the SHA-256 of the UTF-8 text as hex (computed when not given).
    """

    text: str
    content_digest: str = ""
    id_prefix: str = DOCUMENT_PREFIX
    folder: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What the cache knows it by: content and variant, with the renderer's version, so a new one never shows old HTML."""
        digest = self.content_digest or sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()
        return digest, _variant(self.id_prefix, self.folder)


def render_document(
    *, text: str, content_digest: str = "", id_prefix: str = DOCUMENT_PREFIX, folder: str = ""
) -> Rendered:
    """Return ``text`` rendered as a file of a skill, from the cache when this content was rendered before."""
    return render_documents([Source(text, content_digest, id_prefix, folder)])[0]


def render_documents(sources: Sequence[Source]) -> list[Rendered]:
    """Return every text rendered, from the cache where it was before; as many queries for many as for one."""
    keys = [source.key for source in sources]
    digests, variants = {digest for digest, _ in keys}, {variant for _, variant in keys}
    rows = RenderedDocument.objects.filter(content_digest__in=digests, renderer__in=variants)
    found = {
        (row.content_digest, row.renderer): Rendered(
            html=row.html,
            outline=tuple(Heading(**heading) for heading in row.outline),
            plain_reason=row.plain_reason,
        )
        for row in rows
    }
    made: dict[tuple[str, str], Rendered] = {}
    for key, source in zip(keys, sources, strict=True):
        if key not in found:
            found[key] = made[key] = render_markdown(
                source.text, id_prefix=source.id_prefix, folder=source.folder
            )
    if made:
        _keep(made)
    return [found[key] for key in keys]


def _keep(made: Mapping[tuple[str, str], Rendered]) -> None:
    """Store renderings and drop those of older renderers; a reader never fails because they cannot be stored."""
    rows = [
        RenderedDocument(
            content_digest=digest,
            renderer=variant,
            html=rendered.html,
            outline=[
                {"level": h.level, "title": h.title, "anchor": h.anchor, "line": h.line}
                for h in rendered.outline
            ],
            plain_reason=rendered.plain_reason,
        )
        for (digest, variant), rendered in made.items()
    ]
    try:
        with transaction.atomic():
            stale = RenderedDocument.objects.filter(content_digest__in=[digest for digest, _ in made])
            stale.exclude(renderer__startswith=f"{RENDERER}/").delete()
            # Two requests may render the same text at once; the first row stays.
            RenderedDocument.objects.bulk_create(rows, ignore_conflicts=True)
    except OperationalError as error:
        digests = ", ".join(digest[:12] for digest, _ in made)
        logger.warning("The rendering of %s was not kept: %s", digests, error)


def _variant(id_prefix: str, folder: str) -> str:
    place = "\x1f".join((id_prefix, folder))
    return f"{RENDERER}/{sha256(place.encode()).hexdigest()[:12]}"
