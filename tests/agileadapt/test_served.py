"""Static files from the processes that are shipped, over sockets."""

import gzip
import http.client
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
from django.db import connection

from launcher import ports, processes
from launcher.checkout import VENV_PYTHON
from launcher.processes import Process
from launcher.stack import ASGI_SERVERS, answers
from sessions_app.models import WidgetConfig
from tests.agileadapt.conftest import Site, site_in

pytestmark = pytest.mark.timeout(180)

START_SECONDS = 90
FOREVER = "max-age=315360000, public, immutable"
MINUTES = "max-age=300, public"
SECRET = "nobody.0123456789ab.txt"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    port: int
    site: Site
    earlier: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *, accept: str = "", method: str = "GET", **headers: str) -> Answer:
        """As it stands, without a client's tidying of the path."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        line.request(method, path, headers={"Accept-Encoding": accept, **headers})
        answer = line.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def start(kind: str, port: int, *, root: Path, log: Path) -> Process:
    """The web process alone, on the test's database."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = os.environ | {
        "DATABASE_URL": database,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "STATIC_ROOT": str(root),
    }
    return processes.start(kind, [str(VENV_PYTHON), "-m", *ASGI_SERVERS[kind](port)], log=log, environment=environment)


@pytest.fixture(scope="module")
def two_builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, dict[str, str]]:
    """The front end as it is now, after an earlier build; and the addresses that pages of that one name."""
    site = site_in(tmp_path_factory.mktemp("site"))
    chunk = site.chunk("conversation")
    site.collect()
    earlier = {"entry": site.url("dist/widget.js"), "chunk": f"/static/{chunk}", "style": site.url("css/widget.css")}
    site.change("css/widget.css", "\n.newer { color: inherit; }\n")
    site.change("dist/embed.js", "\n// newer\n")
    site.rename_chunk(chunk, "NEWERAAA")
    site.collect()
    (site.root.parent / SECRET).write_text("secret")
    return site, earlier


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def server(
    request: pytest.FixtureRequest,
    two_builds: tuple[Site, dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
) -> Iterator[Server]:
    site, earlier = two_builds
    with ports.reserved(9700) as port:
        process = start(request.param, port, root=site.root, log=tmp_path_factory.mktemp("log") / "web.log")
        try:
            process.wait_until(lambda: answers(f"http://127.0.0.1:{port}/health/live"), seconds=START_SECONDS)
            yield Server(port, site, earlier)
        finally:
            process.stop()


@pytest.mark.parametrize(
    ("accept", "encoding"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("", None), ("identity", None)]
)
def test_compression_is_negotiated(server: Server, accept: str, encoding: str | None) -> None:
    url = server.site.url("dist/dashboard.js")
    source = (server.site.root / url.removeprefix("/static/")).read_bytes()

    answer = server.get(url, accept=accept)

    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert answer.status == 200
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert unpack(answer.body) == source
    assert encoding is None or len(answer.body) < len(source) / 2


def test_hashed_names_are_kept_for_ever_and_others_for_minutes(server: Server) -> None:
    hashed = (
        server.site.url("css/tokens.css"),
        server.site.url("dist/widget.js"),
        f"/static/{server.site.chunk('engine')}",
    )

    assert {server.get(url).headers["cache-control"] for url in hashed} == {FOREVER}
    assert {
        server.get(url).headers["cache-control"] for url in ("/static/css/tokens.css", "/static/dist/widget.js")
    } == {MINUTES}


def test_the_licences_of_what_is_bundled_are_served(server: Server) -> None:
    answer = server.get("/static/dist/third-party-notices.txt")

    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    assert b"@telnyx/webrtc" in answer.body


def test_a_page_of_an_earlier_build_still_finds_its_files(server: Server) -> None:
    for url in server.earlier.values():
        answer = server.get(url, accept="br")
        assert (answer.status, answer.headers["content-encoding"]) == (200, "br"), url
        assert answer.headers["cache-control"] == FOREVER
    assert server.earlier["style"] != server.site.url("css/widget.css")
    assert b"newer" not in brotli.decompress(server.get(server.earlier["style"], accept="br").body)


def test_the_embedded_script_keeps_its_address_and_follows_the_build(server: Server) -> None:
    answer = server.get("/widget.js", accept="br", Origin="https://shop.example")

    assert answer.status == 200
    assert brotli.decompress(answer.body).endswith(b"// newer\n")
    assert answer.headers["cache-control"] == MINUTES
    assert answer.headers["content-type"].startswith("text/javascript")
    again = server.get("/widget.js", accept="br", **{"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert server.get("/widget.js", method="POST").status == 405


@pytest.mark.parametrize(
    "path",
    [
        *("/static/", "/static", "/static/dist/", "/static/dist/chunks/", "/static/dist"),
        *("/static/.staticfiles.json", "/static/.retired.json", "/static/staticfiles.json"),
        *(f"/static/../{SECRET}", f"/static/dist/../../{SECRET}", f"/static/%2e%2e/{SECRET}", f"/static/..%2f{SECRET}"),
        *(f"/static//{SECRET}", f"/static/x\\..\\..\\{SECRET}", f"/static/%00/{SECRET}", f"/{SECRET}"),
        "/static/dist/widget.0123456789ab.js",
    ],
)
def test_nothing_is_listed_and_nothing_outside_is_served(server: Server, path: str) -> None:
    answer = server.get(path)

    assert answer.status in {400, 404}
    assert b"secret" not in answer.body
    assert b"chunk" not in answer.body


@pytest.mark.django_db(transaction=True)
def test_all_that_a_page_names_is_hashed_compressed_and_allowed(server: Server, widget: WidgetConfig) -> None:
    answer = server.get(f"/w/{widget.slug}/")
    page = answer.body.decode()
    names = re.findall(r'(?:href|src)="([^"]+)"', page)
    now, _, later = page.partition("<template data-later>")
    chunks = server.site.storage.chunks["widget"]

    assert answer.status == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert len(names) > 10
    for name in names:
        file = server.get(name, accept="br")
        assert (file.status, file.headers["cache-control"]) == (200, FOREVER), name
        assert file.headers.get("content-encoding") == "br" or len(file.body) < 400, name
    assert server.site.url("dist/widget.js") in now
    assert re.findall(r'modulepreload" href="/static/dist/([^"]+)', now) == chunks["now"]
    assert re.findall(r'modulepreload" href="/static/dist/([^"]+)', later) == chunks["later"]
    assert any(name.startswith("chunks/conversation-NEWERAAA") for name in chunks["later"])


def test_a_process_of_the_earlier_build_serves_what_a_newer_page_names(server: Server) -> None:
    newest = f"css/tokens.{os.urandom(6).hex()}.css"
    (server.site.root / newest).write_text("/* newest */")

    first, second = (server.get(f"/static/{newest}") for _ in range(2))
    (server.site.root / newest).unlink()

    assert [(one.status, one.headers["cache-control"], one.body) for one in (first, second)] == [
        (200, FOREVER, b"/* newest */")
    ] * 2
    assert server.get(f"/static/{newest}").status == 404


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_a_web_process_without_a_build_says_so_and_ends(kind: str, tmp_path: Path, django_db_setup: None) -> None:
    with ports.reserved(9750) as port:
        process = start(kind, port, root=tmp_path / "empty", log=tmp_path / "web.log")
        try:
            code = process.popen.wait(START_SECONDS)
        finally:
            process.stop()

    assert code != 0
    assert "The front end is not built" in process.log.read_text()
    assert "make setup" in process.log.read_text()
