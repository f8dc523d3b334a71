"""What a page shows, change by change: what lasts for a moment may be over by the time that a test asks for it."""

from playwright.sync_api import Page

# Each text, and each state of the element itself, when it becomes visible. Names are shown between marks of their own.
RECORD = """(place) => {
  const element = document.querySelector(place);
  const root = element.shadowRoot ?? element;
  const shown = (window.shownSoFar = []);
  let before = new Set();
  const look = () => {
    const parts = [...root.children].map((part) => part.innerText ?? "").join("\\n").replace(/[\\u2066-\\u2069]/g, "");
    const now = [`state ${element.dataset.state}`, ...parts.split("\\n").map((line) => line.trim())];
    shown.push(...now.filter((line) => !before.has(line)));
    before = new Set(now);
  };
  look();
  const watched = { subtree: true, childList: true, characterData: true, attributes: true };
  for (const one of new Set([root, element])) new MutationObserver(look).observe(one, watched);
}"""


class Shown:
    """Records from here on, until the page is left."""

    def __init__(self, page: Page, place: str) -> None:
        self.page = page
        page.evaluate(RECORD, place)

    def has_shown(self, *texts: str) -> None:
        """Each of these was shown by now, one after the other; `state human` is a state."""
        told: list[str] = self.page.evaluate("window.shownSoFar")
        rest = iter(told)
        for text in texts:
            assert any(text in line for line in rest), f"{text!r} was not shown in its turn: {told}"
