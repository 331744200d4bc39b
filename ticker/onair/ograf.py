"""`/onair/{output}/ograf/…`: an output's ticker as an OGraf graphic: manifest, module, and a package of both."""

import asyncio
import functools
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ticker import bundle, instant
from ticker.errors import NotFound
from ticker.onair.document import FONT, data_url
from ticker.onair.manifest import MAIN, id_of, manifest
from ticker.onair.package import File, package
from ticker.onair.playlist import starter
from ticker.onair.playout import Playout
from ticker.onair.playouts import Playouts
from ticker.pages import WEB

ENTRY = WEB / "onair" / "graphic.js"
LOOK = WEB / "onair" / "bar.css"
MANIFEST = "ticker.ograf.json"
PACKAGE = "ticker.zip"
MOST_KEPT = 10  # packages; what the service is called by makes another


def manifest_of(request: Request, playout: Playout) -> dict[str, Any]:
    """With the addresses under which renderers find this service: what the settings say, else what was asked."""
    output = playout.output
    sites = output.addresses or (str(request.base_url),)
    service = " ".join(f"{site.rstrip('/')}/onair/{output.name}" for site in sites)
    return manifest(output, playout.channels[0], service)


@functools.cache
def _component() -> str:
    """What each output has alike."""
    return bundle.joined(ENTRY).decode()


@functools.lru_cache(maxsize=100)
def module(playout: Playout) -> File:
    """The output's Web Component, as the module's default export; nothing else is ever fetched for it."""
    output = playout.output
    family = f"{FONT} {output.name}"  # several outputs' graphics may live in one page
    told = {
        "playlist": starter(output, playout.channels),
        "css": LOOK.read_text(encoding="utf-8").replace(f'"{FONT}"', f'"{family}"'),
        "family": family,
        "font": data_url(output.look.font),
        "logo": data_url(output.look.logo),
    }
    given = json.dumps(told, separators=(",", ":"))
    return File.of(f"{_component()}\nexport default graphicOf({given});\n".encode())


def since() -> str:
    """When the graphic was made that is served."""
    return instant.format(int(ENTRY.stat().st_mtime * 1000))


async def file(request: Request) -> Response:
    playouts: Playouts = request.app.state.playouts
    playout = playouts.of(request.path_params["output"])
    name = request.path_params["file"]
    if name not in _FILES:
        raise NotFound(f"There is no {name[:60]!r} in the package; it has {', '.join(_FILES)}.")
    media_type, make = _FILES[name]
    made = await asyncio.to_thread(make, request, playout)  # a large font is read the first time
    headers = {
        "etag": made.etag,
        "cache-control": "no-cache",
        "access-control-allow-origin": "*",  # modules are only loaded from elsewhere when this says so
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
    }
    if name == PACKAGE:
        headers["content-disposition"] = f'attachment; filename="ticker-{playout.output.name}.zip"'
    if made.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(made.content, headers=headers, media_type=media_type)


def _manifest(request: Request, playout: Playout) -> File:
    return File.of(json.dumps(manifest_of(request, playout), ensure_ascii=False, indent=2).encode())


@functools.lru_cache(maxsize=MOST_KEPT)
def _package(playout: Playout, manifest: File) -> File:
    """All files in a folder of the graphic's id, as renderers keep them."""
    files = {MANIFEST: manifest.content, MAIN: module(playout).content}
    return File.of(package(id_of(playout.output.name), files))


_FILES: dict[str, tuple[str, Callable[[Request, Playout], File]]] = {
    MANIFEST: ("application/json", _manifest),
    MAIN: ("text/javascript; charset=utf-8", lambda _, playout: module(playout)),
    PACKAGE: ("application/zip", lambda request, playout: _package(playout, _manifest(request, playout))),
}

routes: list[BaseRoute] = [Route("/onair/{output}/ograf/{file}", file)]
