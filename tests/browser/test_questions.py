"""The list of questions in the administration, with a mouse, with keys, and with something wrong in it."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from psycopg.types.json import Json

from launcher.stack import Stack
from tests.browser.people import PASSWORD, new_page
from tests.browser.scene import Database, OpenContext
from tests.browser.test_fields import photograph_at

SHOWN = "select id, gather_schema from sessions_app_widgetconfig where slug = 'demo'"


@pytest.fixture
def page(stack: Stack, database: Database, open_context: OpenContext) -> Iterator[Page]:
    """The demo widget as the administrator edits it; its questions are as before afterwards."""
    row = database.execute(SHOWN).fetchone()
    assert row is not None
    page = new_page(open_context(bypass_csp=True), width=1440, height=900)
    page.goto(f"{stack.base_url}/admin/login/?next=/admin/sessions_app/widgetconfig/{row['id']}/change/")
    page.fill("input[name=username]", "admin@agileadapt.example")
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-questions]")
    yield page
    database.execute(
        "update sessions_app_widgetconfig set gather_schema = %s where slug = 'demo'", [Json(row["gather_schema"])]
    )


def names(page: Page) -> list[str]:
    inputs = page.locator("[data-question] .question-name input")
    return [one.input_value() for one in inputs.all()]


def rows(page: Page) -> Locator:
    return page.locator("[data-question]")


def test_questions_are_added_moved_deleted_and_saved(page: Page) -> None:
    uncaught: list[str] = []
    page.on("pageerror", lambda error: uncaught.append(str(error)))
    assert names(page) == ["full_name", "email", "budget", "timeline"]

    page.get_by_role("button", name="Add a question").click()
    expect(rows(page).last.get_by_label("Name")).to_be_focused()
    page.keyboard.type("roof kind")
    rows(page).last.get_by_label("Type").select_option("choice")
    rows(page).last.get_by_label("Choices").fill("tiles; metal")
    rows(page).last.get_by_role("button", name="Up").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    rows(page).nth(2).get_by_role("button", name="Delete").click()
    assert names(page) == ["full_name", "roof kind", "budget", "timeline"]
    page.get_by_role("button", name="Save and continue editing").click()

    wrong = rows(page).nth(1).get_by_label("Name")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(rows(page).nth(1)).to_contain_text("Letters, digits and underscores only")
    assert names(page) == ["full_name", "roof kind", "budget", "timeline"]
    photograph_at(page, ".questions", "questions")
    found = Axe().run(page, context=".questions").response["violations"]
    assert [fault["id"] for fault in found if fault["impact"] in {"serious", "critical"}] == []

    wrong.fill("roof_kind")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert names(page) == ["full_name", "roof_kind", "budget", "timeline"]
    expect(page.locator(".field-versions")).to_contain_text("by Administrator: full_name, roof_kind, budget, timeline")
    expect(page.locator(".field-request")).to_contain_text('"tiles"')
    assert uncaught == []
