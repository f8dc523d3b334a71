"""Find a Chromium for the browser tests, installing one the platform's way if there is none."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from launcher.checkout import VENV_PYTHON

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class ChromiumError(Exception):
    """There is no Chromium and none could be installed."""


def main() -> int:
    try:
        print(f"Chromium: {ensure()}")
    except ChromiumError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def ensure() -> Path:
    """Return a Chromium that starts; install one if need be."""
    found = find()
    for command in [] if found else installers():
        print(f"Chromium: {' '.join(command)}", flush=True)
        if subprocess.run(command, check=False).returncode == 0:
            found = find()
        if found:
            break
    if not found:
        raise ChromiumError("The browser tests need Chromium. Install it, or set CHROMIUM to the path of its program.")
    return found


def find() -> Path | None:
    """Return the first Chromium that starts: the one named in CHROMIUM, one on the PATH, Playwright's own."""
    return next((path for path in candidates() if starts(path)), None)


def candidates() -> Iterator[Path]:
    chosen = os.environ.get("CHROMIUM")
    for name in [chosen] if chosen else NAMES:
        if path := shutil.which(name):
            yield Path(path)
    if not chosen:
        yield downloaded()


def downloaded() -> Path:
    """Ask Playwright where it keeps its own; in another process, because this one may already drive a browser."""
    question = (
        "from playwright.sync_api import sync_playwright as start\n"
        "with start() as playwright: print(playwright.chromium.executable_path)"
    )
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True, check=True)
    return Path(answer.stdout.strip())


def starts(path: Path) -> bool:
    """Say whether the program answers; a placeholder that only advertises a package does not."""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "Chrom" in answer.stdout


def installers() -> list[Sequence[str]]:
    """The commands that may bring a Chromium here, best first."""
    playwright = [str(VENV_PYTHON), "-m", "playwright", "install", "chromium"]
    if distribution() != "debian":
        return [[*playwright, "--with-deps"] if os.geteuid() == 0 else playwright]
    become_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become_root and not shutil.which("sudo"):
        return [playwright]
    apt = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    return [
        [*apt, "install", "-y", "--no-install-recommends", "chromium"],
        # Package lists may be missing or old; updating them is slow, so it comes second.
        [*apt, "update"],
        [*apt, "install", "-y", "--no-install-recommends", "chromium"],
        playwright,
    ]


def distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
