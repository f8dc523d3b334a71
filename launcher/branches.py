"""Say how many branches the last measured run took, and which it did not: `python -m launcher.branches`."""

import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Any

from coverage import Coverage

# Where a branch that no test takes may cost a call: what decides, what speaks to Telnyx, and the intake of webhooks.
WATCHED = ("handoff", "telephony")
INTAKE = ("intake", "binding", "fold")

Files = dict[str, dict[str, Any]]


def main() -> None:
    print("\n".join(summary(measured())))


def measured() -> Files:
    """Read coverage's own account of the last run, file by file."""
    coverage = Coverage()
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "coverage.json")
        coverage.json_report(outfile=str(target))
        files: Files = json.loads(target.read_text())["files"]
    return files


def summary(files: Files) -> Iterator[str]:
    yield "branches that unit and flow tests take, by app"
    for app, of_app in itertools.groupby(sorted(files), key=lambda name: PurePath(name).parts[0]):
        counts = [files[name]["summary"] for name in of_app]
        taken, all_of_them = (sum(count[key] for count in counts) for key in ("covered_branches", "num_branches"))
        yield f"  {app:16}{percent(taken, all_of_them)}  {taken:5} of {all_of_them}"
    yield "branches that they do not take (file: lines where one is left out)"
    for name in filter(is_watched, sorted(files)):
        if missing := files[name]["missing_branches"]:
            yield f"  {name}: {lines(start for start, _ in missing)}"


def percent(taken: int, all_of_them: int) -> str:
    return f"{100 * taken / all_of_them:6.1f} %" if all_of_them else "     – %"


def is_watched(name: str) -> bool:
    path = PurePath(name)
    return path.parts[0] in WATCHED or (path.parts[0] == "sessions_app" and path.stem in INTAKE)


def lines(starts: Iterable[int]) -> str:
    return ", ".join(str(start) for start in sorted(set(starts)))


if __name__ == "__main__":
    main()
