"""The web application: settings → Redis → desk and hub → routes."""

import asyncio
import contextlib
import functools
import logging
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from ticker import api, embedded, errors, feeds, health, openapi, pages, widget
from ticker import settings as settings_of
from ticker.cors import ChannelCors
from ticker.desk import api as desk_api
from ticker.desk import audit_api, check, editions_api
from ticker.desk import page as desk_page
from ticker.desk.audit import Audit
from ticker.desk.desk import Desk
from ticker.desk.presence import Presences
from ticker.desk.receipts import Receipts
from ticker.fanout import sse, websocket
from ticker.fanout.hub import Hub
from ticker.keys import Keys
from ticker.most_read import api as most_read
from ticker.most_read.beacon import Beacon
from ticker.most_read.lists import Lists
from ticker.most_read.reads import Reads
from ticker.most_read.stories import Stories
from ticker.onair import api as onair
from ticker.onair import feeds as onair_feeds
from ticker.onair import gallery, nodecg, ograf, ograf_api
from ticker.onair import page as onair_page
from ticker.onair.cues import Cues
from ticker.onair.log import Where
from ticker.onair.playouts import Playouts
from ticker.people import sign_in, staff
from ticker.people.guesses import Guesses
from ticker.people.oidc import Provider
from ticker.people.password import Passwords
from ticker.people.people import People
from ticker.people.seal import Seal
from ticker.people.sessions import Sessions
from ticker.processes import say_ready
from ticker.settings import Settings
from ticker.store import Failed, connect, new_clock, refusal
from ticker.stream import Stream
from ticker.versions import VERSIONS
from ticker.writers import Writers

STREAM = "/v1/channels/{channel}/stream"
SOCKET = "/v1/channels/{channel}/ws"
FIRST_LOAD = 5.0  # s that the channels and the salts may take before readers are let in all the same

logger = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> Starlette:
    """An ASGI application. Without settings it reads its own from the environment."""
    given = settings or settings_of.load()
    routes: list[BaseRoute] = [
        Route(STREAM, sse.Stream(), methods=["GET"]),
        WebSocketRoute(SOCKET, websocket.Stream()),
        Route(SOCKET, websocket.not_upgraded, methods=["GET"]),
        *feeds.routes,
        *check.routes,
        *api.routes,
        *editions_api.routes,
        *desk_api.routes,
        *audit_api.routes,
        *most_read.routes,
        *health.routes,
        *openapi.routes,
        *pages.routes,
        *widget.routes,
        *sign_in.routes,
        *staff.routes,
        *desk_page.routes,
        *onair_feeds.routes,
        *ograf.routes,
        *ograf_api.routes,
        *onair_page.routes,
        *nodecg.routes,
        *gallery.routes,
        *onair.routes,
        Mount("/web", pages.assets()),
    ]
    app = Starlette(
        routes=routes,
        lifespan=functools.partial(_lifespan, given),
        middleware=[Middleware(ChannelCors, channels=given.channels)],
        exception_handlers={
            errors.TickerError: _refused,
            **dict.fromkeys(Failed, _away),
            HTTPException: _not_served,
            Exception: _failed,
        },
    )
    app.state.settings = given
    return app


@contextlib.asynccontextmanager
async def _lifespan(given: Settings, app: Starlette) -> AsyncIterator[dict[str, Any]]:
    async with embedded.redis_url(given) as url, connect(url) as redis:
        stream = Stream(redis, new_clock(), min_replicas=given.min_replicas)
        hub = Hub(
            stream,
            given.channels,
            heartbeat_seconds=given.heartbeat_seconds,
            drain_seconds=given.drain_seconds,
            max_connections=given.max_connections,
            stall_seconds=given.stall_seconds,
        )
        app.state.hub, app.state.desk = hub, Desk(stream, given.channels, given.own_sources)
        app.state.people = people = People(redis)
        sessions = Sessions(redis, people, idle_minutes=given.desk.idle_minutes, longest_hours=given.desk.session_hours)
        app.state.sessions, app.state.writers = sessions, Writers(Keys(redis), sessions, given.channels)
        app.state.passwords, app.state.guesses = Passwords(), Guesses(redis)
        secret = given.oidc_secret.get_secret_value() if given.oidc_secret else None
        app.state.provider = Provider(given.desk.oidc, secret) if given.desk.oidc else None
        app.state.presences, app.state.receipts = Presences(hub), Receipts(hub)
        app.state.audit = Audit(redis)
        reads = Reads(redis, given.channels, stream.now)
        app.state.reads, app.state.lists = reads, Lists(Stories(redis))
        app.state.beacon = Beacon(reads, given.channels)
        app.state.playouts = playouts = Playouts(hub, given.outputs, given.channels)
        app.state.cues = Cues(playouts.log, app.state.desk)
        app.state.as_run, app.state.seal = Audit(redis, Where.of), Seal(redis)
        VERSIONS.files(VERSIONS.newest)  # made before anybody waits for them
        running = asyncio.create_task(_run(hub, reads, app.state.presences, app.state.receipts, playouts))
        running.add_done_callback(_end_after_a_fault)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(hub.loaded.wait(), reads.salted.wait()), FIRST_LOAD)
        try:
            yield {"hub": hub, "beacon": app.state.beacon}
        finally:
            if not running.done():
                running.remove_done_callback(_end_after_a_fault)
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running


async def _run(hub: Hub, reads: Reads, presences: Presences, receipts: Receipts, playouts: Playouts) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hub.run())
        tasks.create_task(reads.run())
        tasks.create_task(presences.run())
        tasks.create_task(receipts.run())
        tasks.create_task(playouts.run())
        await hub.loaded.wait()
        say_ready()


def _end_after_a_fault(running: asyncio.Task[None]) -> None:
    """Without these tasks nobody would be told anything more, and nobody would know: readers go elsewhere, and whoever
    supervises this process starts another.
    """
    if not running.cancelled():
        logger.critical("nothing reaches readers from here any more: this process ends", exc_info=running.exception())
        os.kill(os.getpid(), signal.SIGTERM)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TickerError)
    return api.problem(error)


async def _away(_: Request, error: Exception) -> Response:
    """Redis, wherever it was asked and nobody had a better answer."""
    return api.problem(refusal(error))


async def _not_served(request: Request, error: Exception) -> Response:
    """What the router has to say, as a problem document."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        refusal: errors.TickerError = errors.MethodNotAllowed(f"{request.method} is not possible here.")
    elif error.status_code == 404:
        refusal = errors.NotFound(f"There is nothing at {request.url.path[:200]}.")
    else:
        refusal = errors.Malformed(str(error.detail))
    answer = api.problem(refusal)
    answer.headers.update(error.headers or {})
    return answer


async def _failed(_: Request, __: Exception) -> Response:
    """A fault of ours: the log has it, with its trace."""
    return api.problem(errors.TickerError("A fault of ours; it has been logged."))
