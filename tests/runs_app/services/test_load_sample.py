"""Loading and removing the sample, with a real MLflow store."""

import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from runs_app.adapters.folder_lock import hold_file
from runs_app.adapters.mlflow_log import open_log
from runs_app.adapters.sample_files import read_sample
from runs_app.domain.addresses import sqlite_path
from runs_app.domain.enums import RunKind, RunStatus, SyncState
from runs_app.domain.errors import SampleBusy
from runs_app.models import ImportProblem, MetricPoint, Run, RunOutcome, Source
from runs_app.services import load_sample as loading
from runs_app.services.load_sample import load_sample
from runs_app.services.remove_sample import remove_sample
from runs_app.services.sync_source import sync_source
from skills_app.domain.enums import VersionOrigin
from skills_app.models import Category, PathAlias, QualityAssessment, Skill, SkillVersion, ValidationReport
from skills_app.services.add_version import add_version
from skills_app.services.make_category import make_category
from skills_app.services.make_skill import make_skill

POSTGRES = "engineering/databases/postgres-slow-queries"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory):
    """A store that MLflow has just made: making one takes it seconds."""
    folder = tmp_path_factory.mktemp("empty")
    open_log(
        f"sqlite:///{folder / 'mlflow.db'}", artifact_folder=folder
    ).client._tracking_client.store.engine.dispose()
    return folder / "mlflow.db"


@pytest.fixture
def small(monkeypatch, empty_store):
    """Only the first two skills, in a store that need not be made first, so that loading takes a second or two."""

    def copy_and_open(uri, **options):
        Path(sqlite_path(uri)).parent.mkdir(parents=True)
        shutil.copy(empty_store, sqlite_path(uri))
        return open_log(uri, **options)

    monkeypatch.setattr(loading, "open_log", copy_and_open)
    whole = read_sample()
    skills = whole.skills[:2]
    paths = {skill.path for skill in skills}
    runs = tuple(run for run in whole.more_runs if run.skill in paths)[:3]
    monkeypatch.setattr(loading, "read_sample", lambda: replace(whole, skills=skills, more_runs=runs))


@pytest.mark.slow
def test_the_sample_is_loaded_whole_labelled_and_once():
    now = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    result = load_sample(now=now)

    source = Source.objects.get()
    assert source.is_sample
    assert source.state == SyncState.CURRENT
    top = Run.objects.filter(is_top=True)
    assert result.is_loaded
    assert (result.num_skills, result.num_versions) == (12, 27)
    assert result.num_runs == Run.objects.count() > 150
    assert 55 <= top.count() <= 65
    kinds = Counter(top.values_list("kind", flat=True))
    assert kinds[RunKind.EVALUATION] == 4
    assert kinds[RunKind.GENERATION] == top.count() - 4
    assert top.get(status=RunStatus.RUNNING).ended_at is None
    assert top.filter(status=RunStatus.FAILED).count() >= 3
    # Labels.
    assert (
        Skill.objects.filter(is_sample=False).count() == Category.objects.filter(is_sample=False).count() == 0
    )
    # Runs made no version of their own: each document is the version that the library holds already.
    assert SkillVersion.objects.count() == 27
    assert (
        not RunOutcome.objects.filter(version__isnull=True)
        .exclude(run__artifacts__path="validation_report.json")
        .exists()
    )
    assert SkillVersion.objects.filter(run_outcomes__isnull=True).count() == 0
    assert MetricPoint.objects.filter(key="refinement_score", step__gt=0).exists()
    assert not ImportProblem.objects.exists()
    skill = Skill.objects.get(path=POSTGRES)
    assert [version.number for version in skill.versions.order_by("made_at")] == [1, 2, 3, 4]
    assert skill.current_version.number == 4
    assert skill.current_version.files.filter(path="scripts/misestimates.py").exists()
    assert PathAlias.objects.get(path="databases/slow-postgres").skill == skill
    assert skill.report_status == "passed"
    assert skill.calibrated_score == pytest.approx(0.967, abs=0.001)
    # A second start.
    assert load_sample().outcome == "already there"
    assert Run.objects.count() == result.num_runs


