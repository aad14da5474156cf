"""The library folder is written as a whole, and what other people did there is never overwritten."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from skills_app.adapters import publishing_steps
from skills_app.adapters.library_folder import FoundSkill, LibraryFolder
from skills_app.adapters.library_lock import undisturbed
from skills_app.adapters.published_library import PublishedLibrary
from skills_app.domain.errors import PublishingConflict, PublishingError
from skills_app.domain.published_files import PublishedFile, digest_of_files
from tests.skills_app.adapters.publications import (
    ONE,
    TWO,
    folder,
    leftovers,
    publication,
    publish,
    tree,
    tree_of,
)

MS_RDONLY, MS_REMOUNT = 1, 32


def test_a_skill_is_written_with_its_modes_and_read_back_by_the_scan(tmp_path: Path) -> None:
    publish(tmp_path / "new" / "library", publication(ONE))

    root = tmp_path / "new" / "library"
    assert folder(root) == tree_of(ONE)
    assert oct((root / "python/async/scripts/run.sh").stat().st_mode & 0o777) == "0o755"
    assert oct((root / "python/async/SKILL.md").stat().st_mode & 0o777) == "0o644"
    scan = LibraryFolder(root, limit_bytes=10_000).scan()
    assert [found.path for found in scan.skills] == ["python/async"]
    assert [entry.index_id for entry in scan.index.skills] == ["python-async"]
    assert scan.problems == ()
    assert not leftovers(root)


def test_a_new_version_replaces_the_old_one_whole(tmp_path: Path) -> None:
    publish(tmp_path, publication(ONE))
    publish(tmp_path, publication(TWO, replaces=ONE))

    assert folder(tmp_path) == tree_of(TWO)
    assert not leftovers(tmp_path)


def test_the_state_of_a_folder_is_the_digest_of_what_was_published(tmp_path: Path) -> None:
    publish(tmp_path, publication(ONE))
    library = PublishedLibrary(tmp_path)

    assert library.state_of("python/async").digest == digest_of_files(ONE)
    assert library.state_of("python/other").digest == ""


@pytest.mark.parametrize("change", ["text", "file", "mode", "gone"])
def test_what_people_changed_on_disk_is_not_overwritten(change: str, tmp_path: Path) -> None:
    publish(tmp_path, publication(ONE))
    place = tmp_path / "python/async"
    if change == "text":
        (place / "SKILL.md").write_text("ours\n")
    elif change == "file":
        (place / "more.md").write_text("ours\n")
    elif change == "mode":
        (place / "SKILL.md").chmod(0o755)
    else:
        (place / "scripts/run.sh").unlink()
    before = tree(tmp_path)

    with pytest.raises(PublishingConflict, match="Take in what changed there"):
        publish(tmp_path, publication(TWO, replaces=ONE))

    assert tree(tmp_path) == before
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("obstacle", ["link", "repository", "parent", "file"])
def test_what_no_version_could_hold_is_not_removed(obstacle: str, tmp_path: Path) -> None:
    root, outside = tmp_path / "library", tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept\n")
    wanted = publication(ONE)
    if obstacle == "parent":
        root.mkdir()
        (root / "python").symlink_to(outside)
    elif obstacle == "file":
        (root / "python").mkdir(parents=True)
        (root / "python/async").write_text("a file\n")
    else:
        publish(root, publication(ONE))
        wanted = publication(TWO, replaces=ONE)
        place = root / "python/async"
        (place / "linked").symlink_to(outside) if obstacle == "link" else (place / ".git").mkdir()
    before = tree(root)

    with pytest.raises(PublishingConflict):
        publish(root, wanted)

    assert tree(root) == before
    assert (outside / "kept.txt").read_text() == "kept\n"
    assert os.listdir(outside) == ["kept.txt"]
    assert not leftovers(root)


def test_a_skill_inside_the_folder_stays_where_it_is(tmp_path: Path) -> None:
    publish(tmp_path, publication(ONE))
    inner = tmp_path / "python/async/guides/inner"
    inner.mkdir(parents=True)
    (inner / "SKILL.md").write_text("# Theirs\n")
    (inner / "note").symlink_to("SKILL.md")
    number = (inner / "SKILL.md").stat().st_ino

    publish(tmp_path, publication(TWO, replaces=ONE))
    publish(tmp_path, publication(None, replaces=TWO))

    assert folder(tmp_path).keys() == {
        "python/async/guides/inner/SKILL.md",
        "python/async/guides/inner/note",
    }
    assert (inner / "SKILL.md").stat().st_ino == number
    assert os.readlink(inner / "note") == "SKILL.md"


def test_withdrawing_removes_the_folder_and_its_entry_and_no_other(tmp_path: Path) -> None:
    publish(tmp_path, publication(ONE))
    (tmp_path / "python/README.md").write_text("about python\n")

    publish(tmp_path, publication(None, replaces=ONE))

    assert set(tree(tmp_path)) == {"python/README.md", "taxonomy_index.json"}
    assert b"python-async" not in (tmp_path / "taxonomy_index.json").read_bytes()


def test_a_change_at_the_very_moment_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, publication(ONE))
    real, calls = publishing_steps.exchange, []

    def edited_just_before(left: Path, right: Path) -> bool:
        if not calls:
            (left / "SKILL.md").write_text("at the very moment\n")
        calls.append(left)
        return real(left, right)

    monkeypatch.setattr(publishing_steps, "exchange", edited_just_before)

    with pytest.raises(PublishingConflict, match="this very moment"):
        publish(tmp_path, publication(TWO, replaces=ONE))

    assert (tmp_path / "python/async/SKILL.md").read_text() == "at the very moment\n"
    assert "python/async/assets/deep/only-in-two.bin" not in tree(tmp_path)
    assert not leftovers(tmp_path)


def test_a_broken_index_stops_publishing_before_anything_changes(tmp_path: Path) -> None:
    publish(tmp_path, publication(ONE))
    (tmp_path / "taxonomy_index.json").write_text("{")

    with pytest.raises(PublishingConflict, match="not readable JSON"):
        publish(tmp_path, publication(TWO, replaces=ONE))

    assert folder(tmp_path) == tree_of(ONE)
    assert not leftovers(tmp_path)


def test_two_at_once_wait_for_each_other_and_then_say_so(tmp_path: Path) -> None:
    with PublishedLibrary(tmp_path).held(), pytest.raises(PublishingError, match="Somebody else is at work"):
        PublishedLibrary(tmp_path).held(seconds=0).__enter__()


def test_a_reader_keeps_publishers_out_and_they_keep_readers_out(tmp_path: Path) -> None:
    with undisturbed(tmp_path) as is_kept:
        assert not is_kept  # Nobody ever published here, so nobody is kept out.
    publish(tmp_path, publication(ONE))

    with undisturbed(tmp_path) as first, undisturbed(tmp_path, seconds=0) as second:
        assert first
        assert second
        with pytest.raises(PublishingError, match="at work"):
            PublishedLibrary(tmp_path).held(seconds=0).__enter__()
    with PublishedLibrary(tmp_path).held(), undisturbed(tmp_path, seconds=0) as is_kept:
        assert not is_kept


def test_no_skill_is_read_half_old_and_half_new(tmp_path: Path) -> None:
    publish(tmp_path, publication(ONE))
    stop, mixtures = threading.Event(), []
    states = {(ONE[0].data, "references/only-in-one.md"), (TWO[0].data, "assets/deep/only-in-two.bin")}

    def read() -> None:
        folder_of = LibraryFolder(tmp_path, limit_bytes=10_000)
        while not stop.is_set():
            skill = folder_of.read_skill(FoundSkill("python/async")).skill
            assert skill is not None
            only = {file.path for file in skill.files} - {"scripts/run.sh"}
            if (skill.content, *only) not in states:
                mixtures.append((skill.content, only))
            # Two readers without a pause would always hold the folder, one or the other, and nobody could publish.
            stop.wait(0.05)

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for _ in range(10):
            publish(tmp_path, publication(TWO, replaces=ONE))
            publish(tmp_path, publication(ONE, replaces=TWO))
        stop.set()
        for reader in readers:
            reader.result()

    assert mixtures == []


def test_publishing_without_the_lock_is_a_fault_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        PublishedLibrary(tmp_path).publish(publication(ONE))


# Disks that refuse


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 512 KiB; skipped where this user may not mount one."""
    root = tmp_path / "disk"
    root.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(root)], capture_output=True, check=False
    ).returncode:
        pytest.skip("mounting a small disk needs root")
    yield root
    subprocess.run(["umount", str(root)], check=True)


