"""The HTTP API: reading channels, and changing headlines through the desk."""

import functools
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import filter as filters
from ticker import writers
from ticker.channel import ChannelName
from ticker.desk.desk import Desk, Receipt
from ticker.errors import NoHeadline, TickerError
from ticker.fanout import poll
from ticker.fanout.hub import Hub
from ticker.filter import Filter
from ticker.headline import Draft, HeadlineId, Note, Patch, Record, State
from ticker.life import Action
from ticker.requests import once_of, read_body, read_model, version_of
from ticker.writer import Scope, Writer

SNAPSHOT_CACHE = "public, max-age=1, stale-while-revalidate=5, stale-if-error=86400"


class Retraction(BaseModel):
    """Why a headline is killed, for the audit; and what readers are told, if anything.

    Its other `editions` go with it; `notes` are what readers of these are told, by channel.
    """

    model_config = ConfigDict(extra="forbid")
    reason: Note
    note: Note | None = None
    notes: dict[ChannelName, Note] = {}
    editions: bool = True


class Holding(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Note | None = None
    note: Note | None = None


class Reason(BaseModel):
    """For the audit. With one, a writer may approve what is its own when there is no second person."""

    model_config = ConfigDict(extra="forbid")
    reason: Note | None = None


class Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Place(BaseModel):
    """Where a headline goes: above or below another, to the top or the bottom; pinned or not."""

    model_config = ConfigDict(extra="forbid")
    above: HeadlineId | None = None
    below: HeadlineId | None = None
    to: str | None = None
    pinned: bool | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = [place for place in (self.above, self.below, self.to) if place is not None]
        if len(places) > 1 or (not places and self.pinned is None):
            raise ValueError("give one of above, below, to; or pinned")
        if self.to not in (None, "top", "bottom"):
            raise ValueError("`to` is top or bottom")
        return self


# --- reading --------------------------------------------------------------------------------------------------------


async def channels(request: Request) -> Response:
    hub: Hub = request.app.state.hub
    public = [f.channel for f in hub.fanouts.values() if not f.channel.rehearsal]
    listed = [channel.model_dump(include={"name", "title", "lang", "dir"}) for channel in public]
    return JSONResponse({"channels": listed}, headers={"cache-control": "public, max-age=60"})


async def snapshot(request: Request) -> Response:
    group = _hub(request).fanout(request.path_params["channel"]).peek(_filter(request))
    headers = {"etag": f'"{group.fanout.position}"', "cache-control": SNAPSHOT_CACHE}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(group.document(), headers=headers, media_type="application/json")


async def events(request: Request) -> Response:
    hub = _hub(request)
    body = await poll.answer(request, hub, hub.fanout(request.path_params["channel"]))
    headers = {"cache-control": "public, max-age=1" if request.query_params.get("after") else "no-store"}
    return Response(body, headers=headers, media_type="application/json")


async def headline(request: Request) -> Response:
    """A live headline for everybody; another one for those who write or read at the desk of its channel."""
    channel, headline_id = request.path_params["channel"], request.path_params["id"]
    writer = await writers.if_any(request)
    if writer is not None and writer.scopes(channel):
        record = await _desk(request).find(channel, headline_id)
        if record is not None and writer.sees(channel, record.source.name if record.source else None):
            return _shown(record, private=True)
    live = _hub(request).fanout(channel).board.get(headline_id)
    if live is None:
        raise NoHeadline(headline_id)
    return Response(
        live.to_json(),
        headers={"etag": f'"{live.version}"', "cache-control": "no-cache"},
        media_type="application/json",
    )


# --- writing --------------------------------------------------------------------------------------------------------


async def publish(request: Request) -> Response:
    channel = request.path_params["channel"]
    writer = await writers.of(request)
    draft, body = await read_model(request, Draft)
    source = draft.source.name if draft.source else None
    writer.allow(Action.PUBLISH, channel, source)
    hands_in, once = writer.hands_in(Action.PUBLISH, channel, source), once_of(request, body)
    receipt = await _desk(request).publish(channel, draft, by=writer, hands_in=hands_in, once=once)
    return created(receipt)


async def edit(request: Request) -> Response:
    channel, headline_id = request.path_params["channel"], request.path_params["id"]
    writer = await writers.of(request)
    patch, body = await read_model(request, Patch)
    hands_in = await _allow(request, writer, Action.CORRECT if patch.is_correction else Action.UPDATE)
    version, once = version_of(request), once_of(request, body)
    receipt = await _desk(request).edit(channel, headline_id, patch, version, by=writer, hands_in=hands_in, once=once)
    return _done(receipt, headline_id)


async def retract(request: Request) -> Response:
    writer = await _writer(request, Action.RETRACT)
    given, body = await read_model(request, Retraction)
    channel, headline_id = request.path_params["channel"], request.path_params["id"]
    once = once_of(request, body)
    receipt = await _desk(request).retract(channel, headline_id, by=writer, once=once, **given.model_dump())
    return _done(receipt, headline_id)


async def hold(request: Request) -> Response:
    writer = await _writer(request, Action.HOLD)
    given, body = await read_model(request, Holding, optional=True)
    channel, headline_id = request.path_params["channel"], request.path_params["id"]
    once = once_of(request, body)
    receipt = await _desk(request).hold(channel, headline_id, by=writer, once=once, **given.model_dump())
    return _done(receipt, headline_id)


async def release(request: Request) -> Response:
    writer = await writers.of(request)
    hands_in = await _allow(request, writer, Action.RELEASE)
    do = functools.partial(_desk(request).release, hands_in=hands_in, version=_version_if_any(request))
    return await _simply(request, writer, do)


async def approve(request: Request) -> Response:
    writer = await _writer(request, Action.APPROVE)
    do = functools.partial(_desk(request).approve, version=_version_if_any(request))
    return await _simply(request, writer, do, Reason)


def _version_if_any(request: Request) -> int:
    """Of what was read before it is let out; 0 where that is not said."""
    return version_of(request) if "if-match" in request.headers else 0


async def recall(request: Request) -> Response:
    return await _simply(request, await _writer(request, Action.RECALL), _desk(request).recall)


async def spike(request: Request) -> Response:
    return await _simply(request, await _writer(request, Action.SPIKE), _desk(request).spike, Reason)


async def expire(request: Request) -> Response:
    writer = await _writer(request, Action.EXPIRE)
    return await _simply(request, writer, functools.partial(_desk(request).expire, at_once=True))


async def fresh(request: Request) -> Response:
    return await _simply(request, await _writer(request, Action.FRESH), _desk(request).fresh)


async def _simply(
    request: Request, writer: Writer, do: Callable[..., Awaitable[Receipt]], model: type[BaseModel] = Nothing
) -> Response:
    given, body = await read_model(request, model, optional=True)
    channel, headline_id = request.path_params["channel"], request.path_params["id"]
    receipt = await do(channel, headline_id, by=writer, once=once_of(request, body), **given.model_dump())
    return _done(receipt, headline_id)


async def move(request: Request) -> Response:
    writer = await _writer(request, Action.MOVE)
    place, body = await read_model(request, Place)
    channel, headline_id = request.path_params["channel"], request.path_params["id"]
    once = once_of(request, body)
    receipt = await _desk(request).move(channel, headline_id, by=writer, once=once, **place.model_dump())
    return _done(receipt, headline_id)


async def _writer(request: Request, action: Action) -> Writer:
    writer = await writers.of(request)
    await _allow(request, writer, action)
    return writer


async def _allow(request: Request, writer: Writer, action: Action) -> bool:
    """Whether somebody else must approve it. Only a source's right depends on the headline: it may touch nothing but
    its own.
    """
    channel, source = request.path_params["channel"], None
    if Scope.SOURCE in writer.scopes(channel):
        if await _was_answered(request, writer):
            source = writer.source
        else:
            record = await _desk(request).find(channel, request.path_params["id"])
            source = record.source.name if record and record.source else None
    writer.allow(action, channel, source)
    return writer.hands_in(action, channel, source)


async def _was_answered(request: Request, writer: Writer) -> bool:
    """Whether it is a repeat of what has been done: it was allowed then, and what it is about may have gone since."""
    if "idempotency-key" not in request.headers:
        return False
    once = once_of(request, (await read_body(request)).strip() or b"{}")  # as read_model has it
    return await _desk(request).answered(request.path_params["channel"], by=writer, once=once) is not None


def created(receipt: Receipt) -> Response:
    assert receipt.record is not None
    answer = _shown(receipt.record, private=True, status=201)
    answer.headers["location"] = f"/v1/channels/{receipt.record.channel}/headlines/{receipt.record.id}"
    return _with_position(answer, receipt)


def _done(receipt: Receipt, headline_id: str) -> Response:
    record = receipt.record
    others = {"editions": [one.to_dict() for one in receipt.editions]} if receipt.editions else {}
    if record is None or record.state is State.RETRACTED:
        gone = {"id": headline_id, "state": State.RETRACTED, **others}
        return _with_position(JSONResponse(gone), receipt)
    return _with_position(_shown(record, private=True, others=others), receipt)


def _shown(record: Record, *, private: bool, status: int = 200, others: Mapping[str, Any] | None = None) -> Response:
    """`others` says what followed for the other editions."""
    body = record.to_record() if private else record.to_json()
    if others:
        body = f"{body[:-1]},{json.dumps(others, ensure_ascii=False)[1:]}"
    headers = {"etag": f'"{record.version}"', "cache-control": "no-store"}
    return Response(body, status, headers, media_type="application/json")


def _with_position(answer: Response, receipt: Receipt) -> Response:
    if receipt.position:
        answer.headers["ticker-position"] = receipt.position
    return answer


# --- what the app has made ------------------------------------------------------------------------------------------


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _filter(request: Request) -> Filter:
    return filters.parse(request.query_params.get("urgency"), request.query_params.get("section"))


def problem(error: TickerError) -> Response:
    headers = {"cache-control": "no-store", **error.headers}
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return JSONResponse(error.problem(), error.status, headers, media_type="application/problem+json")


_CHANNEL = "/v1/channels/{channel}"
_HEADLINE = _CHANNEL + "/headlines/{id}"

routes: list[BaseRoute] = [
    Route("/v1/channels", channels),
    Route(_CHANNEL, snapshot),
    Route(_CHANNEL + "/events", events),
    Route(_CHANNEL + "/headlines", publish, methods=["POST"]),
    Route(_HEADLINE, headline, methods=["GET"]),
    Route(_HEADLINE, edit, methods=["PATCH"]),
    Route(_HEADLINE + "/retract", retract, methods=["POST"]),
    Route(_HEADLINE + "/hold", hold, methods=["POST"]),
    Route(_HEADLINE + "/release", release, methods=["POST"]),
    Route(_HEADLINE + "/approve", approve, methods=["POST"]),
    Route(_HEADLINE + "/recall", recall, methods=["POST"]),
    Route(_HEADLINE + "/spike", spike, methods=["POST"]),
    Route(_HEADLINE + "/expire", expire, methods=["POST"]),
    Route(_HEADLINE + "/fresh", fresh, methods=["POST"]),
    Route(_HEADLINE + "/move", move, methods=["POST"]),
]
