"""Run a command with a complete environment that reaches nothing: `python -m launcher.inert mypy`.

Type checking and `makemigrations --check` load the settings but need no servers.
"""

import os
import sys

from launcher import environment
from launcher.checkout import VENV_BIN

DISCARD_PORT = 9


def main() -> None:
    nowhere = f"127.0.0.1:{DISCARD_PORT}"
    addresses = environment.Addresses(
        DISCARD_PORT, DISCARD_PORT, f"postgresql://nobody@{nowhere}/none", f"redis://{nowhere}"
    )
    environ = environment.inherited() | environment.application(environment.generate_keys(), addresses)
    environ["PATH"] = f"{VENV_BIN}{os.pathsep}{environ.get('PATH', os.defpath)}"
    os.execvpe(sys.argv[1], sys.argv[1:], environ)  # noqa: S606 - replaces this process, no shell


if __name__ == "__main__":
    main()
