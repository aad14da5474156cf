"""Every rule with a document that passes it and one that fails it, and the matrix that profiles make."""

from dataclasses import dataclass
from itertools import product

import pytest

from skills_app.domain.documents import parse_document
from skills_app.domain.enums import ReportStatus
from skills_app.domain.errors import UnknownProfileError
from skills_app.domain.findings import Severity
from skills_app.domain.judging import findings_again
from skills_app.domain.profiles import (
    PROFILES,
    Outcome,
    Subject,
    find_rule,
    judge,
    judge_all,
    profile_named,
    rules_of_address,
)
from skills_app.domain.rules import ADDRESS
from skills_app.domain.writing import write_document

BODY = (
    "# My skill\n\n## When to Use\n\nUse it when forms must be filled.\n\n## Quick Start\n\n```bash\nls\n```\n\n"
    + "Some words to read here, enough of them. " * 70
)
GOOD = (
    "---\nname: my-skill\ndescription: Fills forms. Use when a form must be filled.\nlicense: MIT\n"
    "compatibility: any\nmetadata:\n  skill_id: tools/my-skill\n  version: 1.0.0\nallowed-tools: Read Bash\n---\n"
    + BODY
)


def good_with(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def name(value: str) -> str:
    return good_with("name: my-skill", f"name: {value}")


def description(value: str) -> str:
    return good_with("description: Fills forms. Use when a form must be filled.", f"description: {value}")


def metadata(value: str) -> str:
    return good_with("  version: 1.0.0", f"  version: 1.0.0\n  {value}")


def body(value: str) -> str:
    return good_with(BODY, value)


NO_NAME = good_with("name: my-skill\n", "")
NO_DESCRIPTION = good_with("description: Fills forms. Use when a form must be filled.\n", "")
BAD_YAML = description("Use when: x")
DEEP = metadata("deep: " + "[" * 70 + "]" * 70)
DUPLICATE = good_with("license: MIT", "license: MIT\nlicense: BSD")
WORDS_4000, WORDS_6000 = BODY + "word " * 4_000, BODY + "word " * 6_000


@dataclass(frozen=True)
class Failing:
    """A document that breaks a rule, with what it is judged by."""

    rule_id: str
    source: str | bytes
    folder: str | None = "my-skill"
    file_name: str = "SKILL.md"
    path: str | None = "tools/my-skill"
    has_place: bool = True


def cases() -> list[Failing]:
    both = [
        ("name.length", name("a" * 65), None),
        ("name.hyphens", name("my--skill"), None),
        ("name.characters", name("my_skill"), None),
    ]
    listed = [
        Failing(f"{p}.{r}", s, f)
        for p in ("spec", "reference", "claude", "mlflow", "skill-fleet")
        for r, s, f in both
    ]
    fatal = [
        ("front-matter.present", ["spec", "claude", "codex", "mlflow", "skill-fleet"], BODY),
        ("front-matter.present", ["spec", "claude", "codex", "mlflow"], "---\nname: a\n"),
        ("front-matter.yaml", ["spec", "reference", "claude", "codex", "mlflow"], BAD_YAML),
        ("name.present", ["spec", "claude", "codex", "mlflow", "skill-fleet"], NO_NAME),
        ("name.text", ["spec", "claude", "codex", "mlflow", "skill-fleet"], name("123")),
        ("name.blank", ["spec", "claude", "codex", "mlflow", "skill-fleet"], name('""')),
        ("description.present", ["spec", "claude", "codex", "skill-fleet", "reference"], NO_DESCRIPTION),
        ("description.text", ["spec", "claude", "codex", "skill-fleet"], description("\n  - a")),
        ("description.blank", ["spec", "claude", "codex", "skill-fleet"], description('" "')),
        (
            "description.length",
            ["spec", "claude", "codex", "skill-fleet", "reference"],
            description("x" * 1025),
        ),
        (
            "compatibility.text",
            ["spec", "claude", "reference"],
            good_with("compatibility: any", "compatibility:\n  - a"),
        ),
        ("compatibility.blank", ["spec", "claude"], good_with("compatibility: any", 'compatibility: ""')),
        (
            "compatibility.length",
            ["spec", "claude", "reference"],
            good_with("compatibility: any", f"compatibility: {'x' * 501}"),
        ),
        ("text.utf8", ["spec", "reference", "claude", "codex", "mlflow"], GOOD.encode() + b"\xff"),
        ("text.bom", ["claude", "codex"], "\ufeff" + GOOD),
        ("front-matter.duplicate-key", ["spec", "reference", "skill-fleet"], DUPLICATE),
    ]
    listed += [Failing(f"{p}.{r}", s) for r, ps, s in fatal for p in ps]
    listed += [
        Failing(f"{p}.file.name", GOOD, file_name="skill.md", has_place=False)
        for p in ("spec", "claude", "codex", "mlflow")
    ]
    listed += [
        Failing("reference.file.name", GOOD, file_name="Skill.md", has_place=False),
        Failing("spec.front-matter.mapping", "---\n- a\n---\n" + BODY),
        Failing("spec.front-matter.bounds", DEEP),
        Failing("spec.name.folder", GOOD, folder="other"),
        Failing("spec.license.text", good_with("license: MIT", "license:\n  - MIT")),
        Failing("spec.license.blank", good_with("license: MIT", "license: ''")),
        Failing(
            "spec.metadata.map",
            good_with("metadata:\n  skill_id: tools/my-skill\n  version: 1.0.0", "metadata:\n  - a"),
        ),
        Failing("spec.metadata.strings", metadata("level: 3")),
        Failing("spec.allowed-tools.text", good_with("allowed-tools: Read Bash", "allowed-tools: [Read]")),
        Failing("spec.keys.unknown", good_with("license: MIT", "license: MIT\nversion: 1.0.0")),
        Failing("spec.body.present", body("\n")),
        Failing("spec.body.lines", GOOD + "line\n" * 501),
        Failing("spec.body.tokens", GOOD + "word " * 5_001, has_place=False),
        Failing("reference.front-matter.start", "\ufeff" + GOOD),
        Failing("reference.front-matter.closed", "---\nname: my-skill\n"),
        Failing(
            "reference.front-matter.flow", good_with("allowed-tools: Read Bash", "allowed-tools: [Read]")
        ),
        Failing("reference.front-matter.anchor", metadata("a: &x b")),
        Failing("reference.front-matter.tag", name("!!str my-skill")),
        Failing("reference.front-matter.indentation", metadata("a:\n    b: c\n  d:\n      e: f")),
        Failing("reference.front-matter.mapping", "---\n- a\n---\n" + BODY),
        Failing("reference.front-matter.lost", description("foo --- bar")),
        Failing("reference.keys.unknown", good_with("license: MIT", "license: MIT\nversion: 1.0.0")),
        Failing("reference.name.present", name('""')),
        Failing("reference.name.lower", name("My-Skill")),
        Failing("reference.name.folder", GOOD, folder="other"),
        Failing("claude.name.reserved", name("claude-forms")),
        Failing("claude.description.angle", description("Use when <b> is met.")),
        Failing("claude.keys.unknown", good_with("license: MIT", "license: MIT\nversion: 1.0.0")),
        Failing("claude.keys.code-only", good_with("license: MIT", "license: MIT\nmodel: opus")),
        Failing("claude.entry.cut", description("x" * 1_537)),
        Failing("codex.front-matter.early-fence", description("|\n  a\n  ---\n  b")),
        Failing("codex.front-matter.duplicate-field", name("my-skill\nname: my-skill")),
        Failing("codex.name.length", name("a" * 65)),
        Failing(
            "codex.metadata.map",
            good_with("metadata:\n  skill_id: tools/my-skill\n  version: 1.0.0", "metadata: x"),
        ),
        Failing("codex.metadata.short-description", metadata("short-description: " + "x" * 501)),
        Failing("mlflow.front-matter.anchor", metadata("a: &x b")),
        Failing("skill-fleet.structure.file", GOOD, file_name="skill.md", has_place=False),
        Failing("skill-fleet.structure.utf8", GOOD.encode() + b"\xff"),
        Failing("skill-fleet.structure.bom", "\ufeff" + GOOD),
        Failing("skill-fleet.structure.length", "---\nname: a\n---\n", has_place=False),
        Failing("skill-fleet.name.reserved", name("anthropic-forms")),
        Failing("skill-fleet.security.angle", description("Use when <b> is met.")),
        Failing("skill-fleet.description.trigger", description("Fills forms.")),
        Failing("skill-fleet.metadata.skill-id", good_with("tools/my-skill", "Tools/My Skill")),
        Failing("skill-fleet.metadata.version", good_with("version: 1.0.0", "version: v1")),
        Failing("skill-fleet.metadata.type", metadata("type: wizard")),
        Failing("skill-fleet.metadata.weight", metadata("weight: huge")),
        Failing(
            "skill-fleet.metadata.capabilities", metadata("weight: heavyweight\n  capabilities:\n    - one")
        ),
        Failing("skill-fleet.metadata.load-priority", metadata("load_priority: soon")),
        Failing("skill-fleet.metadata.style", metadata("skill_style: baroque")),
        Failing(
            "skill-fleet.documentation.when-to-use",
            GOOD.replace("## When to Use", "## Purpose"),
            has_place=False,
        ),
        Failing(
            "skill-fleet.documentation.quick-start",
            GOOD.replace("## Quick Start", "## First"),
            has_place=False,
        ),
        Failing(
            "skill-fleet.documentation.code", GOOD.replace("```bash\nls\n```\n", "ls\n"), has_place=False
        ),
        Failing("skill-fleet.documentation.open-code", GOOD + "\n```\nopen\n"),
        Failing("skill-fleet.naming.path", GOOD, path="other/my-skill"),
        Failing("skill-fleet.naming.depth", GOOD, path="a/b/c/my-skill"),
        Failing("skill-fleet.naming.alias", GOOD, path="old/my-skill"),
        Failing("skill-fleet.size.small", body("# Short\n\nText.\n" + "x" * 100), has_place=False),
        Failing("skill-fleet.size.large", body(WORDS_4000), has_place=False),
        Failing("skill-fleet.size.split", body(WORDS_6000), has_place=False),
    ]
    return listed


CASES = cases()


def subject(case: Failing) -> Subject:
    return Subject(
        parse_document(case.source),
        folder_name=case.folder,
        file_name=case.file_name,
        skill_path=case.path,
        aliases=frozenset({"old/my-skill"}),
    )


GOOD_SUBJECT = Subject(parse_document(GOOD), folder_name="my-skill", skill_path="tools/my-skill")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule_id)
def test_a_rule_fails_its_document_and_says_where(case):
    profile = case.rule_id.split(".")[0]
    report = judge(subject(case), PROFILES[profile])
    found = [finding for finding in report.findings if finding.rule_id == case.rule_id]
    assert found, [finding.rule_id for finding in report.findings]
    rule = find_rule(case.rule_id)
    assert rule is not None
    assert rule.sentence
    assert rule.source
    for finding in found:
        assert finding.severity is rule.severity
        assert finding.message[-1] in ".!"
        assert (finding.place is not None) == case.has_place
    expected = {Severity.CRITICAL: [Outcome.REJECTED]}.get(rule.severity, list(Outcome))
    assert report.outcome in expected


