"""``manage.py generate``: a skill from a shell, against the rehearsal and a scripted server, with and without input."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from runs_app.domain.answer_form import asked_in_words
from runs_app.domain.prompts import Prompt, PromptKind, Question, QuestionKind, read_answer
from skills_app.domain.documents import parse_document
from skills_app.domain.judging import judge_skill
from tests.model_server import Act, model_server
from tests.runs_app.generation_makers import generation

pytest.importorskip("dspy")

TASK = "Create a skill for cleaning CSV files with pandas"
pytestmark = pytest.mark.django_db


def generate(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as caught:
        call_command("generate", *words)
    return int(str(caught.value.code)), capsys.readouterr().err


def test_a_skill_is_written_with_its_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = generate(TASK, "--no-input", "--out", str(tmp_path), capsys=capsys)

    assert code == 0, said
    written = tmp_path / "cleaning-csv-files-pandas" / "SKILL.md"
    document = parse_document(written.read_bytes())
    assert judge_skill(document, folder_name=written.parent.name).is_accepted
    reports = tmp_path / "cleaning-csv-files-pandas.run"
    assert json.loads((reports / "validation_report.json").read_text())["passed"] is True
    assert "Understand" in said
    assert "✓ Write the skill" in said
    assert "This is a rehearsal" in said
    kinds = [json.loads(line)["kind"] for line in (reports / "events.jsonl").read_text().splitlines()]
    assert (kinds[0], kinds[-1]) == ("phase_started", "phase_ended")


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate(TASK, "--no-input", "--out", str(tmp_path), capsys=capsys)

    with pytest.raises(CommandError, match="exists already"):
        call_command("generate", TASK, "--no-input", "--out", str(tmp_path))


def test_questions_are_asked_and_answered_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter(["1", "y", ""])
    monkeypatch.setattr("builtins.input", lambda _: next(typed))

    code, said = generate(TASK, "--out", str(tmp_path), capsys=capsys)

    assert code == 0, said
    assert "Who will use it?" in said
    answers = json.loads((tmp_path / "cleaning-csv-files-pandas.run" / "human_answers.json").read_text())
    assert answers["clarify"]["values"] == {"q1": "People new to it", "q2": "yes"}


def test_without_an_answer_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", end)

    code, said = generate(TASK, "--out", str(tmp_path), capsys=capsys)

    assert (code, list(tmp_path.iterdir())) == (3, [])
    assert "--no-input" in said


def test_a_missing_key_names_the_variable(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOBODY_API_KEY", raising=False)
    settings.FLEET_MODELS_FILE = tmp_path / "models.yaml"
    settings.FLEET_MODELS_FILE.write_text(
        "models: {default: openai/x, registry: {openai/x: {env: NOBODY_API_KEY}}}"
    )

    with pytest.raises(SystemExit) as caught:
        call_command("generate", TASK, "--no-input", "--out", str(tmp_path))

    assert caught.value.code == 1


def test_what_everybody_spent_today_counts_in_a_shell_too(
    tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.FLEET_SPEND_PER_DAY_USD = 1.0
    generation(status="completed", cost_usd=1.0)

    code, said = generate(TASK, "--no-input", "--out", str(tmp_path), capsys=capsys)

    assert code == 1
    assert "everybody today" in said


def test_a_ceiling_that_cannot_hold_is_said(
    tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.FLEET_SPEND_PER_GENERATION_USD = 3.0
    with model_server(Act("no", 401)) as server:
        settings.FLEET_MODELS_FILE = tmp_path / "models.yaml"
        settings.FLEET_MODELS_FILE.write_text(
            f"models: {{default: openai/own, registry: {{openai/own: {{base_url: {server.address}}}}}}}"
        )
        _, said = generate(TASK, "--no-input", "--ceiling", "2", "--out", str(tmp_path), capsys=capsys)

    assert "The cost of openai/own is unknown, so the ceiling of $2.00 cannot stop it." in said


def test_a_refusing_server_is_said_without_the_key(
    tmp_path: Path,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = "scripted-secret-key-1"
    (tmp_path / "keys.env").write_text(f"# keys\nexport SCRIPTED_API_KEY='{key}'\n")
    with model_server(Act(f"no such key: {key}", 401)) as server:
        settings.FLEET_KEYS_FILE = tmp_path / "keys.env"
        settings.FLEET_MODELS_FILE = tmp_path / "models.yaml"
        settings.FLEET_MODELS_FILE.write_text(
            "models:\n  default: openai/scripted\n  registry:\n    openai/scripted:\n"
            f"      env: SCRIPTED_API_KEY\n      base_url: {server.address}\n"
        )
        code, said = generate(TASK, "--no-input", "--out", str(tmp_path / "out"), capsys=capsys)

    assert code == 1
    assert server.keys == [f"Bearer {key}"]
    assert key not in said
    assert "refused" in said


@pytest.mark.parametrize(
    ("question", "typed", "value"),
    [
        (Question("q", "?", QuestionKind.BOOLEAN), ["Yes"], True),
        (Question("q", "?", QuestionKind.TEXT), ["words "], "words"),
        (Question("q", "?", QuestionKind.SINGLE, ("a", "b")), ["2"], "b"),
        (Question("q", "?", QuestionKind.SINGLE, ("a", "b"), allows_other=True), ["c d"], "c d"),
        (Question("q", "?", QuestionKind.MULTI, ("a", "b")), ["1, b"], ("a", "b")),
    ],
)
def test_what_is_typed_becomes_a_checked_answer(question: Question, typed: list[str], value: Any) -> None:
    prompt = Prompt(PromptKind.CLARIFY, "Questions", questions=(question,))
    words = iter(typed)

    given = asked_in_words(prompt, say=io.StringIO().write, read=lambda _: next(words))

    assert read_answer(prompt, given).values == {"q": value}
