"""Static files under hashed names: how they are collected and compressed, for how long kept, and how served."""

import json
import re
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict, cast

from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage, staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest
from django.utils import timezone
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

# For as long as this a page that was opened before a new build finds what it loads late.
KEEP = timedelta(days=7)
RETIRED = ".retired.json"
CHUNKS = "dist/chunks.json"
EMBED = "dist/embed.js"
# What website owners have on their pages, so it never changes.
EMBED_ADDRESS = "/widget.js"
NOT_BUILT = (
    "The front end is not built, or not collected into STATIC_ROOT ({}): run `make setup`; "
    "on a server `node frontend/build.mjs`, then `manage.py collectstatic`"
)


class Chunks(TypedDict):
    """What one browser program imports, beside its entry: at once, and when a button is pressed."""

    now: list[str]
    later: list[str]


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """Hashed names; files that a later build no longer has are kept for some days."""

    manifest_name = ".staticfiles.json"

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Any:
        if CHUNKS not in paths:
            raise ImproperlyConfigured(NOT_BUILT.format(self.location))
        earlier = self.names
        yield from super().post_process(paths, dry_run=dry_run, **options)
        if not dry_run:
            self.retire(earlier, now=timezone.now())

    def compress_files(self, paths: set[str]) -> Any:
        """Compress what pages ask for: hashed names, which say the content, so that once is enough."""
        return super().compress_files(
            {name for name in paths if self.is_asked_for(name) and not self.exists(f"{name}.gz")}
        )

    def is_asked_for(self, name: str) -> bool:
        is_hashed = re.search(settings.WHITENOISE_IMMUTABLE_FILE_TEST, f"{settings.STATIC_URL}{name}")
        return bool(is_hashed) and not name.endswith(".map")

    @property
    def names(self) -> set[str]:
        return {*self.hashed_files.keys(), *self.hashed_files.values()}

    def retire(self, earlier: set[str], *, now: datetime) -> None:
        """Note since when files belong to no build any more, and remove those for which that is long enough.

        What the manifest never named is somebody else's and stays.
        """
        record = Path(self.path(RETIRED))
        noted: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
        since = dict.fromkeys(earlier, now.isoformat()) | noted
        current = self.names
        kept = {}
        for name, moment in since.items():
            if name in current:
                continue
            if datetime.fromisoformat(moment) > now - KEEP:
                kept[name] = moment
                continue
            for file in (name, f"{name}.gz", f"{name}.br"):
                self.delete(file)
        record.write_text(json.dumps(kept))

    @cached_property
    def chunks(self) -> dict[str, Chunks]:
        with self.open(self.stored_name(CHUNKS)) as file:
            return json.load(file)  # type: ignore[no-any-return]

    def chunk_url(self, name: str) -> str:
        """The bundler has hashed a chunk's name already, and others import it under that one."""
        return StaticFilesStorage.url(self, f"dist/{name}")


def collected() -> HashedFiles:
    return cast("HashedFiles", staticfiles_storage)


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Serve them, the embed script under its own address too, and the files of a newer build than this process's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # While processes are renewed one after the other, an old one is asked for what a new one's page names.
        self.directories = [(f"{Path(self.static_root).absolute()}/", self.static_prefix)]
        try:
            embed = collected().path(collected().stored_name(EMBED))
        except ValueError as error:
            raise ImproperlyConfigured(NOT_BUILT.format(self.static_root)) from error
        self.add_file_to_dictionary(EMBED_ADDRESS, embed)

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        # A dot begins the name of what the collection notes for itself.
        if "/." not in url:
            super().add_file_to_dictionary(url, path, stat_cache)

    def __call__(self, request: HttpRequest) -> Any:
        url = request.path_info
        if url not in self.files and self.immutable_file_test("", url):
            newer = self.find_file(url)
            if newer is not None:
                self.files[url] = newer
        return super().__call__(request)

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> Any:
        try:
            return WhiteNoiseMiddleware.serve(static_file, request)
        except FileNotFoundError as error:
            # It was there when this process started.
            raise Http404("This file is no longer kept.") from error
