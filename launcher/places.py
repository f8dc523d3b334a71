"""Where private servers keep their files, and as whom the database runs."""

import fcntl
import hashlib
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.checkout import ROOT, STATE
from launcher.processes import Account

POOL_SIZE = 12


class PlaceError(Exception):
    """A folder for private state cannot be used; the message says why."""


def database_account() -> Account | None:
    """PostgreSQL refuses to run as root; it then runs as `nobody`."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


@contextmanager
def claim(name: str, *, shared: bool) -> Iterator[Path]:
    """Lock and yield a state folder; with `shared`, the next free of name, name-2, … instead of failing."""
    names = [name, *(f"{name}-{number}" for number in range(2, POOL_SIZE + 1))] if shared else [name]
    for candidate in names:
        folder = passable(passable(base()) / candidate)
        with (folder / "lock").open("w") as lock:
            if not try_lock(lock.fileno()):
                continue
            yield folder
            return
    raise PlaceError(f"`{name}` is already running in this checkout")


def passable(folder: Path) -> Path:
    """Create the folder; the database's account may pass through it, whatever the umask."""
    folder.mkdir(parents=True, exist_ok=True)
    if database_account() is not None:
        folder.chmod(folder.stat().st_mode | 0o011)
    return folder


def try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def base() -> Path:
    """The folder for all state: in the checkout, unless the database's account could not reach it there."""
    if database_account() is None or is_reachable_by_others(ROOT):
        return STATE
    return private_folder(Path("/var/tmp"))  # noqa: S108 - ownership is checked


def is_reachable_by_others(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def private_folder(parent: Path) -> Path:
    """Return a folder of this checkout under a public one, refusing what somebody else put in its place."""
    label = hashlib.sha256(f"{ROOT}\0{os.geteuid()}".encode()).hexdigest()[:12]
    folder = parent / f"agileadapt-{label}"
    folder.mkdir(mode=0o711, exist_ok=True)
    facts = folder.lstat()
    if facts.st_uid != os.geteuid() or folder.is_symlink():
        raise PlaceError(f"{folder} belongs to somebody else; remove it")
    return folder
