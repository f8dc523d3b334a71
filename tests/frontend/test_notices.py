"""What the bundles hold of others is named beside them, with its licence."""

import json
import re

import pytest

from launcher.checkout import ROOT

DIST = ROOT / "static" / "dist"
PACKAGES = ROOT / "node_modules"
# Published within the one file of Telnyx's SDK, which no bundler can tell apart.
WITHIN_THE_SDK = ["uuid", "loglevel", "events", "@peermetrics/webrtc-stats"]
HEADING = re.compile(r"^=+\n(\S+) (\S+) \((.+)\)\n\n((?:(?!^={80}$).*\n)+)", re.MULTILINE)


def bundled() -> set[str]:
    """The packages that the bundles' source maps name."""
    maps = [json.loads(file.read_text()) for file in DIST.rglob("*.js.map")]
    sources = [source for one in maps for source in one["sources"]]
    return {found[1] for source in sources if (found := re.search(r"node_modules/((?:@[^/]+/)?[^/]+)/", source))}


@pytest.fixture(scope="module")
def notices() -> dict[str, tuple[set[str], str]]:
    """The versions of each package, and the text of its licence."""
    found: dict[str, tuple[set[str], str]] = {}
    for name, version, _, text in HEADING.findall((DIST / "third-party-notices.txt").read_text()):
        versions, _ = found.setdefault(name, (set(), text))
        versions.add(version)
    return found


def test_every_bundled_package_is_named_with_its_version_and_licence(notices: dict[str, tuple[set[str], str]]) -> None:
    assert bundled() >= {"@telnyx/webrtc", "idiomorph"}
    for name in sorted({*bundled(), *WITHIN_THE_SDK}):
        assert name in notices, name
        versions, text = notices[name]
        assert json.loads((PACKAGES / name / "package.json").read_text())["version"] in versions
        assert "Permission" in text, name


def test_no_package_is_named_that_is_only_used_to_build(notices: dict[str, tuple[set[str], str]]) -> None:
    assert not {"esbuild", "typescript", "@biomejs/biome"} & notices.keys()


def test_every_bundle_says_where_the_licences_are() -> None:
    bundles = sorted(DIST.rglob("*.js"))

    assert len(bundles) > 10
    assert all("dist/third-party-notices.txt */" in bundle.read_text().splitlines()[0] for bundle in bundles)