def test_removal_takes_exactly_the_sample_and_is_remembered(small, data_dir):
    ours = make_skill(path="engineering/databases/our-own", actor_name="ada")[0]
    add_version(
        skill=ours, content="# Ours\n", origin=VersionOrigin.EDIT, made_at=timezone.now(), author_name="ada"
    )
    make_category(path="kitchen", actor_name="ada")
    load_sample()
    assert Category.objects.filter(is_sample=False).count() == 3
    assert (data_dir / "sample").is_dir()

    removed = remove_sample()

    assert (removed.num_skills, removed.num_versions, removed.kept) == (2, 6, ())
    assert list(Skill.objects.values_list("path", flat=True)) == ["engineering/databases/our-own"]
    assert set(Category.objects.values_list("path", flat=True)) == {
        "engineering",
        "engineering/databases",
        "kitchen",
    }
    assert SkillVersion.objects.count() == 1
    for model in (Source, Run, PathAlias, ValidationReport, QualityAssessment):
        assert not model.objects.exists(), model
    assert not (data_dir / "sample").exists()
    assert load_sample().outcome == "removed before"
    assert not Source.objects.exists()
    # Unless somebody asks for it.
    again = load_sample(is_wanted_again=True)
    assert (again.num_skills, again.num_versions) == (2, 6)
    assert load_sample().outcome == "already there"
    assert remove_sample().num_runs == again.num_runs == removed.num_runs


def test_what_a_person_added_to_a_sample_skill_stays(small):
    load_sample()
    ada = User.objects.create_user("ada")
    skill = Skill.objects.get(path=POSTGRES)
    text = skill.current_version.content + "\nOne line more.\n"
    version = add_version(
        skill=skill,
        content=text,
        origin=VersionOrigin.EDIT,
        made_at=timezone.now(),
        author=ada,
        author_name="ada",
    ).version

    removed = remove_sample()

    assert removed.kept == (POSTGRES, "engineering/databases", "engineering")
    skill.refresh_from_db()
    version.refresh_from_db()
    assert not skill.is_sample
    assert list(skill.versions.all()) == [version]
    assert skill.current_version == version
    assert skill.num_versions == 1
    assert version.content == text
    assert not Category.objects.filter(is_sample=True).exists()
    assert Category.objects.filter(path="engineering/databases").exists()


def test_runs_that_others_logged_into_the_store_stay(small):
    load_sample()
    source = Source.objects.get()
    log = open_log(source.address)
    experiment_id = log.experiment("of ada", tags={})
    run_id = log.start_run(
        experiment_id=experiment_id, name="by ada", started_at_ms=1_700_000_000_000, tags={}
    )
    sync_source(source=source, who="test", is_full=True)

    remove_sample()

    left = Source.objects.get()
    assert (left.address, left.is_sample) == (source.address, False)
    assert open_log(left.address).run_ids(tag="skill_fleet.sample") == (frozenset(), frozenset({run_id}))
    sync_source(source=left, who="test")
    assert list(Run.objects.values_list("run_id", flat=True)) == [run_id]


def test_a_load_that_was_broken_off_is_begun_anew(small, monkeypatch):
    def break_off(**_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loading, "sync_source", break_off)
        with pytest.raises(KeyboardInterrupt):
            load_sample()
    assert Skill.objects.count() == 2
    first_store = sqlite_path(Source.objects.get().address)

    result = load_sample()

    assert result.is_loaded
    assert (Source.objects.count(), Skill.objects.count(), SkillVersion.objects.count()) == (1, 2, 6)
    assert result.num_runs == Run.objects.count()
    assert sqlite_path(Source.objects.get().address) != first_store


def test_a_skill_that_stands_there_already_is_left_alone(small):
    mine = make_skill(path=POSTGRES, actor_name="ada")[0]
    add_version(skill=mine, content="# Mine\n", origin=VersionOrigin.EDIT, made_at=timezone.now())

    load_sample()

    mine.refresh_from_db()
    assert (mine.is_sample, mine.versions.count()) == (False, 1)
    assert not Run.objects.filter(skill_name=POSTGRES).exists()
    remove_sample()
    assert list(Skill.objects.all()) == [mine]


def test_two_at_once_are_refused_with_a_sentence(data_dir):
    with hold_file(data_dir / "sample.lock") as is_mine:
        assert is_mine
        with pytest.raises(SampleBusy, match="another process"):
            load_sample()
        with pytest.raises(SampleBusy, match="another process"):
            remove_sample()


def test_commands_say_what_they_did(small):
    def said(*command):
        out = StringIO()
        call_command(*command, stdout=out)
        return out.getvalue()

    assert "There is no sample here" in said("remove_sample")
    assert "--again" in said("load_sample")
    assert said("load_sample", "--again").startswith("Loaded the sample: 2 skills in 6 versions and ")
    assert said("load_sample").strip() == "The sample is there already."
    assert said("remove_sample").startswith("Removed 2 skills in 6 versions, 13 categories and ")
