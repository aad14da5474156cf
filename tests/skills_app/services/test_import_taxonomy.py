"""A taxonomy goes out as files and comes in again: nothing moves before somebody looked at it."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from skills_app.domain.change_sets.operations import Rename
from skills_app.domain.change_sets.rows import Kind
from skills_app.domain.taxonomy_index import read_index
from skills_app.models import Category, PathAlias, PlacementChange, RoleGrant, Skill, SkillDependency
from skills_app.queries.other_changes import other_changes_for_list
from skills_app.queries.taxonomy_files import index_file, meta_file
from skills_app.services.add_alias import add_alias, add_category_alias
from skills_app.services.apply_change import apply_change
from skills_app.services.draft_change import draft_change, preview_change
from skills_app.services.export_taxonomy import exported_meta
from skills_app.services.import_taxonomy import as_lines, import_taxonomy
from skills_app.services.make_skill import make_skill
from skills_app.services.set_facets import set_facets
from tests.shared_data import shared_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> User:
    for path in ("a/x", "a/y", "b/z"):
        make_skill(path=path)
    first = Skill.objects.get(path="a/x")
    set_facets(skill=first, facets=[("lang", "go"), ("lang", "c")])
    add_alias(path="old/x", skill=first)
    user = User.objects.create_user("ben")
    RoleGrant.objects.create(user=user, role="curator")
    return user


def entry(path: str, **more: Any) -> dict[str, Any]:
    return {"canonical_path": path, **more}


def test_what_goes_out_reads_as_what_is_there(ben: User) -> None:
    read, problems = read_index(index_file(), path="i")
    assert problems == ()
    assert [path for path, _ in read.categories] == ["a", "b"]
    found = {one.canonical_path: one for one in read.skills}
    assert found.keys() == {"a/x", "a/y", "b/z"}
    assert found["a/x"].aliases == ("old/x",)
    assert found["a/x"].facets == (("lang", "c"), ("lang", "go"))
    assert meta_file()["total_skills"] == 3
    assert meta_file()["statistics"]["by_status"] == {"draft": 3}


def test_to_take_in_what_went_out_changes_nothing(ben: User) -> None:
    report = import_taxonomy(index=index_file(), meta=meta_file(), actor=ben)
    assert report.is_empty
    assert (report.change, report.differences, report.missing, report.problems) == (None, [], [], [])


def test_titles_and_aliases_of_categories_go_out_and_come_in_again(ben: User) -> None:
    Category.objects.filter(path="a").update(title="All of A", description="What begins")
    add_category_alias(path="old/a", category=Category.objects.get(path="a"))
    out = index_file()
    assert out["taxonomy_tree"]["a"] == {"description": "What begins", "title": "All of A", "children": {}}
    assert "title" not in out["taxonomy_tree"]["b"]
    assert out["aliases"] == {"old/a": "a"}
    assert import_taxonomy(index=out, actor=ben).is_empty
    Skill.objects.all().delete()
    Category.objects.all().delete()
    report = import_taxonomy(index=out, actor=ben)
    assert (report.categories, report.aliases) == (["a", "b"], [("old/a", "a")])
    assert Category.objects.get(path="a").title == "All of A"
    again = index_file()
    assert [again[part] for part in ("taxonomy_tree", "aliases")] == [out["taxonomy_tree"], out["aliases"]]


def test_another_title_waits_in_the_draft(ben: User) -> None:
    out = index_file()
    out["taxonomy_tree"]["a"]["title"] = "Another"
    report = import_taxonomy(index=out, actor=ben)
    assert report.titles == [("a", "A", "Another")]
    assert Category.objects.get(path="a").title == "A"
    assert report.change is not None
    apply_change(change=report.change, actor=ben, expected_digest=report.change.digest)
    assert Category.objects.get(path="a").title == "Another"
    assert import_taxonomy(index=out, actor=ben).is_empty


def test_a_category_of_the_index_is_followed_to_where_it_is_now_and_no_old_address_is_taken_away(
    ben: User,
) -> None:
    out = index_file()
    change = draft_change(
        operations=[Rename(Kind.CATEGORY, Category.objects.get(path="a").key, "now")], actor=ben
    )
    preview_change(change=change)
    apply_change(change=change, actor=ben, expected_digest=change.digest)
    add_alias(path="held", skill=Skill.objects.get(path="b/z"))
    old = {"a", "a/x", "a/y", "held", "old/x"}
    out["taxonomy_tree"] |= {
        "held": {"children": {"deep": {}}},
        "a": {"description": "What begins", "children": {"new": {}}},
    }
    report = import_taxonomy(index=out, actor=ben)
    assert report.followed == [("a", "now"), ("a/new", "now/new")]
    assert (report.moves, report.categories) == ([], ["now/new"])
    assert report.refused == [
        f"{path} was not made a category, because held is an old address of the skill b/z."
        for path in ("held", "held/deep")
    ]
    assert set(PathAlias.objects.values_list("path", flat=True)) == old
    assert Category.objects.get(path="now").description == "What begins"
    lines = as_lines(report, is_dry_run=False)
    assert "Followed: the category a/new is at now/new here" in lines


def index(**skills: Any) -> dict[str, Any]:
    return {"taxonomy_tree": {"new": {"description": "New things"}}, "skills": skills}


def test_a_dry_run_tells_all_and_writes_nothing(ben: User) -> None:
    wanted = index(
        one=entry("new/xx", aliases=["a/x", "older/x"], facets={"lang": "go"}), two=entry("gone/k")
    )
    before = index_file()
    report = import_taxonomy(index=wanted, actor=ben, is_dry_run=True)
    assert report.categories == ["gone", "new"]
    assert report.moves == [("a/x", "new/xx")]
    assert (report.facets, report.missing, report.aliases) == (["a/x"], ["two"], [("older/x", "a/x")])
    assert not PlacementChange.objects.exists()
    assert {**index_file(), "last_updated": ""} == {**before, "last_updated": ""}


def test_what_moves_waits_in_a_draft_and_is_then_as_the_index_says(ben: User) -> None:
    wanted = index(
        one=entry("new/xx", aliases=["a/x", "older/x"], facets={"lang": "go"}),
        two=entry("a/why", aliases=["a/y"], status="active"),
    )
    report = import_taxonomy(index=wanted, actor=ben)
    change = report.change
    assert change is not None
    assert report.conflicts == []
    assert report.statuses == [("a/y", "draft", "active")]
    assert Skill.objects.filter(path="a/x").exists()
    assert Category.objects.get(path="new").description == "New things"
    apply_change(change=change, actor=ben, expected_digest=change.digest)
    moved = Skill.objects.get(path="new/xx")
    assert list(moved.facets.values_list("name", "value")) == [("lang", "go")]
    assert set(moved.aliases.values_list("path", flat=True)) == {"a/x", "old/x", "older/x"}
    assert Skill.objects.filter(path="a/why", status="draft").exists()
    assert import_taxonomy(index=wanted, actor=ben).is_empty


def test_an_alias_of_somebody_else_and_a_skill_as_category_are_left_out_and_said(ben: User) -> None:
    report = import_taxonomy(
        index=index(one=entry("a/y", aliases=["b/z", "old/x"]), two=entry("b/z/deep")), actor=ben
    )
    assert len(report.refused) == 3
    assert PathAlias.objects.count() == 1
    assert not Category.objects.filter(path="b/z").exists()


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_what_lies_where_a_library_keeps_no_skills_is_left_out_and_said(ben: User, is_dry_run: bool) -> None:
    wanted = index(one=entry("_drafts/x")) | {"taxonomy_tree": {"_templates": {}, "fine": {}}}
    report = import_taxonomy(index=wanted, actor=ben, is_dry_run=is_dry_run)
    told = [one for one in report.refused if "keeps what is no skill there" in one]
    assert [one.split()[0] for one in told] == ["_drafts", "_templates"]
    assert report.categories == ["fine"]


def test_numbers_that_differ_from_what_is_counted_are_told(ben: User) -> None:
    stated = {"total_skills": 9, "statistics": {"by_type": {"technical": 9}, "by_weight": 3}}
    report = import_taxonomy(index={}, meta=stated, actor=ben, is_dry_run=True)
    assert report.differences == [
        "total_skills is stated as 9; here it is 3.",
        "by_type: technical is stated as 9; here it is 0.",
        "by_type: unknown is stated as 0; here it is 3.",
    ]
    assert len(import_taxonomy(index=[], meta=[], actor=ben, is_dry_run=True).differences) == 1


def meta_in(root: Path, data: Any) -> None:
    root.mkdir()
    (root / "taxonomy_meta.json").write_text(data if isinstance(data, str) else json.dumps(data))


def test_what_is_not_counted_is_carried_over_with_the_use_at_today_s_addresses(
    ben: User, tmp_path: Path, settings: Any
) -> None:
    settings.FLEET_LIBRARY_DIR = root = tmp_path / "library"
    assert exported_meta().keys() == meta_file().keys()
    usage = {
        "old/x": {"count": 2, "successes": 1, "last": "may"},
        "skills/a/x": {"count": 3, "successes": 3, "failures": 1},
        "gone/k": {"count": 1},
        "a/y": "often",
        "skills/a/y/SKILL.md": {"count": 1},
    }
    beside = {"created_at": "2026-01-06T00:00:00Z", "bootstrap_profiles": ["web"]}
    meta_in(root, {"total_skills": 9, "version": "0.1.0", **beside, "usage_stats": usage})
    meta = exported_meta()
    assert {name: meta[name] for name in beside} == beside
    assert (meta["total_skills"], meta["version"]) == (3, "1.0.0")
    assert meta["usage_stats"] == {
        "a/x": {"count": 5, "successes": 4, "last": "may", "failures": 1},
        "gone/k": {"count": 1},
        "a/y": "often",
        "skills/a/y/SKILL.md": {"count": 1},
    }
    report = import_taxonomy(index={}, meta=meta, actor=ben, is_dry_run=True)
    assert report.differences == [
        "Not taken in: created_at, bootstrap_profiles, usage_stats. "
        "An export carries over what the file in the library folder says of it."
    ]


@pytest.mark.parametrize("text", ["{", "[]", '{"usage_stats": 3}'])
def test_a_file_of_the_library_that_is_none_hinders_no_export(
    ben: User, tmp_path: Path, settings: Any, text: str
) -> None:
    settings.FLEET_LIBRARY_DIR = root = tmp_path / "library"
    meta_in(root, text)
    assert exported_meta()["total_skills"] == 3


def test_the_use_in_a_real_library_is_led_to_where_its_skills_are(tmp_path: Path, settings: Any) -> None:
    settings.FLEET_LIBRARY_DIR = root = tmp_path / "library"
    real = json.loads(shared_data("library", "skills", "taxonomy_meta.json").read_text())
    meta_in(root, real)
    old = "technical_skills/programming/languages/python/decorators"
    skill, _ = make_skill(path="python/decorators")
    add_alias(path=old, skill=skill)
    meta = exported_meta()
    assert real.keys() <= meta.keys()
    assert meta["usage_stats"]["python/decorators"] == real["usage_stats"][old]
    assert old not in meta["usage_stats"]
    assert len(meta["usage_stats"]) == len(real["usage_stats"])


def test_facets_that_were_emptied_in_the_file_are_taken_and_told(ben: User) -> None:
    skill = Skill.objects.get(path="a/x")
    silent = import_taxonomy(index={"skills": {"one": entry("a/x")}}, actor=ben)
    assert (silent.is_empty, silent.change) == (True, None)
    report = import_taxonomy(index={"skills": {"one": entry("a/x", facets={})}}, actor=ben)
    assert (report.is_empty, report.facets, report.emptied) == (False, ["a/x"], ["a/x"])
    assert "Facets: a/x loses all of its facets" in as_lines(report, is_dry_run=False)
    assert report.change is not None
    preview_change(change=report.change)
    apply_change(change=report.change, actor=ben, expected_digest=report.change.digest)
    assert not skill.facets.exists()


def test_the_command_writes_both_files_and_takes_them_in(ben: User, tmp_path: Path, capsys: Any) -> None:
    call_command("taxonomy", "export", str(tmp_path / "out"))
    call_command("taxonomy", "import", str(tmp_path / "out"), user="ben", dry_run=True)
    said = capsys.readouterr().out
    assert "0 skills would be moved by the draft." in said
    assert json.loads((tmp_path / "out/taxonomy_meta.json").read_text())["total_skills"] == 3
    RoleGrant.objects.all().delete()
    with pytest.raises(CommandError, match="needs the role"):
        call_command("taxonomy", "import", str(tmp_path / "out"), user="ben")
    (tmp_path / "out/taxonomy_index.json").write_text("{")
    with pytest.raises(CommandError):
        call_command("taxonomy", "import", str(tmp_path / "out"), user="nobody")


def test_the_check_ends_with_one_only_when_there_is_an_error(ben: User, capsys: Any) -> None:
    call_command("taxonomy", "check")
    assert "0 errors" in capsys.readouterr().out
    skill = Skill.objects.get(path="a/x")
    SkillDependency.objects.create(skill=skill, kind="required", target_path="no/where")
    with pytest.raises(SystemExit) as ended:
        call_command("taxonomy", "check", format="json")
    assert ended.value.code == 1
    assert [row["fault"] for row in json.loads(capsys.readouterr().out)] == ["dangling"]


def test_descriptions_stand_in_the_report_and_in_the_history(ben: User) -> None:
    Category.objects.filter(path="b").update(description="Ours")
    tree = {
        "a": {"description": "What  begins\nwith A"},
        "b": {"description": "Theirs"},
        "c": {"description": "x" * 100},
    }
    index = {"taxonomy_tree": tree, "skills": {}}

    tried = import_taxonomy(index=index, actor=ben, is_dry_run=True)
    assert Category.objects.get(path="a").description == ""
    done = import_taxonomy(index=index, actor=ben)
    for report, verb in ((tried, "would be"), (done, "were")):
        assert not report.is_empty
        lines = as_lines(report, is_dry_run=verb == "would be")
        assert f"2 categories {verb} described." in lines
        assert [line for line in lines if line.startswith("Description")] == [
            "Description: a gets “What begins with A”",
            f"Description: c gets “{'x' * 79}…”",
            "Description: b has another one here, which stays",
        ]
    assert [Category.objects.get(path=path).description[:4] for path in "abc"] == ["What", "Ours", "xxxx"]
    told = [(one.what, one.of, one.after[:4], one.who) for one in other_changes_for_list(branch="a")]
    assert ("Category described", "a", "What", "ben") in told

    again = import_taxonomy(index=index, actor=ben)
    assert again.is_empty
    assert (again.descriptions, again.kept) == ([], ["b"])
