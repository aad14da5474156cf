"""Start everything: ``manage.py up [--source ADDRESS]``."""

import fcntl
import http.client
import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from fleet_site.one_time_link import first_admin, make_link
from fleet_site.ports import PortUnusable, usable_port
from fleet_site.supervisor import Child, StopAsked, Supervisor, stop_signals
from runs_app.domain.errors import AddressInvalid, SourceExists
from runs_app.services.add_source import add_source

READY_SECONDS = 60.0
STOPPED_EARLY = 130


class Command(BaseCommand):
    """Prepares the data folder, mirrors a source if one is named, then runs web and worker until Ctrl-C."""

    help = "Prepare everything, then run the site and its worker together; Ctrl-C stops both."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the source and the address."""
        parser.add_argument("--source", default="", help="path or MLflow address to mirror first")
        parser.add_argument(
            "--host", default=settings.ENV.host, help="address to serve (default: %(default)s)"
        )
        parser.add_argument(
            "--port", type=int, help=f"port to serve; the next free one from {settings.ENV.port}"
        )
        parser.add_argument("--no-sample", action="store_true", help="do not load the sample library")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do one step after the other; a Ctrl-C ends any of them in order."""
        with _alone(), stop_signals():
            try:
                code = self._run(options)
            except StopAsked:
                self.stdout.write(
                    "\nStopped before the site was up. Run the same command again: it goes on from there."
                )
                code = STOPPED_EARLY
        if code:
            sys.exit(code)

    def _run(self, options: dict[str, Any]) -> int:
        port = self._port(options["host"], options["port"])
        self._prepare(options)
        supervisor = Supervisor(self._say)
        try:
            web = supervisor.start("web server", _web_command(options["host"], port))
            supervisor.start("worker", _worker_command())
            if self._is_ready(supervisor, web, options["host"], port):
                self._greet(options["host"], port)
        except BaseException:
            supervisor.stop()
            raise
        return supervisor.watch()

    def _port(self, host: str, asked: int | None) -> int:
        wanted = settings.ENV.port if asked is None else asked
        try:
            port = usable_port(host, wanted, is_fixed=asked is not None)
        except PortUnusable as error:
            raise CommandError(str(error)) from error
        if wanted not in (0, port):
            self._say(f"Port {wanted} is taken by another program; {port} is used instead.")
        return port

    def _prepare(self, options: dict[str, Any]) -> None:
        """Bring the data folder up to date. What loads MLflow runs in a process of its own, which then is gone."""
        self._say(f"Preparing {settings.DATA_DIR}…")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("clearsessions")
        source = self._source(options["source"])
        self._manage("prepare_store")
        if not options["no_sample"]:
            self._say("Looking for the sample library…")
            self._manage("load_sample")
        if source and self._manage("sync", source) != 0:
            self._say(
                "The source could not be read to the end; the worker tries again. The Sources page says more."
            )

    def _source(self, address: str) -> str:
        """Return the number of the source at ``address``, added when it is new; nothing for no address."""
        if not address:
            return ""
        try:
            return str(add_source(address=address).pk)
        except SourceExists as known:
            return str(known.source_id)
        except AddressInvalid as error:
            raise CommandError(f"This source cannot be mirrored. {error}") from error

    def _manage(self, *command: str) -> int:
        self.stdout.flush()
        process = subprocess.Popen([sys.executable, str(settings.BASE_DIR / "manage.py"), *command])
        try:
            return process.wait()
        except StopAsked:
            # On a terminal the child had the same Ctrl-C; a signal sent to us alone is passed on.
            process.terminate()
            process.wait()
            raise

    def _is_ready(self, supervisor: Supervisor, web: Child, host: str, port: int) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and supervisor.ended() is None:
            if _answers(_reachable(host), port):
                return True
            time.sleep(0.1)
        return False

    def _greet(self, host: str, port: int) -> None:
        site = f"http://{_in_address(_reachable(host))}:{port}"
        link = make_link(first_admin())
        self._say(f"\nSkill Fleet is up at {site}/")
        self._say(f"Sign in once, within the hour: {site}{link}")
        self._say("Ctrl-C stops it.\n")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _web_command(host: str, port: int) -> list[str]:
    return [
        *(
            sys.executable,
            "-m",
            "uvicorn",
            "fleet_site.asgi:application",
            "--host",
            host,
            "--port",
            str(port),
        ),
        *(
            "--log-level",
            "warning",
            "--no-server-header",
            "--lifespan",
            "off",
            "--timeout-graceful-shutdown",
            "3",
        ),
    ]


def _worker_command() -> list[str]:
    return [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "fleet_site.celery", "worker", "--beat"),
        *("--pool", "prefork", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"),
        *("--hostname", f"fleet-{os.getpid()}@%h"),
    ]


def _reachable(host: str) -> str:
    """Return where a server that listens on ``host`` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/sign-in/", headers={"Host": "localhost"})
        return connection.getresponse().status < 600
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the data folder, so that two starts do not share one broker and one schedule.

    Raises:
        CommandError: it is running already.
    """
    path = settings.DATA_DIR / "up.lock"
    with open(path, "a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            stream.seek(0)
            raise CommandError(
                f"Skill Fleet runs already with this data folder (process {stream.read().strip() or 'unknown'}). "
                "Stop that one, or set FLEET_DATA_DIR to another folder. For a new sign-in link: manage.py sign_in_link."
            ) from error
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield
