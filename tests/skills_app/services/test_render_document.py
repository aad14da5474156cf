"""The cache of rendered documents."""

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from skills_app.models import RenderedDocument
from skills_app.services import render_document as module
from skills_app.services.render_document import render_document

pytestmark = pytest.mark.django_db


def test_second_reading_comes_from_the_cache_and_is_the_same() -> None:
    first = render_document(text="# A\n\n[x](y.md)")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        second = render_document(text="# A\n\n[x](y.md)")

    assert second == first
    assert len(captured) == 1
    assert RenderedDocument.objects.count() == 1


def test_same_text_in_another_folder_is_another_rendering() -> None:
    render_document(text="[x](y.md)")

    assert "references/y.md" in render_document(text="[x](y.md)", folder="references").html
    assert RenderedDocument.objects.count() == 2


def test_new_renderer_does_not_show_old_html(monkeypatch: pytest.MonkeyPatch) -> None:
    render_document(text="# A")
    RenderedDocument.objects.update(html="old")
    monkeypatch.setattr(module, "RENDERER", "fleet-md-next")

    assert "old" not in render_document(text="# A").html
    assert RenderedDocument.objects.count() == 1


def test_reader_gets_the_document_when_the_database_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*args: object, **kwargs: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(RenderedDocument.objects, "bulk_create", busy)

    assert "<h1" in render_document(text="# A").html
    assert RenderedDocument.objects.count() == 0


def test_reason_for_plain_source_is_kept() -> None:
    text = ">" * 500 + " x"
    render_document(text=text)

    assert "nested" in render_document(text=text).plain_reason
