"""The page that describes the API, as staff read it."""

from playwright.sync_api import Page, expect

from launcher.stack import Stack
from tests.browser.test_import_assistants import barriers, office

__all__ = ["office"]


def test_the_api_can_be_read_at_every_width(office: Page, stack: Stack) -> None:
    office.goto(f"{stack.base_url}/api/schema/page/")
    expect(office.get_by_role("heading", name="The API")).to_be_visible()

    token = office.get_by_text("POST /api/orchestration/token")
    token.click()

    expect(office.get_by_text("Open a session for a prospect who consented")).to_be_visible()
    assert barriers(office) == []