class Watched(Subject):
    """A subject that keeps the names of what is read of it."""

    def __getattribute__(self, name):
        object.__getattribute__(self, "cache").setdefault("seen", set()).add(name)
        return object.__getattribute__(self, name)


# A path with another skill id and folder name than the documents have, too deep, and an old address as well.
WATCHED_AT = [("my-skill", "tools/my-skill"), ("other", "old/my-skill"), ("other", "a/b/c/d/other")]


def test_a_rule_reads_the_parts_of_the_address_that_it_says_and_no_others():
    read = {rule: set() for profile in PROFILES.values() for rule in profile.rules}
    documents = [parse_document(source) for source in {*(case.source for case in CASES), GOOD}]
    for rule, document, (folder, path) in product(read, documents, WATCHED_AT):
        watched = Watched(document, folder, skill_path=path, aliases=frozenset({"old/my-skill"}))
        rule.findings(watched)
        read[rule] |= {*ADDRESS} & watched.cache["seen"]
    assert {rule.id: set(rule.reads) for rule in read} == {rule.id: seen for rule, seen in read.items()}


@pytest.mark.parametrize(
    ("name", "was", "path", "rules"),
    [
        ("spec", "a/one", "b/one", []),
        ("spec", "a/one", "a/two", ["spec.name.present", "spec.name.folder"]),
        ("spec", None, "b/one", ["spec.name.present", "spec.name.folder"]),
        (
            "skill-fleet",
            "a/one",
            "b/one",
            [f"skill-fleet.naming.{one}" for one in ("path", "depth", "alias")],
        ),
        ("skill-fleet", "a/one", "a/one", []),
        ("claude", "a/one", "b/one", []),
    ],
)
def test_only_rules_on_what_is_another_part_of_the_address_are_judged_again(name, was, path, rules):
    assert [rule.id for rule in rules_of_address(name, was, path)] == rules


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule_id)
def test_findings_judged_again_are_those_of_a_judgement_there(case):
    was, path = "tools/my-skill", "a/b/c/other"
    profile = PROFILES[case.rule_id.split(".")[0]]
    document = parse_document(case.source)
    known = judge(Subject(document, "my-skill", skill_path=was), profile).findings
    there = Subject(document, "other", skill_path=path)
    found = findings_again(known, rules_of_address(profile.name, was, path), there)
    assert sorted(found, key=repr) == sorted(judge(there, profile).findings, key=repr)


