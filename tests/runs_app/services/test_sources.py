"""Sources are added, found, asked for, switched off and removed; problems come and go; one run is refreshed."""

import sqlite3
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from fleet_site.celery import app
from runs_app import tasks
from runs_app.domain.enums import ProblemReason
from runs_app.domain.errors import (
    AddressInvalid,
    QueueDown,
    SourceDisabled,
    SourceExists,
    SourceUnknown,
    SyncBusy,
)
from runs_app.domain.problems import problem
from runs_app.models import ImportProblem, Run, RunCount, RunMetric, Source
from runs_app.services.add_source import add_source, find_source
from runs_app.services.change_source import enable_source, remove_source
from runs_app.services.claim_source import claim_source
from runs_app.services.record_problems import record_problems
from runs_app.services.refresh_run import refresh_run
from runs_app.services.request_sync import request_due_syncs, request_refresh, request_sync
from runs_app.services.sync_source import sync_source
from skills_app.models import AuditEntry, SkillVersion
from tests.runs_app.stores import MlflowDatabase
from tests.runs_app.trees import make_run
from tests.shared_data import shared_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def carol() -> User:
    return User.objects.create_user("carol")


class TestAdd:
    def test_a_folder_is_known_by_its_real_path(self, tmp_path: Path, carol: User) -> None:
        make_run(tmp_path / "mlruns", "a" * 32)
        (tmp_path / "link").symlink_to(tmp_path / "mlruns")

        source = add_source(address=str(tmp_path / "link"), actor=carol)

        assert (source.kind, source.address) == ("mlruns_folder", str(tmp_path / "mlruns"))
        assert source.name.endswith("/mlruns")
        entry = AuditEntry.objects.get()
        assert (entry.verb, entry.actor, entry.after["address"]) == ("added_source", carol, source.address)

    def test_a_folder_that_holds_mlruns_stands_for_it(self, tmp_path: Path) -> None:
        make_run(tmp_path / "mlruns", "a" * 32)

        assert add_source(address=str(tmp_path)).address == str(tmp_path / "mlruns")

    def test_a_database_file_is_known_without_its_scheme(
        self, mlflow_db: MlflowDatabase, tmp_path: Path
    ) -> None:
        source = add_source(address=str(tmp_path / "mlflow.db"))

        assert (source.kind, source.address) == ("mlflow_sql", mlflow_db.uri)

    def test_the_same_source_is_not_added_twice(self, tmp_path: Path) -> None:
        first = add_source(address="http://127.0.0.1:5000")

        with pytest.raises(SourceExists, match="already") as raised:
            add_source(address="HTTP://127.0.0.1:5000/", name="again")
        assert raised.value.source_id == first.pk

    @pytest.mark.parametrize(
        "address", ["/no/such/folder", "sqlite:////no/such/file.db", "ftp://host", "", "x" * 1100]
    )
    def test_what_cannot_be_mirrored_is_refused(self, address: str) -> None:
        with pytest.raises(AddressInvalid):
            add_source(address=address)
        assert not Source.objects.exists()

    def test_one_experiment_or_a_skill_is_not_a_source(self, tmp_path: Path) -> None:
        make_run(tmp_path / "mlruns", "a" * 32, artifacts={"a.md": "x"})
        (tmp_path / "skill").mkdir()
        (tmp_path / "skill" / "SKILL.md").write_text("---\n")

        with pytest.raises(AddressInvalid, match="the folder above it"):
            add_source(address=str(tmp_path / "mlruns" / "7"))
        with pytest.raises(AddressInvalid, match="import_library"):
            add_source(address=str(tmp_path / "skill"))

    def test_a_source_is_found_by_number_name_and_address(self) -> None:
        source = add_source(address="http://127.0.0.1:5000", name="ours")

        assert find_source(text=str(source.pk)) == source
        assert find_source(text="ours") == source
        assert find_source(text="http://127.0.0.1:5000/") == source
        Source.objects.create(name="ours", kind="mlflow_http", address="http://other")
        for text in ("ours", "http://nobody", "999999", "/nowhere"):
            with pytest.raises(SourceUnknown):
                find_source(text=text)


