"""`/widget/…`: what other sites embed: scripts by version, the page for an `<iframe>`, oEmbed; and help with it."""

from collections.abc import Mapping
from html import escape
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ticker.api import SNAPSHOT_CACHE
from ticker.channel import Channel
from ticker.errors import Invalid, NotFound
from ticker.fanout.hub import Hub
from ticker.headline import Headline
from ticker.pages import HEADERS, POLICY, WEB
from ticker.syndication import REHEARSED
from ticker.versions import VERSIONS

FOR_GOOD = "public, max-age=31536000, immutable"
FOR_NOW = "public, max-age=600, stale-while-revalidate=86400"
ANEW = "no-cache"
MODES = ("crawl", "flip", "list", "strap")
THEMES = ("light", "dark")
HEIGHTS = {"crawl": 64, "flip": 64, "list": 320, "strap": 64}  # px, as in web/widget/ticker.css
WIDTH = 640  # px, where the other side does not say
# What a frame's page loads, without a hash: while a new release is deployed, or a cache has the page still, page and
# script come from processes of two releases. The next major may stand here when every process knows it.
FRAME = "1"


async def asset(request: Request) -> Response:
    version, name = request.path_params["version"], request.path_params["name"]
    meant = VERSIONS.named(version)
    found = VERSIONS.files(meant).get(name) if meant else None
    if meant is None or found is None:
        raise NotFound(f"There is no {name[:60]} of version {version[:20]}; the newest version is {VERSIONS.newest}.")
    etag = f'"{found.integrity[7:23]}"'
    accepted = request.headers.get("accept-encoding", "")
    encoding = next((known for known in ("br", "gzip") if known in accepted), "")
    headers = {
        "cache-control": FOR_NOW if version != meant else FOR_GOOD if VERSIONS.is_frozen(meant) else ANEW,
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
        "vary": "accept-encoding",
        "etag": etag,
        **({"content-encoding": encoding} if encoding else {}),
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = {"br": found.br, "gzip": found.gzip}.get(encoding, found.plain)
    return Response(body, headers=headers, media_type=found.media_type)


async def versions(_: Request) -> Response:
    return JSONResponse(
        {"newest": VERSIONS.newest, "versions": VERSIONS.hashes}, headers={"access-control-allow-origin": "*"}
    )


async def compose(_: Request) -> Response:
    return FileResponse(WEB / "widget" / "compose.html", headers=HEADERS)


async def check(_: Request) -> Response:
    return FileResponse(WEB / "widget" / "check.html", headers=HEADERS)


# --- without script, and in a frame ---------------------------------------------------------------------------------


async def page(request: Request) -> Response:
    """The strip as a document of its own; with `?fragment` only the element, for a site that puts it into its page."""
    hub: Hub = request.app.state.hub
    fanout = hub.fanout(request.path_params["channel"])
    channel, look = _titled(fanout.channel), _look(request.query_params)
    element = _element(channel, fanout.board.on_air(fanout.now), look)
    headers = {**HEADERS, "cache-control": SNAPSHOT_CACHE}
    if "fragment" in request.query_params:
        return Response(element, headers=headers, media_type="text/html")
    ancestors = "*" if "*" in fanout.channel.origins else " ".join(["'self'", *fanout.channel.origins])
    headers["content-security-policy"] = POLICY.replace("frame-ancestors 'self'", f"frame-ancestors {ancestors}")
    return Response(_document(channel, element, str(request.url)), headers=headers, media_type="text/html")


def _titled(channel: Channel) -> Channel:
    """As it is called where people see it: a rehearsal says so before all else."""
    return channel.model_copy(update={"title": f"{REHEARSED}{channel.title}"}) if channel.rehearsal else channel


def _look(query: Mapping[str, str]) -> dict[str, str]:
    mode, theme, speed = query.get("mode", "crawl"), query.get("theme", ""), query.get("speed", "")
    faults = [
        {"pointer": name, "detail": f"is one of {', '.join(known)}"}
        for name, value, known in (("mode", mode, MODES), ("theme", theme, ("", *THEMES)))
        if value not in known
    ]
    if speed and not (speed.isascii() and speed.isdigit() and 10 <= int(speed[:6]) <= 1000):
        faults.append({"pointer": "speed", "detail": "is a number of pixels a second, 10 to 1000"})
    if faults:
        raise Invalid("The look is not right; see `errors`.", errors=faults)
    return {name: value for name, value in (("mode", mode), ("theme", theme), ("speed", speed)) if value}


def _element(channel: Channel, headlines: list[Headline], look: Mapping[str, str]) -> str:
    attributes = {"channel": channel.name, "lang": channel.lang, "dir": channel.dir, "label": channel.title, **look}
    given = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    return f"<news-ticker {given}>\n{''.join(_link(headline) for headline in headlines)}</news-ticker>\n"


def _link(headline: Headline) -> str:
    href = f' href="{escape(headline.link)}" rel="noopener"' if headline.link else ""
    return (
        f'<a data-id="{headline.id}"{href} lang="{escape(headline.lang)}" dir="{headline.dir}">'
        f"{REHEARSED if headline.rehearsal else ''}{escape(headline.text)}</a>\n"
    )


def _document(channel: Channel, element: str, address: str) -> str:
    discovery = f"oembed?url={quote(address, safe='')}"
    return f"""<!doctype html>
<html lang="{escape(channel.lang)}" dir="{channel.dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(channel.title)}</title>
<link rel="alternate" type="application/json+oembed" href="{discovery}" title="{escape(channel.title)}">
<link rel="stylesheet" href="{FRAME}/ticker.css">
<script type="module" src="{FRAME}/ticker.js"></script>
</head>
<body class="frame">
{element}</body>
</html>
"""


# --- oEmbed ---------------------------------------------------------------------------------------------------------

OURS = "`url` is the address of a page /widget/{channel}.html of this server."


async def oembed(request: Request) -> Response:
    """oembed.com, version 1.0, type `rich`: a frame with the page above, for sites that take an address only."""
    if request.query_params.get("format", "json") != "json":
        return Response(status_code=501)  # as oembed.com section 2.3.4 asks
    hub: Hub = request.app.state.hub
    address = _address(request.query_params.get("url", ""))
    name = address.path.removeprefix("/widget/").removesuffix(".html")
    if address.path != f"/widget/{name}.html" or address.netloc not in ("", request.url.netloc):
        raise NotFound(OURS)
    channel = _titled(hub.fanout(name).channel)
    look = _look({key: values[-1] for key, values in parse_qs(address.query).items()})
    width = min(WIDTH, _most(request, "maxwidth"))
    height = min(HEIGHTS[look["mode"]], _most(request, "maxheight"))
    source = f"{request.base_url}widget/{name}.html?{address.query}".rstrip("?")
    frame = (
        f'<iframe src="{escape(source)}" title="{escape(channel.title)}" width="{width}" height="{height}" '
        f'sandbox="allow-scripts allow-same-origin allow-popups" loading="lazy" frameborder="0"></iframe>'
    )
    answer = {
        "version": "1.0", "type": "rich", "title": channel.title, "provider_name": "ticker",
        "provider_url": str(request.base_url), "cache_age": 3600, "width": width, "height": height, "html": frame,
    }  # fmt: skip
    return JSONResponse(answer, headers={"access-control-allow-origin": "*", "cache-control": "public, max-age=3600"})


def _address(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise NotFound(OURS) from error


def _most(request: Request, name: str) -> int:
    given = request.query_params.get(name, "")
    return int(given[:6]) if given.isascii() and given.isdigit() and int(given[:6]) > 0 else 10_000


routes: list[BaseRoute] = [
    Route("/widget/", compose),
    Route("/widget/check", check),
    Route("/widget/oembed", oembed),
    Route("/widget/versions.json", versions),
    Route("/widget/{channel}.html", page),
    Route("/widget/{version}/{name:path}", asset),
]