def test_every_rule_of_every_profile_has_a_failing_document():
    covered = {case.rule_id for case in CASES}
    missing = [rule.id for profile in PROFILES.values() for rule in profile.rules if rule.id not in covered]
    assert missing == []


@pytest.mark.parametrize("profile", PROFILES)
def test_the_good_document_passes_every_rule(profile):
    report = judge(GOOD_SUBJECT, PROFILES[profile])
    assert report.findings == ()
    assert (report.outcome, report.status, report.sentence) == (Outcome.LOADS, ReportStatus.PASSED, "Loads.")


def test_what_the_writer_writes_loads_everywhere():
    text = write_document(
        {
            "name": "my-skill",
            "description": "Fills: forms. Use when --- is met.",
            "metadata": {"version": "1.0.0"},
        },
        BODY,
    )
    matrix = judge_all(Subject(parse_document(text), folder_name="my-skill"))
    assert set(matrix.outcomes.values()) == {Outcome.LOADS}
    assert list(matrix.outcomes) == ["spec", "reference", "claude", "codex", "mlflow", "skill-fleet"]


@pytest.mark.parametrize(
    ("source", "rule_id"),
    [
        (name("My Skill!"), "spec.name.characters"),
        (name("-my-skill"), "spec.name.hyphens"),
        (name("other"), "spec.name.folder"),
        (name("123"), "claude.name.text"),
        (NO_NAME, "spec.name.present"),
        (name("claude-my-skill"), "claude.name.reserved"),
        (description("Use when <b> is met."), "claude.description.angle"),
        (BAD_YAML, "spec.front-matter.yaml"),
        (good_with("allowed-tools: Read Bash", "allowed-tools: [Read, Bash]"), "spec.allowed-tools.text"),
        (good_with("allowed-tools: Read Bash", "allowed-tools: [Read, Bash]"), "reference.front-matter.flow"),
        (
            good_with("metadata:\n  skill_id: tools/my-skill\n  version: 1.0.0", "metadata: {a: b}"),
            "reference.front-matter.flow",
        ),
        (metadata("level: 3"), "spec.metadata.strings"),
        (good_with("license: MIT", "license: MIT\ntags: 1.0"), "spec.keys.unknown"),
        (good_with("license: MIT", "license: MIT\nversion: 1.0.0"), "reference.keys.unknown"),
        (DUPLICATE, "spec.front-matter.duplicate-key"),
        (description("foo --- bar"), "reference.front-matter.lost"),
        ("\ufeff" + GOOD, "claude.text.bom"),
        ("\n" + GOOD, "reference.front-matter.start"),
    ],
)
def test_accepting_the_fix_ends_the_finding(source, rule_id):
    document = parse_document(source)
    profile = PROFILES[rule_id.split(".")[0]]
    before = judge(Subject(document, folder_name="my-skill"), profile)
    finding = next(finding for finding in before.findings if finding.rule_id == rule_id)
    assert finding.edit is not None
    fixed = document.with_edits([finding.edit])
    after = judge(Subject(fixed, folder_name="my-skill"), profile)
    same = [f for f in after.findings if f.rule_id == rule_id and f.message == finding.message]
    assert same == []
    assert fixed.body == document.body or rule_id.endswith(".start")


