"""`POST /v1/channels/{channel}/headlines/check`: everything an editor should know before a headline leaves."""

import asyncio
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import RootModel, ValidationError
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
from ticker.errors import NoChannel
from ticker.headline import Draft, Record
from ticker.life import Action
from ticker.onair.fitness import Shown, faults, measure
from ticker.onair.output import Output
from ticker.requests import faults_of, read_model

MOST_COMPARED = 5_000  # headlines of the last day
MOST_KNOWN = 16_384  # headlines, of all channels

Fields = RootModel[dict[str, Any]]  # whatever a draft may have, right or wrong


async def check(request: Request) -> Response:
    """Changes nothing. Fields that the desk would refuse are findings here, and not a refusal.

    It shows drafts of others: so a source, which may touch only its own, is not told. A page that asks `again` by
    itself, for what was still being looked at, does not keep a session from being idle.
    """
    name = request.path_params["channel"]
    writer = await writers.of(request, unattended="again" in request.query_params)
    writer.allow(Action.UPDATE, name)
    desk: Desk = request.app.state.desk
    channel = desk.channels.get(name)
    if channel is None:
        raise NoChannel(name)
    fields = (await read_model(request, Fields))[0].root
    headline_id = str(fields.pop("id", ""))
    raw_text = str(fields.get("text", ""))
    draft, found = _draft(fields)
    waiting, on_air = False, list[dict[str, Any]]()
    if draft is not None:
        around = await _around(request, draft, headline_id)
        found += await asyncio.to_thread(preflight.findings, draft, channel, around, raw_text)
        waiting = draft.link is not None and not around.link
        outputs = [output for output in _outputs(request) if output.shows(draft)]
        on_air, warnings = await asyncio.to_thread(_on_air, Shown(draft.text, draft.kicker, channel.lang), outputs)
        found += warnings
    return JSONResponse(
        {
            "findings": [finding.to_dict() for finding in preflight.worst_first(found)],
            "graphemes": text.graphemes(text.clean(raw_text[:4_000])),
            "limits": preflight.limits(channel),
            "outputs": on_air,
            "waiting": waiting,
        },
        headers={"cache-control": "no-store"},
    )


def _outputs(request: Request) -> list[Output]:
    """Those that show the channel."""
    outputs: Mapping[str, Output] = request.app.state.settings.outputs
    return [output for output in outputs.values() if request.path_params["channel"] in output.channels]


def _on_air(shown: Shown, outputs: Sequence[Output]) -> tuple[list[dict[str, Any]], list[Finding]]:
    """How much of each output it would take, and what would keep it off: that stops nobody at the desk."""
    measured = [
        {"output": output.name, "title": output.title, **measure(shown, output)._asdict()} for output in outputs
    ]
    return measured, [fault._replace(level=Level.WARNING) for output in outputs for fault in faults(shown, output)]


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
    kept = [raw for on_desk in (False, True) for raw in await desk.stream.kept(channel, on_desk=on_desk)]
    day, first_text = await asyncio.to_thread(_day, kept, headline_id, now)
    link = await Links(desk.stream.redis).verdict(draft.link, now) if draft.link else ""
    killed = await desk.bars(channel, draft.text)
    return Around(day, first_text, headline_id, link, killed)


def _day(kept: Sequence[str], headline_id: str, now: int) -> tuple[list[Near], str]:
    """The headlines of the last day, the latest first; and what readers saw first of the one that is edited."""
    near, first_text = list[Near](), ""
    for raw in kept:
        one, first = _known(raw)
        if one.id == headline_id:
            first_text = first
        at = one.at or now
        if at > now - DAY * 1000:
            near.append(one._replace(at=at))
    return sorted(near, key=lambda one: -one.at)[:MOST_COMPARED], first_text


@functools.lru_cache(MOST_KNOWN)
def _known(raw: str) -> tuple[Near, str]:
    """A headline that Redis keeps, read once: at a large desk each check meets thousands of the same."""
    record = Record.model_validate_json(raw)
    at = record.updated_at or record.published_at or 0
    return Near(record.id, record.text, record.state, at, folded(record.text)), record.first_text


routes: list[BaseRoute] = [Route("/v1/channels/{channel}/headlines/check", check, methods=["POST"])]
