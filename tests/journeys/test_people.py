"""People in a real browser: in by the link, out and in again, without a hand on the mouse; and axe on every page."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.chromium import browser
from tests.servers import ROOT, Web
from tests.visitors import PASSWORD, new_person
from ticker.people.people import People
from ticker.templates import WORDS
from ticker.writer import Role

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
W = WORDS["en"]


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as chromium:
        yield chromium


async def sign_in(page: Page, web: Web, login: str) -> None:
    """By keyboard: the field one is to fill in first has the focus."""
    await page.goto(f"{web.url}/desk/people")
    await page.locator("#login:focus").wait_for()
    for word in (login, PASSWORD):
        await page.keyboard.type(word)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{web.url}/desk/people")


async def test_an_admin_adds_somebody_who_comes_in_by_the_link(web: Web, people: People, chromium: Browser) -> None:
    await new_person(web, "chief", {"*": Role.ADMIN})
    here, there = await chromium.new_page(), await (await chromium.new_context()).new_page()
    await sign_in(here, web, "chief")
    assert here.url == f"{web.url}/desk/people"
    await here.get_by_label(W["name"], exact=True).fill("Ana Ruiz")
    await here.get_by_label(W["login"], exact=True).fill("ana")
    await here.locator("#role-en").select_option("editor")
    await here.get_by_role("button", name=W["person_add"]).press("Enter")
    link = await here.get_by_label(W["invitation_link"]).input_value()
    await there.goto(link)
    await there.locator("#password:focus").wait_for()
    await there.keyboard.type(PASSWORD)
    await there.keyboard.press("Enter")
    await there.wait_for_url("**/desk/en")  # the only one that is theirs
    await there.goto(f"{web.url}/desk/account")
    await there.get_by_role("heading", name="Ana Ruiz").wait_for()
    ana = await people.get("ana")
    assert ana is not None
    assert ana.roles == {"en": Role.EDITOR}
    await there.get_by_role("button", name=W["sign_out"], exact=True).press("Enter")
    await there.wait_for_url("**/desk/sign-in")
    await sign_in(there, web, "ana")
    await there.get_by_role("heading", name=W["problem_403"]).wait_for()
    await here.goto(f"{web.url}/desk/people/ana")
    await here.get_by_role("button", name=W["sessions_end"]).press("Enter")
    await here.get_by_role("status").wait_for()
    await there.goto(f"{web.url}/desk/account")
    await there.get_by_role("heading", name=W["sign_in"]).wait_for()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
@pytest.mark.parametrize("language", WORDS)
async def test_axe_finds_nothing(
    web: Web, people: People, chromium: Browser, language: str, scheme: Any, width: int
) -> None:
    await new_person(web, "chief", {"*": Role.ADMIN})
    await new_person(web, "ana", {"en": Role.EDITOR, "ar": Role.READER})
    page = await chromium.new_page(
        color_scheme=scheme, locale=language, bypass_csp=True, viewport={"width": width, "height": 800}
    )
    for path in (f"invitation?token={await people.invite('ana')}", "invitation?token=wrong", "sign-in"):
        await page.goto(f"{web.url}/desk/{path}")
        await look(page)
    for password in ("wrong", PASSWORD):
        await page.locator("#login").fill("chief")
        await page.locator("#password").fill(password)
        await page.keyboard.press("Enter")
        await (page.get_by_role("alert") if password == "wrong" else page.locator("nav")).wait_for()
        await look(page)
    for path in ("people", "people/nobody", "people/ana"):
        await page.goto(f"{web.url}/desk/{path}")
        await look(page)
    await page.locator("form[action$=invitation] button").press("Enter")
    await page.locator("#link").wait_for()
    await look(page)


async def look(page: Page) -> None:
    """Nothing for axe to find, and nothing wider than the window."""
    await page.add_script_tag(path=AXE)
    found = await page.evaluate("axe.run()")
    faults = [(one["id"], node["html"], node["failureSummary"]) for one in found["violations"] for node in one["nodes"]]
    assert faults == [], page.url
    assert len(found["passes"]) > 10
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
