"""Whether an answer fits its question is told by the question alone: nothing is fetched for it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sessions_app.rules import answer_values


class Somewhere(HTTPServer):
    """A server that a question's rule may point at."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/rule.json"


class Asked(BaseHTTPRequestHandler):
    server: Somewhere

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"type": "string"}')

    def log_message(self, *_: object) -> None:
        """Quietly."""


@pytest.fixture
def somewhere() -> Iterator[Somewhere]:
    with Somewhere() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_rule_that_points_elsewhere_is_not_followed(somewhere: Somewhere) -> None:
    problem = answer_values.problem({"$ref": somewhere.url}, "x")

    assert problem == "The question's own rule cannot be read."
    assert somewhere.asked == []


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ({"type": "number", "multipleOf": 0.5}, 10**400),
        ({"type": "number", "multipleOf": 0.5}, -(10**4000)),
        ({"type": "array", "items": {"type": "number", "multipleOf": 0.5}}, [10**400]),
        ({"$ref": "#"}, "anything"),
        ({"$ref": "#/$defs/nowhere"}, "anything"),
        ({"pattern": "("}, "anything"),
        ({"type": "no such type"}, "anything"),
    ],
)
def test_what_cannot_be_judged_does_not_fit(rule: dict[str, Any], value: Any) -> None:
    assert answer_values.problem(rule, value)


@pytest.mark.parametrize("value", [10**15, -(10**15), 0.5, 61412555018])
def test_a_number_that_may_be_meant_fits(value: float) -> None:
    assert answer_values.problem({"type": "number"}, value) == ""