@pytest.mark.parametrize(
    ("source", "folder", "expected"),
    [  # the rows of the table of disagreement: spec, reference, claude, mlflow
        (name("técnico"), "técnico", ("rejected", "loads", "rejected", "rejected")),
        (name("123"), "123", ("warns", "loads", "rejected", "rejected")),
        (name("claude-x"), "claude-x", ("loads", "loads", "rejected", "loads")),
        (GOOD, "other", ("rejected", "rejected", "loads", "loads")),
        (description("a <b> when used"), "my-skill", ("loads", "loads", "rejected", "loads")),
        (NO_DESCRIPTION, "my-skill", ("rejected", "rejected", "rejected", "loads")),
        (description('""'), "my-skill", ("rejected", "rejected", "rejected", "loads")),
        (name('""'), "my-skill", ("rejected", "rejected", "rejected", "rejected")),
        (description("x" * 1025), "my-skill", ("rejected", "rejected", "rejected", "loads")),
        (good_with("license: MIT", "version: 1.0.0"), "my-skill", ("warns", "rejected", "rejected", "loads")),
        (
            good_with("allowed-tools: Read Bash", "allowed-tools:\n  - Read"),
            "my-skill",
            ("rejected", "loads", "loads", "loads"),
        ),
        (metadata("a: &x b\n  c: *x"), "my-skill", ("loads", "rejected", "loads", "rejected")),
        (DUPLICATE, "my-skill", ("warns", "rejected", "loads", "loads")),
        (description("Use when: x"), "my-skill", ("rejected",) * 4),
        ("\ufeff" + GOOD, "my-skill", ("loads", "rejected", "rejected", "loads")),
        ("\n" + GOOD, "my-skill", ("rejected",) * 4),
        (GOOD.replace("\n", "\r\n"), "my-skill", ("loads",) * 4),
        (GOOD.encode() + b"\xff", "my-skill", ("rejected",) * 4),
    ],
)
def test_profiles_disagree_as_their_hosts_do(source, folder, expected):
    matrix = judge_all(
        Subject(parse_document(source), folder_name=folder), ["spec", "reference", "claude", "mlflow"]
    )
    assert tuple(matrix.outcomes.values()) == expected


