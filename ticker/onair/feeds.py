"""`/onair/{output}/feed.{shape}`: what an output shows, for graphics systems that poll."""

import hashlib
from email.utils import formatdate

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ticker.api import SNAPSHOT_CACHE
from ticker.errors import NotFound
from ticker.onair import shapes
from ticker.onair.playouts import Playouts


async def feed(request: Request) -> Response:
    shape = request.path_params["shape"]
    if shape not in shapes.SHAPES:
        raise NotFound(f"There are feeds as {', '.join(shapes.SHAPES)}.")
    playouts: Playouts = request.app.state.playouts
    playout = await playouts.asked(request.path_params["output"])
    headlines = {headline.id: headline for headline in playout.current().items}
    site, address = str(request.base_url), str(request.url.replace(query="", fragment=""))
    shown = shapes.Shown(playout.message(playouts.now()), headlines, site, address)
    return _answer(request, shapes.write(shape, shown), shapes.SHAPES[shape][0], shown)


async def outputs(request: Request) -> Response:
    playouts: Playouts = request.app.state.playouts
    titles = {playout.output.name: playout.output.title for playout in playouts}
    return _answer(request, shapes.outputs(titles, str(request.base_url)), shapes.SHAPES["atom"][0])


def _answer(request: Request, body: bytes, media_type: str, shown: shapes.Shown | None = None) -> Response:
    """The ETag is of the bytes, so that it changes when they do and never else."""
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {
        "etag": etag,
        "cache-control": SNAPSHOT_CACHE,
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "etag, ticker-seq",
    }
    if shown is not None:
        headers |= {"ticker-seq": str(shown.seq), "last-modified": formatdate(shown.changed_at / 1000, usegmt=True)}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


routes: list[BaseRoute] = [
    Route("/onair/feed.atom", outputs),
    Route("/onair/{output}/feed.{shape}", feed),
]
