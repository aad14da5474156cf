"""Versions, and the reports that hang on them."""

from datetime import UTC, datetime, timedelta

import pytest

from skills_app.domain.digests import digest_of, version_digest
from skills_app.domain.enums import ReportStatus, VersionOrigin
from skills_app.domain.records import AssessmentRecord, CheckRecord, FileRecord, ReportRecord
from skills_app.models import AuditEntry, Finding, Skill
from skills_app.services.add_version import AddedVersion, add_version
from skills_app.services.make_skill import make_skill
from skills_app.services.store_quality_assessment import store_quality_assessment
from skills_app.services.store_validation_report import store_validation_report

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 1, tzinfo=UTC)
DOCUMENT = "---\nname: x\ndescription: Use when x.\nmetadata:\n  type: tool\n---\n# X\n"


@pytest.fixture
def skill() -> Skill:
    return make_skill(path="a/x")[0]


def add(skill: Skill, content: bytes | str = DOCUMENT, **options: object) -> AddedVersion:
    values: dict[str, object] = {"origin": VersionOrigin.LIBRARY, "made_at": NOW, **options}
    return add_version(skill=skill, content=content, **values)  # type: ignore[arg-type]


def file(path: str, data: bytes = b"x") -> FileRecord:
    return FileRecord(path, len(data), digest_of(data), data)


def test_the_same_content_is_the_same_version(skill: Skill) -> None:
    first = add(skill)
    assert (first.is_new, first.version.number, first.version.parent) == (True, 1, None)
    assert add(skill) == AddedVersion(first.version, False)
    second = add(skill, DOCUMENT + "more")
    assert (second.version.number, second.version.parent) == (2, first.version)
    assert add(skill).version == first.version
    assert AuditEntry.objects.filter(verb="added_version").count() == 2


def test_a_document_alone_is_any_version_with_it_and_files_make_another(skill: Skill) -> None:
    bare = add(skill)
    full = add(skill, files=[file("a.md")])
    assert (full.is_new, full.version.content_digest) == (True, bare.version.content_digest)
    assert add(skill, files=[file("a.md")]).version == full.version
    assert add(skill, files=[]).version == bare.version
    assert add(skill).version == bare.version
    assert full.version.digest == version_digest(digest_of(DOCUMENT), [("a.md", digest_of(b"x"))])


def test_two_skills_may_have_the_same_content(skill: Skill) -> None:
    other = make_skill(path="a/y")[0]
    assert add(skill).version.skill != add(other).version.skill


def test_the_skill_shows_what_its_current_version_says(skill: Skill) -> None:
    add(skill, metadata={"name": "other", "type": "domain", "weight": "medium", "keywords": ["k"]})
    skill.refresh_from_db()
    assert (skill.name, skill.description, skill.skill_type) == ("x", "Use when x.", "domain")
    assert (skill.weight, skill.keywords, skill.num_versions) == ("medium", ["k"], 1)
    add(skill, DOCUMENT.replace("name: x", "name: z"))
    skill.refresh_from_db()
    assert (skill.name, skill.skill_type, skill.weight, skill.num_versions) == ("z", "tool", "", 2)


def test_bytes_that_are_no_text_are_kept_as_files_and_shown_in_documents(skill: Skill) -> None:
    version = add(
        skill, b"# \xff\x00", files=[file("b.bin", b"\xff"), file("t.md", "é".encode()), file("n", b"a\x00")]
    ).version
    version.refresh_from_db()
    assert version.content == "# \ufffd\ufffd"
    assert version.content_digest == digest_of(b"# \xff\x00")
    kept = {row.path: (row.is_text, row.text, row.data and bytes(row.data)) for row in version.files.all()}
    assert kept == {"b.bin": (False, None, b"\xff"), "n": (False, None, b"a\x00"), "t.md": (True, "é", None)}


def test_digests_tell_apart_what_could_read_alike() -> None:
    assert version_digest("d", [("a", "b"), ("c", "d")]) == version_digest("d", [("c", "d"), ("a", "b")])
    assert version_digest("d", [("a", "b")]) != version_digest("d", [("a\x00b\nc", "b")])
    assert digest_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


REPORT = ReportRecord(
    raw="raw",
    is_passed=False,
    status=ReportStatus.FAILED,
    score=0.3,
    checks=(
        CheckRecord("naming", message="Bad name.", severity="critical"),
        CheckRecord("size", is_passed=True),
    ),
)


def test_a_report_is_stored_once_with_findings_at_their_places(skill: Skill) -> None:
    version = add(skill).version
    report = store_validation_report(report=REPORT, version=version, made_at=NOW)
    assert store_validation_report(report=REPORT, version=version, made_at=NOW) == report
    assert [(f.position, f.rule_id, f.line, f.column) for f in Finding.objects.all()] == [
        (1, "naming", 2, 7),
        (2, "size", None, None),
    ]
    assert (report.num_errors, report.num_warnings) == (1, 0)
    skill.refresh_from_db()
    assert skill.report_status == "failed"


def test_a_report_without_a_version_is_kept_once_too() -> None:
    first = store_validation_report(report=REPORT, version=None)
    assert store_validation_report(report=REPORT, version=None) == first
    assert Finding.objects.filter(report=first, line=None).count() == 2


def test_the_skill_shows_the_latest_judgement_of_its_current_version_only(skill: Skill) -> None:
    version = add(skill).version
    later = AssessmentRecord(raw="later", quality_score=0.9, calibrated_score=0.8)
    store_quality_assessment(assessment=later, version=version, made_at=NOW + timedelta(days=1))
    store_quality_assessment(
        assessment=AssessmentRecord(raw="old", quality_score=0.1), version=version, made_at=NOW
    )
    skill.refresh_from_db()
    assert (skill.quality_score, skill.calibrated_score) == (0.9, 0.8)
    add(skill, DOCUMENT + "more")
    skill.refresh_from_db()
    assert (skill.quality_score, skill.calibrated_score) == (None, None)