def test_a_full_disk_leaves_the_old_state_and_says_so(small_disk: Path) -> None:
    publish(small_disk, publication(ONE))
    before = tree(small_disk)
    large = (*TWO, PublishedFile("assets/large.bin", b"x" * 600_000))

    with pytest.raises(PublishingError, match="no room on the disk"):
        publish(small_disk, publication(large, replaces=ONE))

    assert tree(small_disk) == before
    assert not leftovers(small_disk)
    publish(small_disk, publication(TWO, replaces=ONE))
    assert folder(small_disk) == tree_of(TWO)


def test_a_disk_that_fills_up_at_any_point_leaves_the_old_state(small_disk: Path) -> None:
    publish(small_disk, publication(ONE))
    before, outcomes = tree(small_disk), set()
    for room in range(0, 24 * 4096, 4096):
        status = os.statvfs(small_disk)
        filler = small_disk / ".skill-fleet" / "filler"
        filler.write_bytes(b"x" * (status.f_bavail * status.f_frsize - room))
        try:
            publish(small_disk, publication(TWO, replaces=ONE))
        except PublishingError as error:
            assert "no room" in str(error)
            filler.unlink()
            assert tree(small_disk) == before
            outcomes.add("refused")
        else:
            filler.unlink()
            assert folder(small_disk) == tree_of(TWO)
            publish(small_disk, publication(ONE, replaces=TWO))
            outcomes.add("published")
            break
        assert not leftovers(small_disk)
    assert outcomes == {"refused", "published"}