class TestRemove:
    def test_a_source_goes_with_its_runs_and_its_skills_stay(self, tmp_path: Path, carol: User) -> None:
        make_run(tmp_path, "a" * 32, metrics={"loss": "1 2 3\n"}, params={"p": "1"}, artifacts={"a.md": "x"})
        other = add_source(address=str(tmp_path))
        source = add_source(address=str(shared_data("seed_mlruns")))
        for each in (source, other):
            sync_source(source=each, who="test")
        num_versions = SkillVersion.objects.count()
        assert num_versions

        assert remove_source(source=source, actor=carol, reason="a test") == 7

        assert list(Source.objects.all()) == [other]
        assert (Run.objects.count(), ImportProblem.objects.count()) == (1, 0)
        assert set(RunCount.objects.values_list("source", flat=True)) == {other.pk}
        assert SkillVersion.objects.count() == num_versions
        assert AuditEntry.objects.get(verb="removed_source").before["num_runs"] == 7

    def test_a_source_that_is_being_read_is_not_removed(self, tmp_path: Path) -> None:
        source = Source.objects.create(name="x", kind="mlruns_folder", address=str(tmp_path))
        claim_source(source=source, who="the worker")

        with pytest.raises(SyncBusy, match="the worker"):
            remove_source(source=source)
        assert Source.objects.get().is_enabled

    def test_switching_off_and_on_is_written_down(self, tmp_path: Path, carol: User) -> None:
        source = Source.objects.create(name="x", kind="mlruns_folder", address=str(tmp_path))

        assert enable_source(source=source, is_enabled=False, actor=carol)
        assert not enable_source(source=source, is_enabled=False, actor=carol)

        assert not Source.objects.get().is_enabled
        assert AuditEntry.objects.get().verb == "disabled_source"


