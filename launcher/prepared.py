"""Remember that a database fits the sources; finding out by loading the application takes seconds."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from launcher.checkout import ROOT

# Everything that migrations and demo data can depend on.
SOURCES = (
    *("accounts", "agileadapt", "dashboard", "flight_recorder", "handoff", "probe"),
    *("sessions_app", "strict_json", "telephony"),
)


def fingerprint(subject: str, root: Path = ROOT, *, sources: Sequence[str] = SOURCES) -> str:
    """Hash the application's sources together with what was made of them: the name of a database, for one."""
    total = hashlib.sha256(subject.encode())
    for path in sorted(path for package in sources for path in (root / package).rglob("*.py")):
        total.update(f"\0{path.relative_to(root)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def matches(stamp: Path, expected: str) -> bool:
    return stamp.exists() and stamp.read_text() == expected
