"""Resolve requirements*.in into exact versions with hashes, for every platform and Python from 3.11: `make lock`."""

import os
import subprocess
import sys

from launcher import package_index
from launcher.checkout import ROOT, VENV_BIN

OPTIONS = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--quiet"]


def main() -> None:
    resolve("requirements.in", "requirements.txt")
    # Development runs on exactly what production runs on.
    resolve("requirements-dev.in", "requirements-dev.txt", "--constraints", "requirements.txt")


def resolve(source: str, target: str, *extra: str) -> None:
    environment = package_index.uv_environment(os.environ) | {"UV_CUSTOM_COMPILE_COMMAND": "make lock"}
    command = [str(VENV_BIN / "uv"), "pip", "compile", *OPTIONS, *extra, source, "--output-file", target, *sys.argv[1:]]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


if __name__ == "__main__":
    main()
