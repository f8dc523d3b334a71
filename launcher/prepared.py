"""Remember that a database fits the sources; finding out by loading the application takes seconds."""

import hashlib
from pathlib import Path

from launcher.checkout import ROOT

# Everything that migrations and demo data can depend on.
SOURCES = ("agileadapt", "dashboard", "handoff", "sessions_app", "telephony")


def fingerprint(database: str, root: Path = ROOT) -> str:
    """Hash the application's sources together with the database's name."""
    total = hashlib.sha256(database.encode())
    for path in sorted(path for package in SOURCES for path in (root / package).rglob("*.py")):
        total.update(f"\0{path.relative_to(root)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def matches(stamp: Path, expected: str) -> bool:
    return stamp.exists() and stamp.read_text() == expected
