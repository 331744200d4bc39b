"""Somebody else's site with the ticker on it: another origin, a strict content policy, and a list of what broke it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web as http
from playwright.async_api import Page

from tests.servers import Web, free_port

STYLE = """
html { color-scheme: light dark; background: light-dark(#fff, #101010) }
body { margin: 0; font: 1rem/1.5 serif }
h1, p { margin: 1rem }
"""


class Host:
    """Every address answers with one page. `reports` are the browser's own CSP reports, `faults` what was thrown."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.url = f"http://127.0.0.1:{free_port()}"
        self.body = ""
        self.head = ""
        self.reports: list[str] = []
        self.faults: list[str] = []
        self.policy = (
            f"default-src 'none'; script-src {service}; style-src 'self' {service}; base-uri 'none'; "
            f"connect-src {service} {service.replace('http', 'ws')}; frame-src {service}; img-src 'self' {service}; "
            "require-trusted-types-for 'script'; report-uri /reports"
        )

    async def _page(self, request: http.Request) -> http.Response:
        if request.path == "/host.css":
            return http.Response(text=STYLE, content_type="text/css")
        if request.path == "/reports":
            self.reports.append(await request.text())
            return http.Response(status=204)
        text = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>The Daily Example</title>'
            '<meta name="viewport" content="width=device-width">'
            f'<link rel="stylesheet" href="/host.css"><link rel="stylesheet" href="{self.service}/widget/1/ticker.css">'
            f'<script type="module" src="{self.service}/widget/1/ticker.js"></script>{self.head}'
            f"<main><h1>The Daily Example</h1>{self.body}<p>Below it the page goes on.</p></main></html>"
        )
        headers = {"content-security-policy": self.policy, "cache-control": "no-store"}
        return http.Response(text=text, content_type="text/html", headers=headers)

    def watch(self, page: Page) -> Page:
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        return page


@asynccontextmanager
async def hosting(web: Web) -> AsyncIterator[Host]:
    host = Host(web.url)
    app = http.Application()
    app.router.add_route("*", "/{path:.*}", host._page)
    runner = http.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await http.TCPSite(runner, "127.0.0.1", int(host.url.rpartition(":")[2])).start()
    try:
        yield host
    finally:
        await runner.cleanup()
    assert not host.faults, host.faults
    assert not host.reports, host.reports
