"""`/v1/editions` and `…/duplicate`: the same story on several channels."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import writers
from ticker.api import created
from ticker.channel import ChannelName
from ticker.desk.editions import Editions, Handed
from ticker.headline import Draft, Group, Text
from ticker.requests import once_of, read_model

MOST = 50  # editions handed in at once


class Together(BaseModel):
    """A draft for each channel. Without a `group` one is made."""

    model_config = ConfigDict(extra="forbid")
    drafts: Annotated[dict[ChannelName, Draft], Field(min_length=1, max_length=MOST)]
    group: Group | None = None


class Duplicate(BaseModel):
    """The channel it goes to, and its text there."""

    model_config = ConfigDict(extra="forbid")
    channel: ChannelName
    text: Text


async def publish(request: Request) -> Response:
    writer = await writers.of(request)
    given, body = await read_model(request, Together)
    group, handed = await _editions(request).publish(
        given.drafts, by=writer, group=given.group, once=once_of(request, body)
    )
    answer = {"group": group, "editions": [_outcome(one) for one in handed]}
    return JSONResponse(answer, headers={"cache-control": "no-store"})


def _outcome(one: Handed) -> dict[str, Any]:
    if one.error is not None:
        return {"channel": one.channel, "status": one.error.status, "problem": one.error.problem()}
    assert one.receipt is not None
    assert one.receipt.record is not None
    headline = one.receipt.record.model_dump(mode="json", exclude_none=True)
    return {"channel": one.channel, "status": 201, "headline": headline}


async def duplicate(request: Request) -> Response:
    writer = await writers.of(request)
    given, body = await read_model(request, Duplicate)
    channel, headline_id = request.path_params["channel"], request.path_params["id"]
    receipt = await _editions(request).duplicate(
        channel, headline_id, given.channel, given.text, by=writer, once=once_of(request, body)
    )
    return created(receipt)


def _editions(request: Request) -> Editions:
    return Editions(request.app.state.desk)


routes: list[BaseRoute] = [
    Route("/v1/editions", publish, methods=["POST"]),
    Route("/v1/channels/{channel}/headlines/{id}/duplicate", duplicate, methods=["POST"]),
]
