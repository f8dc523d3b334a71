"""Where things lie in this checkout."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_BIN = VENV / "bin"
VENV_PYTHON = VENV_BIN / "python"
STATE = ROOT / ".state"

# The Python behind whatever virtualenv is active; it has pip, which our own virtualenv has not.
MACHINE_PYTHON = str(Path(sys.executable).resolve())