def test_a_long_entry_is_cut_where_claude_code_cuts_it():
    source = description("Use when. " + "x" * 900).replace("license: MIT", f"when_to_use: {'y' * 700}")
    report = judge(Subject(parse_document(source), folder_name="my-skill"), PROFILES["claude"])
    assert (report.outcome, report.cut_at) == (Outcome.CUT, 1_536)
    assert report.sentence == "Loads, but its catalog entry is cut at 1,536 characters."
    assert report.status is ReportStatus.WARNINGS


def test_findings_come_worst_first_and_all_at_once():
    source = "---\nname: My_Skill-\ndescription: ''\nversion: 1\n---\nText\n"
    report = judge(Subject(parse_document(source), folder_name="x"), PROFILES["spec"])
    ids = [finding.rule_id for finding in report.findings]
    assert ids == [
        "spec.name.characters", "spec.name.folder", "spec.name.hyphens", "spec.description.blank", "spec.keys.unknown",
    ]  # fmt: skip
    assert report.sentence == "Rejected: 4 things have to be mended."


def test_an_unknown_profile_is_refused_with_those_that_there_are():
    with pytest.raises(UnknownProfileError, match="spec, reference, claude"):
        profile_named("gemini")
    with pytest.raises(UnknownProfileError):
        judge_all(GOOD_SUBJECT, ["gemini"])


def test_rule_ids_are_unique_and_begin_with_their_profile():
    ids = [rule.id for profile in PROFILES.values() for rule in profile.rules]
    assert len(ids) == len(set(ids))
    assert all(rule.id.startswith(f"{p.name}.") for p in PROFILES.values() for rule in p.rules)
    assert find_rule("nobody.knows") is None
