"""Find a Chromium for the browser tests, installing one the platform's way if there is none."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

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
    chosen = os.environ.get("CHROMIUM")
    names = [chosen] if chosen else NAMES
    candidates = [Path(path) for path in map(shutil.which, names) if path]
    if not chosen:
        candidates.append(downloaded())
    return next((path for path in candidates if starts(path)), None)


def downloaded() -> Path:
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


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
