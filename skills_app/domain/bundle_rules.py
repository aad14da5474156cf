"""The rules about a skill's files; ``skills_app.domain.bundle`` applies them."""

from skills_app.domain.findings import Severity
from skills_app.domain.rules import Rule

_SPEC = "agentskills.io specification (August 2026)"
_FLEET = "Skill Fleet rules, 2026-01"
_HOUSE = "Skill Fleet rules, 2026-11"
_CRITICAL, _WARNING, _INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO

BUNDLE_RULES: tuple[Rule, ...] = (
    Rule("bundle.file.missing", _CRITICAL, "A skill is a folder that holds SKILL.md.", _SPEC),
    Rule(
        "bundle.path.unsafe",
        _CRITICAL,
        "Paths of files have no NUL, backslash, empty or “..” segment.",
        _FLEET,
    ),
    Rule("bundle.path.symlink", _CRITICAL, "No file is a symbolic link.", _FLEET),
    Rule("bundle.path.case", _WARNING, "No two paths differ only in case or Unicode form.", _HOUSE),
    Rule("bundle.link.broken", _WARNING, "Every relative link leads to a file of the skill.", _SPEC),
    Rule("bundle.link.case", _WARNING, "A link is written as its file is, letter by letter.", _HOUSE),
    Rule("bundle.link.anchor", _INFO, "Every link to a heading leads to one.", _HOUSE),
    Rule("bundle.link.leaves", _CRITICAL, "No link leaves the skill's folder.", _SPEC),
    Rule(
        "bundle.link.absolute",
        _WARNING,
        "Files are referred to by relative paths from the skill's root.",
        _SPEC,
    ),
    Rule("bundle.link.deep", _WARNING, "Keep file references one level deep from SKILL.md.", _SPEC),
    Rule(
        "bundle.link.remote-image",
        _INFO,
        "Images lie in the skill; remote ones tell strangers who reads.",
        _HOUSE,
    ),
    Rule("bundle.file.unreferenced", _INFO, "Every file is mentioned, or an agent never opens it.", _HOUSE),
    Rule("bundle.folder.legacy", _WARNING, "capabilities/ and resources/ are folders of old.", _FLEET),
    Rule("bundle.folder.unknown", _WARNING, "Folders have the names that agents know.", _FLEET),
    Rule("bundle.folder.empty", _WARNING, "No folder is empty.", _FLEET),
    Rule("bundle.folder.nested", _WARNING, "Folders nest one level deep, except in examples/.", _FLEET),
    Rule("bundle.example.no-code", _WARNING, "Examples in Markdown show code.", _FLEET),
    Rule(
        "bundle.script.executable", _INFO, "Executable files deserve a look before they are trusted.", _HOUSE
    ),
    Rule(
        "bundle.script.network",
        _WARNING,
        "Scripts that reach the network are named before they are trusted.",
        _HOUSE,
    ),
    Rule("bundle.script.outside", _WARNING, "Executable files lie in scripts/.", _HOUSE),
    Rule("bundle.secret", _CRITICAL, "No file holds a secret.", "detect-secrets 1.5, offline"),
    Rule("bundle.size.file", _WARNING, "No file is larger than 1 MB.", _HOUSE),
    Rule("bundle.size.total", _WARNING, "A skill is at most 8 MB and 200 files.", _HOUSE),
    Rule("bundle.file.binary", _INFO, "Files that cannot be read as text are named.", _HOUSE),
)
