"""Files and folders that are on the disk when a call returns, and two folders that change places in one step."""

import ctypes
import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

_AT_FDCWD_LINUX, _RENAME_EXCHANGE = -100, 2
_AT_FDCWD_DARWIN, _RENAME_SWAP = -2, 2
_NOT_OFFERED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM}


def write_durably(path: Path, data: bytes, *, is_executable: bool = False) -> None:
    """Write a new file with mode 644 or 755 and wait until it is on the disk; raises OSError when it exists already."""
    mode = 0o755 if is_executable else 0o644
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_durably(path: Path, data: bytes, *, staged: Path) -> None:
    """Put ``data`` at ``path`` in one step, by way of the file ``staged`` on the same disk."""
    if os.path.lexists(staged):
        os.unlink(staged)
    write_durably(staged, data)
    os.rename(staged, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in ``folder`` are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(folder: Path, *, below: Path) -> None:
    """Make ``folder`` and what lacks above it, down from ``below``, and wait until all are on the disk.

    Raises:
        NotADirectoryError: a part of the way is a file or a link.
    """
    current = below
    for part in folder.relative_to(below).parts:
        above, current = current, current / part
        try:
            os.mkdir(current)
            sync_folder(above)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(current).st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(current)) from None


def link_tree(source: Path, target: Path) -> None:
    """Make ``target`` hold the same files as ``source`` by hard links, folders and symbolic links made anew."""
    if os.path.lexists(target):
        shutil.rmtree(target)
    os.makedirs(target)
    for place, folders, names in os.walk(source):
        inner = target / os.path.relpath(place, source)
        for name in list(folders):
            if os.path.islink(os.path.join(place, name)):
                names.append(name)
                folders.remove(name)
            else:
                os.mkdir(inner / name)
                os.chmod(inner / name, stat.S_IMODE(os.stat(os.path.join(place, name)).st_mode))
        for name in names:
            os.link(os.path.join(place, name), inner / name, follow_symlinks=False)
    for folder in _folders(target):
        sync_folder(folder)


def sync_tree(folder: Path) -> None:
    """Wait until the names in ``folder`` and in all folders below it are on the disk."""
    for place in _folders(folder):
        sync_folder(place)


def exchange(left: Path, right: Path) -> bool:
    """Let two folders change places in one step that no crash can halve; False where the system does not offer it."""
    libc = ctypes.CDLL(None, use_errno=True)
    old, new = os.fsencode(left), os.fsencode(right)
    if sys.platform == "darwin":
        function, arguments = "renameatx_np", (_AT_FDCWD_DARWIN, old, _AT_FDCWD_DARWIN, new, _RENAME_SWAP)
    else:
        function, arguments = "renameat2", (_AT_FDCWD_LINUX, old, _AT_FDCWD_LINUX, new, _RENAME_EXCHANGE)
    call = getattr(libc, function, None)
    if call is None:
        return False
    if call(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in _NOT_OFFERED:
        return False
    raise OSError(number, os.strerror(number), str(left))


def _folders(folder: Path) -> Iterator[Path]:
    for place, _, _ in os.walk(folder, topdown=False):
        yield Path(place)
