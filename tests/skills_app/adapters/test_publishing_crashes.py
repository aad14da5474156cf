"""A process killed at every single call: the folder is the old or the new one, never a mixture."""

import itertools
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from skills_app.adapters import publishing_steps
from skills_app.adapters.published_library import Publication, PublishedLibrary
from tests.skills_app.adapters.dying_process import run_and_die
from tests.skills_app.adapters.publications import (
    ONE,
    TWO,
    Tree,
    folder,
    leftovers,
    publication,
    publish,
    tree,
    tree_of,
)

pytestmark = pytest.mark.slow
Arrange = Callable[[Path], Publication]
IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a kill spares what was written, so no real disk has to be waited for."""
    if not os.access(IN_MEMORY, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        yield Path(folder)


def first(root: Path) -> Publication:
    return publication(ONE)


def replace(root: Path) -> Publication:
    publish(root, publication(ONE))
    return publication(TWO, replaces=ONE)


def withdraw(root: Path) -> Publication:
    publish(root, publication(ONE))
    return publication(None, replaces=ONE)


def move(root: Path) -> Publication:
    publish(root, publication(ONE, path="old/place"))
    return publication(TWO, path="python/async", leaves="old/place", left=ONE)


def replace_around_another_skill(root: Path) -> Publication:
    publish(root, publication(ONE))
    inner = root / "python/async/guides/inner"
    inner.mkdir(parents=True)
    (inner / "SKILL.md").write_text("# Somebody else's\n")
    (inner / "notes.md").write_text("notes\n")
    return publication(TWO, replaces=ONE)


def states(root: Path, arrange: Arrange, tmp_path: Path) -> tuple[Publication, Tree, Tree]:
    """Return what is to be published, and the library before it and after it."""
    wanted = arrange(root)
    before = tree(root)
    done = tmp_path / "done"
    shutil.copytree(root, done)
    publish(done, wanted)
    return wanted, before, tree(done)


def own(found: Tree, path: str) -> Tree:
    return {name: value for name, value in found.items() if name.startswith(f"{path}/")}


def check_unsettled(root: Path, before: Tree, after: Tree) -> None:
    """Each folder as a whole, and the index as a whole, is the old or the new."""
    found = tree(root)
    for path in ("python/async", "old/place"):
        assert own(found, path) in (own(before, path), own(after, path)), path
    index = "taxonomy_index.json"
    assert found.get(index) in (before.get(index), after.get(index))
    assert set(found) <= set(before) | set(after)


def settle(root: Path) -> None:
    with PublishedLibrary(root).held():
        pass


@pytest.mark.parametrize("arrange", [first, replace, withdraw, move, replace_around_another_skill])
def test_killed_at_every_call_the_library_is_the_old_or_the_new(arrange: Arrange, tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.mkdir()
    wanted, before, after = states(start, arrange, tmp_path)
    ends = set()
    for call in itertools.count(1):
        root = tmp_path / f"at-{call}"
        shutil.copytree(start, root)
        is_over = run_and_die(lambda root=root: publish(root, wanted), before_call=call)
        check_unsettled(root, before, after)
        settle(root)
        found = tree(root)
        assert found in (before, after), f"killed before call {call}"
        assert not leftovers(root)
        ends.add(found == after)
        shutil.rmtree(root)
        if is_over:
            break
    assert found == after
    assert call > 30
    assert ends == {False, True}


@pytest.mark.parametrize("arrange", [replace, move])
def test_killed_again_while_the_next_look_settles_it(arrange: Arrange, tmp_path: Path) -> None:
    start = tmp_path / "start"
    start.mkdir()
    wanted, before, after = states(start, arrange, tmp_path)
    num_finished = 0
    for call in itertools.count(1, 4):
        once = tmp_path / f"once-{call}"
        shutil.copytree(start, once)
        if run_and_die(lambda once=once: publish(once, wanted), before_call=call):
            break
        is_written = PublishedLibrary(once).is_unfinished or tree(once) == after
        for again in itertools.count(1, 3):
            root = tmp_path / f"again-{call}-{again}"
            shutil.copytree(once, root)
            is_over = run_and_die(lambda root=root: settle(root), before_call=again)
            check_unsettled(root, before, after)
            settle(root)
            assert tree(root) == (after if is_written else before)
            assert not leftovers(root)
            shutil.rmtree(root)
            if is_over:
                break
        num_finished += is_written
    assert num_finished > 2


def test_where_folders_cannot_change_places_the_next_look_brings_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing_steps, "exchange", lambda _left, _right: False)
    start = tmp_path / "start"
    start.mkdir()
    wanted, before, after = states(start, replace, tmp_path)
    for call in itertools.count(1):
        root = tmp_path / f"at-{call}"
        shutil.copytree(start, root)
        is_over = run_and_die(lambda root=root: publish(root, wanted), before_call=call)
        assert folder(root) in (tree_of(ONE), tree_of(TWO), {})
        settle(root)
        assert tree(root) in (before, after)
        if is_over:
            break


def test_what_was_settled_is_told_by_its_reference(tmp_path: Path) -> None:
    wanted = replace(tmp_path)
    for call in itertools.count(1):
        assert not run_and_die(lambda: publish(tmp_path, wanted), before_call=call)
        if PublishedLibrary(tmp_path).is_unfinished:
            break

    with PublishedLibrary(tmp_path).held() as settled:
        pass

    assert [(one.reference, one.is_done) for one in settled] == [("p1", True)]
    assert folder(tmp_path) == tree_of(TWO)
    with PublishedLibrary(tmp_path).held() as again:
        assert again == []


def test_a_folder_that_people_changed_after_the_crash_stays_theirs(tmp_path: Path) -> None:
    wanted = replace(tmp_path)
    index = (tmp_path / "taxonomy_index.json").read_bytes()
    for call in itertools.count(1):
        root = tmp_path / f"at-{call}"
        shutil.copytree(tmp_path, root, ignore=shutil.ignore_patterns("at-*"))
        assert not run_and_die(lambda root=root: publish(root, wanted), before_call=call)
        if PublishedLibrary(root).is_unfinished and folder(root) == tree_of(ONE):
            break
    (root / "python/async/SKILL.md").write_text("people were here\n")

    with PublishedLibrary(root).held() as settled:
        pass

    assert [(one.reference, one.is_done) for one in settled] == [("p1", False)]
    assert "changed while" in settled[0].problem
    assert (root / "python/async/SKILL.md").read_text() == "people were here\n"
    assert (root / "taxonomy_index.json").read_bytes() == index
    assert not leftovers(root)


def test_an_index_that_people_changed_after_the_crash_keeps_their_change(tmp_path: Path) -> None:
    wanted = replace(tmp_path)
    for call in itertools.count(1):
        root = tmp_path / f"at-{call}"
        shutil.copytree(tmp_path, root, ignore=shutil.ignore_patterns("at-*"))
        assert not run_and_die(lambda root=root: publish(root, wanted), before_call=call)
        if PublishedLibrary(root).is_unfinished:
            break
    index = json.loads((root / "taxonomy_index.json").read_bytes())
    index["note"] = "ours"
    (root / "taxonomy_index.json").write_text(json.dumps(index))

    settle(root)

    assert json.loads((root / "taxonomy_index.json").read_bytes())["note"] == "ours"
    assert folder(root) == tree_of(TWO)


def test_a_process_that_dies_lets_the_lock_go(tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        library = PublishedLibrary(tmp_path)
        with library.held():
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)

    with PublishedLibrary(tmp_path).held(seconds=0):
        pass