def test_a_limit_on_the_size_of_files_leaves_the_old_state(tmp_path: Path) -> None:
    publish(tmp_path, publication(ONE))
    large = (*TWO, PublishedFile("assets/large.bin", b"x" * 100_000))
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, old[1]))
    try:
        with pytest.raises(PublishingError, match="no room"):
            publish(tmp_path, publication(large, replaces=ONE))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)

    assert folder(tmp_path) == tree_of(ONE)


def test_a_read_only_disk_leaves_the_old_state_and_says_so(small_disk: Path) -> None:
    publish(small_disk, publication(ONE))
    before = tree(small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    with pytest.raises(PublishingError, match="may not be written"):
        publish(small_disk, publication(TWO, replaces=ONE))

    assert tree(small_disk) == before


def test_a_folder_that_belongs_to_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    root = tmp_path / "library"
    publish(root, publication(ONE))
    for place in [root, *root.rglob("*")]:
        place.chmod(0o555 if place.is_dir() else 0o444)
    before = tree(root)

    child = os.fork()
    if not child:
        code = 1
        try:
            for above in [tmp_path, *tmp_path.parents][:-1]:
                if os.geteuid() == 0:
                    os.chmod(above, os.stat(above).st_mode | 0o055)
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            publish(root, publication(TWO, replaces=ONE))
        except PublishingError as error:
            code = 0 if "may not be written" in str(error) else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)

    assert os.WEXITSTATUS(status) == 0
    assert tree(root) == before
    for place in [root, *root.rglob("*")]:
        place.chmod(0o755)


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux call directly")
def test_this_system_lets_two_folders_change_places() -> None:
    assert hasattr(ctypes.CDLL(None), "renameat2")
