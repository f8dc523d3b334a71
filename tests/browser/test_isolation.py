"""Text that runs from right to left, and tries to break out of where it stands, moves nothing beside it."""

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from launcher.stack import Stack
from tests.browser.people import CloserPage

pytestmark = pytest.mark.usefixtures("settled")

# U+2069 ends an isolation, U+202E turns all that follows it around.
HOSTILE = "\u05d0\u2069\u202eevil"
# Where the letters of our own words stand, in the order in which they are written.
LETTERS = """(selector) => {
  const edges = [];
  const walk = (node) => {
    if (node.nodeType === Node.ELEMENT_NODE && node.tagName !== "BDI") [...node.childNodes].forEach(walk);
    if (node.nodeType !== Node.TEXT_NODE) return;
    for (let at = 0; at < node.length; at += 1) {
      if (!/[A-Za-z]/.test(node.data[at])) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      edges.push(Math.round(range.getBoundingClientRect().left));
    }
  };
  walk(document.querySelector(selector));
  return edges;
}"""


def reads_onwards(edges: list[int]) -> bool:
    return len(edges) > 3 and edges == sorted(edges)


def test_our_words_beside_hostile_ones_stay_where_they_are(alice: CloserPage, stack: Stack) -> None:
    alice.page.goto(f"{stack.base_url}/dashboard/search/?q={quote(HOSTILE)}")

    told = alice.page.locator(".search-told")
    expect(told).to_contain_text("Try fewer words.")
    expect(told).to_contain_text("evil")
    assert reads_onwards(alice.page.evaluate(LETTERS, ".search-told"))
