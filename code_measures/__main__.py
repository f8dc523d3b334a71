"""`python -m code_measures`: count this checkout's Python and print what came out."""

import argparse
import json
import sys
from pathlib import Path

from code_measures import report
from code_measures.flows import MissingEntryPoint

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m code_measures", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to count instead of this one")
    options = parser.parse_args(arguments)
    try:
        found = report.measure(options.root)
    except MissingEntryPoint as error:
        print(f"code_measures: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report.as_json(found), indent=2) if options.json else report.text(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
