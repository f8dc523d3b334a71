"""Remove what set-up and runs have made; standard library only."""

import shutil

from launcher import places
from launcher.checkout import ROOT, STATE, VENV

MADE = ["node_modules", "static/dist", "staticfiles", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"]


def main() -> None:
    for folder in (VENV, STATE, places.base(), *(ROOT / name for name in MADE)):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