class TestRequest:
    @pytest.fixture
    def sent(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        monkeypatch.setattr(
            app, "send_task", lambda name, **message: messages.append(message | {"name": name})
        )
        return messages

    def test_what_was_sent_is_not_sent_again(self, sent: list[dict[str, Any]]) -> None:
        due = Source.objects.create(name="due", kind="mlflow_http", address="http://a")
        Source.objects.create(name="off", kind="mlflow_http", address="http://b", is_enabled=False)
        Source.objects.create(name="library", kind="library_folder", address="/skills")
        later = timezone.now() + timedelta(minutes=5)
        Source.objects.create(name="later", kind="mlflow_http", address="http://c", next_try_at=later)
        held = Source.objects.create(name="held", kind="mlflow_http", address="http://d")
        claim_source(source=held, who="the worker")

        assert request_due_syncs() == [due.pk]
        assert request_due_syncs() == []

        assert [message["args"] for message in sent] == [(due.pk,)]
        assert sent[0]["name"] == tasks.sync_source_task.name, "it is sent by name"
        assert sent[0]["expires"] >= 10, "a message that nobody takes must not stay"

    def test_a_person_asks_for_a_sync(self, sent: list[dict[str, Any]], carol: User) -> None:
        source = Source.objects.create(name="x", kind="mlflow_http", address="http://a")

        request_sync(source=source, actor=carol, is_full=True)

        assert sent[0]["kwargs"] == {"who": "carol", "is_full": True}
        source.refresh_from_db()
        assert source.stage == "requested"
        claim_source(source=source, who="the worker")
        source.refresh_from_db()
        with pytest.raises(SyncBusy, match="the worker"):
            request_sync(source=source, actor=carol)
        source.is_enabled = False
        with pytest.raises(SourceDisabled):
            request_sync(source=source, actor=carol)

    def test_a_run_that_many_look_at_is_read_once(self, sent: list[dict[str, Any]], tmp_path: Path) -> None:
        make_run(tmp_path, "a" * 32)
        source = add_source(address=str(tmp_path))
        sync_source(source=source, who="test")
        run = Run.objects.get()

        assert [request_refresh(run=run) for _ in range(3)] == [True, False, False]

        assert [message["args"] for message in sent] == [(run.pk,)]
        assert sent[0]["name"] == tasks.refresh_run_task.name
        run.refresh_from_db()
        assert run.last_opened_at is not None
        (tmp_path / "7" / ("a" * 32) / "tags").mkdir()
        (tmp_path / "7" / ("a" * 32) / "tags" / "late").write_text("edit")
        tasks.refresh_run_task(run.pk)
        assert run.tags.get().value == "edit"

    def test_a_queue_that_is_down_is_said(self, monkeypatch: pytest.MonkeyPatch, carol: User) -> None:
        from kombu.exceptions import OperationalError

        def refuse(name: str, **message: Any) -> None:
            raise OperationalError("refused")

        monkeypatch.setattr(app, "send_task", refuse)
        source = Source.objects.create(name="x", kind="mlflow_http", address="http://a")

        with pytest.raises(QueueDown, match="manage.py sync"):
            request_sync(source=source, actor=carol)

    def test_the_task_brings_the_runs_and_survives_what_it_meets(self, tmp_path: Path) -> None:
        make_run(tmp_path, "a" * 32)
        source = add_source(address=str(tmp_path))
        missing = Source.objects.create(name="gone", kind="mlruns_folder", address=str(tmp_path / "gone"))

        for pk in (source.pk, missing.pk, 999_999):
            tasks.sync_source_task(pk)

        assert Run.objects.count() == 1
        missing.refresh_from_db()
        assert missing.state == "failed"


class TestSchedule:
    def test_the_site_sends_by_its_own_application_and_looks_for_due_sources(self, settings: Any) -> None:
        from celery import current_app

        current_app.finalize()

        assert current_app.conf.broker_url == settings.CELERY_BROKER_URL
        entry = current_app.conf.beat_schedule["sync due sources"]
        assert entry["task"] == tasks.sync_due_sources_task.name
        assert entry["schedule"] == settings.FLEET_SYNC_SECONDS


class TestProblems:
    def test_a_stage_closes_only_its_own_problems_of_the_runs_it_looked_at(self, tmp_path: Path) -> None:
        source = Source.objects.create(name="x", kind="mlruns_folder", address=str(tmp_path))
        now = timezone.now()

        def find(stage: str, run_ids: list[str] | None, *paths: str) -> None:
            found = [problem(path, ProblemReason.MISSING_FILE, "gone.", run_id=path[0]) for path in paths]
            record_problems(source=source, stage=stage, found=found, run_ids=run_ids, now=now)

        def open_paths() -> set[str]:
            return set(ImportProblem.objects.filter(closed_at=None).values_list("path", flat=True))

        find("record", ["a", "b"], "a/meta.yaml", "b/meta.yaml")
        find("artifacts", ["a"], "a/file")
        find("record", ["a"])
        assert open_paths() == {"b/meta.yaml", "a/file"}
        find("artifacts", None)
        assert open_paths() == {"b/meta.yaml"}
        find("record", ["a"], "a/meta.yaml")
        assert open_paths() == {"b/meta.yaml", "a/meta.yaml"}
        assert ImportProblem.objects.count() == 3


class TestRefresh:
    def test_one_run_is_brought_up_to_date_with_all_its_history(
        self, sql_source: Source, mlflow_db: MlflowDatabase
    ) -> None:
        run_id = mlflow_db.log("run", metrics={"loss": 3.0})
        mlflow_db.client.log_metric(run_id, "loss", 2.0, timestamp=10**13)
        sync_source(source=sql_source, who="test")
        mlflow_db.client.set_tag(run_id, "late", "edit")
        mlflow_db.client.log_text(run_id, "# Late", "late.md")
        run = Run.objects.get()

        assert refresh_run(run=run)

        assert run.tags.get(key="late").value == "edit"
        assert run.artifacts.get().text == "# Late"
        assert list(run.metric_points.values_list("value", flat=True)) == [3.0, 2.0], (
            "also of a metric without steps"
        )
        assert not refresh_run(run=run)

    def test_a_run_that_is_gone_is_kept_and_marked(
        self, sql_source: Source, mlflow_db: MlflowDatabase
    ) -> None:
        run_id = mlflow_db.log("run", metrics={"loss": 3.0})
        sync_source(source=sql_source, who="test")
        mlflow_db.client.delete_run(run_id)
        run = Run.objects.get()

        assert refresh_run(run=run)

        assert run.deleted_at_source is not None
        assert RunMetric.objects.get().value == 3.0
        assert ImportProblem.objects.get().reason == "deleted_at_source"


class TestCommand:
    def run(self, *words: str) -> str:
        out = StringIO()
        call_command("sync", *words, stdout=out, stderr=out)
        return out.getvalue()

    def test_an_address_becomes_a_source_and_is_read(self, tmp_path: Path) -> None:
        make_run(tmp_path, "a" * 32)

        said = self.run(str(tmp_path), "--name", "mine")

        assert "1 new" in said
        assert Source.objects.get().name == "mine"
        assert "0 new" in self.run()
        assert "0 new" in self.run("mine", "--full")

    def test_a_dry_run_writes_nothing(self, tmp_path: Path) -> None:
        folder = make_run(tmp_path, "a" * 32)
        (folder / "meta.yaml").unlink()
        (folder / "params").mkdir()

        said = self.run(str(tmp_path), "--dry-run")

        assert "1 new" in said
        assert "meta.yaml" in said
        assert not Source.objects.exists()
        self.run(str(tmp_path))
        make_run(tmp_path, "b" * 32)
        said = self.run("--dry-run")
        assert "1 new and 0 changed" in said
        assert Run.objects.count() == 1

    def test_a_source_that_fails_does_not_keep_the_others_waiting(self, tmp_path: Path) -> None:
        make_run(tmp_path / "good", "a" * 32)
        Source.objects.create(name="a bad one", kind="mlruns_folder", address=str(tmp_path / "bad"))
        Source.objects.create(name="good", kind="mlruns_folder", address=str(tmp_path / "good"))

        with pytest.raises(CommandError, match="1 of the sources"):
            self.run()

        assert Run.objects.count() == 1

    def test_without_a_source_the_command_says_how_to_name_one(self) -> None:
        with pytest.raises(CommandError, match="Name one"):
            self.run()
        with pytest.raises(CommandError, match="no folder or file"):
            self.run("/no/such/folder")


def test_the_mirror_never_writes_to_the_source(
    sql_source: Source, mlflow_db: MlflowDatabase, tmp_path: Path
) -> None:
    mlflow_db.log("run", artifacts={"a.md": "x"})

    def dump() -> list[str]:
        with sqlite3.connect(tmp_path / "mlflow.db") as database:
            return list(database.iterdump())

    before = dump()
    sync_source(source=sql_source, who="test", is_full=True)
    refresh_run(run=Run.objects.get())

    assert dump() == before
