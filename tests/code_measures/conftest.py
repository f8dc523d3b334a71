"""Small source trees to count."""

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from code_measures import source
from code_measures.source import Codebase

Grow = Callable[[Mapping[str, str]], Codebase]


@pytest.fixture
def grow(tmp_path: Path) -> Grow:
    """Write files by their paths and read them; each folder is a package."""

    def write(files: Mapping[str, str]) -> Codebase:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
            for folder in [one for one in path.parents if one.is_relative_to(tmp_path) and one != tmp_path]:
                (folder / "__init__.py").touch()
        return source.read(tmp_path, source.packages(tmp_path))

    return write
