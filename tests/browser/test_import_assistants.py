"""An administrator takes an assistant over from the account, in a real browser."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from launcher.sandbox_control import SandboxControl
from launcher.stack import Stack
from tests.browser.scene import Database, OpenContext, newest
from tests.browser.test_accessibility import AT_REST

RUBY = {"id": "assistant-ruby", "name": "Ruby", "instructions": "", "tools": [{"type": "hangup", "hangup": {}}]}
SIZES = ((1440, 900), (1024, 768), (390, 844))


@pytest.fixture
def office(stack: Stack, database: Database, open_context: OpenContext) -> Iterator[Page]:
    """The administrator's page; no widget of the test stays."""
    page = open_context(bypass_csp=True).new_page()
    page.goto(f"{stack.base_url}/admin/login/?next=/admin/sessions_app/widgetconfig/")
    page.fill("#id_username", "admin@agileadapt.example")
    page.fill("#id_password", "talk-to-alice")
    page.click("[type=submit]")
    yield page
    database.execute("DELETE FROM sessions_app_widgetconfig WHERE assistant_id = 'assistant-ruby'")


def barriers(page: Page) -> list[str]:
    """What is serious, or runs out of the window, in both colour schemes and at every width."""
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            page.evaluate(AT_REST)
            faults = Axe().run(page).response["violations"]
            found += [fault["id"] for fault in faults if fault["impact"] in ("serious", "critical")]
        if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{width} px are not enough")
    return found


def test_an_assistant_becomes_a_widget_by_keyboard(office: Page, sandbox: SandboxControl, database: Database) -> None:
    sandbox.set_account(assistants=[RUBY])
    office.get_by_role("link", name="Import assistants from Telnyx").click()
    assert office.get_by_role("row", name="Ruby").get_by_text("not allowed").is_visible()
    assert barriers(office) == []

    office.get_by_label("Ruby").focus()
    office.keyboard.press("Space")
    office.get_by_label("Team").select_option(label="AgileAdapt")
    office.get_by_role("button", name="Import").press("Enter")

    office.get_by_text("The widget “Ruby” has the assistant assistant-ruby.").wait_for()
    made = newest(database, "sessions_app_widgetconfig", "id")
    assert (made["name"], made["is_active"], made["assistant_id"]) == ("Ruby", False, "assistant-ruby")


def test_a_telnyx_that_fails_is_told_on_the_page(office: Page, sandbox: SandboxControl) -> None:
    sandbox.faults({"match": "GET /v2/ai/assistants", "mode": "status", "status": 401})

    office.get_by_role("link", name="Import assistants from Telnyx").click()

    office.get_by_text("Telnyx did not tell: list: refused with HTTP 401, code 10009: API key refused.").wait_for()
    assert barriers(office) == []
