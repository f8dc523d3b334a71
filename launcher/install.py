"""Install the checkout into itself: virtualenv, Python packages, Node packages, front-end bundle, static files.

Runs on the machine's own Python with the standard library alone. A step is skipped while its inputs are unchanged.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from launcher import package_index
from launcher.checkout import MACHINE_PYTHON, ROOT, STATE, VENV, VENV_BIN, VENV_PYTHON

REQUIREMENTS = ROOT / "requirements-dev.txt"
MAKER = VENV / ".maker"
NODE_MODULES = ROOT / "node_modules"
STATIC = ROOT / "static"
BUNDLES = STATIC / "dist"
STATIC_ROOT = ROOT / (os.environ.get("STATIC_ROOT") or "staticfiles")
FRONT_END = ROOT / "frontend"
# What beside the files themselves says how they are collected; packages bring files of their own.
COLLECTORS = (REQUIREMENTS, *(ROOT / "agileadapt" / name for name in ("settings.py", "static_files.py")))
NODE_MANIFESTS = (ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc")


class InstallError(Exception):
    """A step of the installation failed; the message says which and what to do."""


def main() -> int:
    if Path(sys.prefix) == VENV:
        # An activated virtualenv cannot rebuild itself, and has no pip.
        os.execv(MACHINE_PYTHON, [MACHINE_PYTHON, "-m", "launcher.install"])  # noqa: S606
    STATE.mkdir(exist_ok=True)
    with (STATE / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            install()
        except InstallError as error:
            print(f"setup: {error}", file=sys.stderr)
            return 1
    return 0


def install() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - it is the machine's Python, which may be older than we ask for
        raise InstallError(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}; set PYTHON=python3.11")
    step("Python packages", VENV / ".stamp", python_inputs(), install_python)
    step("Node packages", NODE_MODULES / ".stamp", digest(NODE_MANIFESTS, str(ROOT)), install_node)
    step("front end", BUNDLES / ".stamp", digest((*files_in(FRONT_END), *NODE_MANIFESTS)), build_front_end)
    step("static files", STATIC_ROOT / ".stamp", digest((*files_in(STATIC), *COLLECTORS)), collect_static_files)


def step(title: str, stamp: Path, inputs: str, action: Callable[[], None]) -> None:
    """Run `action` unless `stamp` says that it has already run on the same inputs."""
    if stamp.exists() and stamp.read_text() == inputs:
        return
    stamp.unlink(missing_ok=True)
    print(f"setup: {title} …", flush=True)
    started = time.monotonic()
    action()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(inputs)
    print(f"setup: {title} ready in {time.monotonic() - started:.1f} s", flush=True)


def digest(files: Iterable[Path], *words: str) -> str:
    """Hash names and contents of files, and words."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(files):
        total.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def python_inputs() -> str:
    # The interpreter and the folder count too: a virtualenv works at one place with one Python only.
    return digest([REQUIREMENTS], sys.version, sys.base_prefix, str(ROOT))


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def install_python() -> None:
    make_virtualenv()
    environment = writable_cache(package_index.uv_environment(os.environ))
    with tempfile.TemporaryDirectory() as folder:
        uv = bootstrap_uv(Path(folder))
        sync = [str(uv), "pip", "sync", "--quiet", "--require-hashes", "--python", str(VENV_PYTHON)]
        # Python normally caches compiled modules by itself; where that is switched off, every start would pay for it.
        compiled = ["--compile-bytecode"] if sys.dont_write_bytecode else []
        run([*sync, *compiled, str(REQUIREMENTS)], environment)
    importable_from_anywhere()


def make_virtualenv() -> None:
    """Make the virtualenv anew unless it was made here by this very Python: its programs name both."""
    maker = f"{sys.version}\n{sys.base_prefix}\n{VENV}\n"
    if MAKER.exists() and MAKER.read_text() == maker and is_running(VENV_PYTHON):
        return
    run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
    MAKER.write_text(maker)


def is_running(python: Path) -> bool:
    try:
        return subprocess.run([python, "-c", "pass"], check=False).returncode == 0
    except OSError:
        return False


def importable_from_anywhere() -> None:
    """Put the checkout on the virtualenv's path, so that its commands (pytest, celery, …) find our packages."""
    command = [str(VENV_PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    Path(packages, "agileadapt_checkout.pth").write_text(f"{ROOT}\n")


def bootstrap_uv(folder: Path) -> Path:
    """Install the pinned uv with pip, checked against the same hashes as everything else."""
    pins = folder / "uv.txt"
    pins.write_text(pinned("uv", REQUIREMENTS.read_text()))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    environment = os.environ | {"PIP_ROOT_USER_ACTION": "ignore"}
    run([*pip, "--require-hashes", "--target", str(folder / "uv"), "-r", str(pins)], environment)
    return folder / "uv" / "bin" / "uv"


def pinned(name: str, requirements: str) -> str:
    """Return one package's lines, version and hashes, of a requirements file."""
    found = re.search(rf"^{re.escape(name)}==.*(?:\n +--hash=.*)*", requirements, re.MULTILINE)
    if not found:
        raise InstallError(f"{REQUIREMENTS.name} does not pin {name}; run `make lock`")
    return found[0] + "\n"


def writable_cache(environment: dict[str, str]) -> dict[str, str]:
    """Keep uv's cache in the checkout when the user has no writable home."""
    home = Path(environment.get("HOME") or "/nonexistent")
    if "UV_CACHE_DIR" not in environment and not os.access(home, os.W_OK):
        environment["UV_CACHE_DIR"] = str(STATE / "uv-cache")
    return environment


def node_environment() -> dict[str, str]:
    environment = dict(os.environ) | {"PATH": f"{VENV_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    home = Path(environment.get("HOME") or "/nonexistent")
    if not os.access(home, os.W_OK):
        environment["NPM_CONFIG_CACHE"] = str(STATE / "npm-cache")
    return environment


def install_node() -> None:
    # esbuild's install script only replaces a shim that we do not use; nothing needs to run at installation.
    run(
        [str(VENV_BIN / "npm"), "ci", "--ignore-scripts", "--loglevel=error"],
        package_index.npm_environment(node_environment()),
    )


def build_front_end() -> None:
    shutil.rmtree(BUNDLES, ignore_errors=True)
    run([str(VENV_BIN / "node"), str(FRONT_END / "build.mjs")], node_environment())


def collect_static_files() -> None:
    collect = ["python", "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    run([str(VENV_PYTHON), "-m", "launcher.inert", *collect])


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    finished = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if finished.returncode:
        raise InstallError(f"`{Path(command[0]).name} {' '.join(command[1:3])}` failed with code {finished.returncode}")


if __name__ == "__main__":
    sys.exit(main())
