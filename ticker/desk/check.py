"""`POST /v1/channels/{channel}/headlines/check`: everything an editor should know before a headline leaves."""

import asyncio
import functools
import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import text, writers
from ticker.channel import DAY
from ticker.desk import preflight
from ticker.desk.desk import Desk
from ticker.desk.likeness import folded
from ticker.desk.links import Links
from ticker.desk.preflight import Around, Finding, Level, Near
from ticker.errors import Malformed, NoChannel, UnsupportedMedia
from ticker.headline import Draft, Record
from ticker.life import Action
from ticker.requests import faults_of, read_body

MOST_COMPARED = 5_000  # headlines of the last day


async def check(request: Request) -> Response:
    """Changes nothing. Fields that the desk would refuse are findings here, and not a refusal.

    It shows drafts of others: so a source, which may touch only its own, is not told.
    """
    name = request.path_params["channel"]
    writer = await writers.of(request)
    writer.allow(Action.UPDATE, name)
    desk: Desk = request.app.state.desk
    channel = desk.channels.get(name)
    if channel is None:
        raise NoChannel(name)
    fields = await _read(request)
    headline_id = str(fields.pop("id", ""))
    raw_text = str(fields.get("text", ""))
    draft, found = _draft(fields)
    waiting = False
    if draft is not None:
        around = await _around(request, draft, headline_id)
        found += await asyncio.to_thread(preflight.findings, draft, channel, around, raw_text)
        waiting = draft.link is not None and not around.link
    return JSONResponse(
        {
            "findings": [finding.to_dict() for finding in found],
            "graphemes": text.graphemes(text.clean(raw_text[:4_000])),
            "limits": preflight.limits(channel),
            "waiting": waiting,
        },
        headers={"cache-control": "no-store"},
    )


async def _read(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMedia("Send JSON, with `Content-Type: application/json`.")
    try:
        fields = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        raise Malformed("The body is not JSON in UTF-8.") from None
    if not isinstance(fields, dict):
        raise Malformed("The body is not a draft.")
    return fields


def _draft(fields: dict[str, Any]) -> tuple[Draft | None, list[Finding]]:
    """The draft without the fields that are not right, if its text is; and what is not right."""
    found: list[Finding] = []
    try:
        return Draft.model_validate(fields), found
    except ValidationError as error:
        faults = faults_of(error)
    for fault in faults:
        field = fault["pointer"].strip("/").split("/")[0]
        found.append(Finding("invalid", Level.STOP, field or "text", f"It {fault['detail']}."))
    wrong = {finding.field for finding in found}
    kept = {name: value for name, value in fields.items() if name not in wrong and name in Draft.model_fields}
    try:
        return Draft.model_validate(kept), found
    except ValidationError:
        return None, found


async def _around(request: Request, draft: Draft, headline_id: str) -> Around:
    desk: Desk = request.app.state.desk
    channel, now = request.path_params["channel"], desk.stream.now()
    on_strip = await desk.stream.records(channel)
    aside = await desk.stream.records(channel, on_desk=True)
    day = _day([*on_strip, *aside], now)
    mine = next((record for record in (*on_strip, *aside) if record.id == headline_id), None)
    link = await Links(desk.stream.redis).verdict(draft.link, now) if draft.link else ""
    killed = await desk.bars(channel, draft.text)
    return Around(day, mine.first_text if mine else "", headline_id, link, killed)


def _day(records: Sequence[Record], now: int) -> list[Near]:
    found = [
        Near(record.id, record.text, record.state, at, _folded(record.text))
        for record in records
        if (at := record.updated_at or record.published_at or now) > now - DAY * 1000
    ]
    return sorted(found, key=lambda one: -one.at)[:MOST_COMPARED]


_folded = functools.lru_cache(8192)(folded)

routes: list[BaseRoute] = [Route("/v1/channels/{channel}/headlines/check", check, methods=["POST"])]
