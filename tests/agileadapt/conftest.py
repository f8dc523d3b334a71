"""Builds of the front end in a folder of their own, and a widget whose page names them."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from agileadapt.static_files import HashedFiles
from launcher.checkout import ROOT

STORAGES = {"staticfiles": {"BACKEND": "agileadapt.static_files.HashedFiles"}}
FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]


@dataclass
class Site:
    """A front end that can be changed and built again, and what was collected of it."""

    source: Path
    root: Path

    def collect(self) -> None:
        with override_settings(
            STATICFILES_DIRS=[self.source], STATICFILES_FINDERS=FINDERS, STATIC_ROOT=str(self.root), STORAGES=STORAGES
        ):
            call_command("collectstatic", interactive=False, verbosity=0)

    @property
    def storage(self) -> HashedFiles:
        return HashedFiles(location=str(self.root))

    def url(self, name: str) -> str:
        """The hashed address that pages of the last build name."""
        return f"/static/{self.storage.stored_name(name)}"

    def chunk(self, start: str) -> str:
        (found,) = self.source.glob(f"dist/chunks/{start}-*.js")
        return found.relative_to(self.source).as_posix()

    def change(self, name: str, text: str) -> None:
        with (self.source / name).open("a") as file:
            file.write(text)

    def rename_chunk(self, name: str, hashed: str) -> str:
        """What the bundler does with a chunk whose source has changed."""
        old = self.source / name
        new = old.with_name(f"{old.name.split('-')[0]}-{hashed}.js")
        for file in (old, self.source / "dist" / "chunks.json"):
            file.write_text(file.read_text().replace(old.name, new.name))
        old.with_name(f"{old.name}.map").rename(new.with_name(f"{new.name}.map"))
        return old.rename(new).relative_to(self.source).as_posix()


def site_in(folder: Path) -> Site:
    made = Site(folder / "static", folder / "collected")
    shutil.copytree(ROOT / "static", made.source)
    return made


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A small front end: what is kept for how long does not depend on what it is."""
    small = Site(tmp_path / "static", tmp_path / "collected")
    chunks: dict[str, Any] = {"widget": {"now": ["chunks/chunk-AAAAAAAA.js"], "later": ["chunks/chunk-BBBBBBBB.js"]}}
    for name in ("widget.js", "embed.js", "chunks/chunk-AAAAAAAA.js", "chunks/chunk-BBBBBBBB.js"):
        file = small.source / "dist" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"/* {name} */\n" * 50)
    (small.source / "dist" / "chunks.json").write_text(json.dumps(chunks))
    return small
