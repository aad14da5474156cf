"""Processes that run as one."""

import os
import signal
import subprocess
import sys
import time

import pytest

from fleet_site.supervisor import StopAsked, Supervisor, describe_exit, stop_signals

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


def test_one_that_ends_ends_the_others_and_its_code_is_said() -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    other = supervisor.start("sleeper", SLEEPER)
    supervisor.start("failing", [sys.executable, "-c", "raise SystemExit(3)"])

    assert supervisor.watch() == 1
    assert "The failing ended by itself (exit code 3)" in said[0]
    assert other.process.returncode == -signal.SIGTERM


def test_one_that_ends_without_fault_ends_the_others_too() -> None:
    supervisor = Supervisor(lambda text: None)
    supervisor.start("short", [sys.executable, "-c", ""])
    supervisor.start("sleeper", SLEEPER)

    assert supervisor.watch() == 1


def test_one_that_does_not_hear_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet_site.supervisor.STOP_SECONDS", 0.5)
    said: list[str] = []
    supervisor = Supervisor(said.append)
    process = subprocess.Popen(STUBBORN, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == b"deaf\n"
    from fleet_site.supervisor import Child

    supervisor.children.append(Child("stubborn", process))

    supervisor.stop()

    assert process.returncode == -signal.SIGKILL
    assert said == ["Something does not end; it is killed."]
    process.stdout.close()


def test_a_signal_is_a_request_to_stop_and_the_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def wait_for_a_signal() -> None:
        with stop_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)

    with pytest.raises(StopAsked):
        wait_for_a_signal()

    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (-9, "signal SIGKILL"), (-250, "signal 250")]
)
def test_exits_are_described_in_words(code: int, words: str) -> None:
    assert describe_exit(code) == words
