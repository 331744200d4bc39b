"""The HTTP of "most read": the lists, the beacon, the stories, and what editors decide about them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import instant, writers
from ticker.channel import Channel
from ticker.errors import Forbidden, Invalid, NoStory, TooLarge
from ticker.events import EventType
from ticker.fanout.fanout import Fanout
from ticker.fanout.hub import Hub
from ticker.headline import NAME_LIMIT, Name, Note
from ticker.most_read import related
from ticker.most_read.beacon import LARGEST, PIXEL, Beacon
from ticker.most_read.lists import Lists, Row
from ticker.most_read.ranking import LISTS, ROWS, Verdict
from ticker.most_read.scope import REGION, SECTION, Scope
from ticker.most_read.stories import Stories
from ticker.most_read.story import Story, StoryDraft, StoryId, canonical, story_id
from ticker.requests import read_body, read_model, whole_number
from ticker.writer import Scope as Right
from ticker.writer import Writer

DEFAULT_ROWS = 10
MINUTE = 60_000  # ms
# What is killed must not come out of a cache for long; so while we are away, what readers have stays and nothing else.
LIST_CACHE = {"cache-control": "public, max-age=2, stale-while-revalidate=10"}
NO_STORE = {"cache-control": "no-store"}

_OF_OTHERS = "Pages of this origin may not send reads of this channel; its `origins` list those that may."


class Decision(BaseModel):
    """An editor's word on a story: its place in the lists, that it is in none, or that it may be in all the same."""

    model_config = ConfigDict(extra="forbid")
    verdict: Verdict
    place: int = Field(default=1, ge=1, le=ROWS)
    reason: Note | None = None


class Coverage(BaseModel):
    """Stories that belong together, kept by editors under a name."""

    model_config = ConfigDict(extra="forbid")
    title: Name
    stories: list[StoryId] = Field(min_length=1, max_length=200)


# --- for readers ------------------------------------------------------------------------------------------------------


async def most_read(request: Request) -> Response:
    """A list, without rows when it is too old to be shown. `explain` is for editors."""
    fanout, name = _fanout(request), request.query_params.get("window", "24h")
    scope = _scope(request, fanout.channel)
    if name not in LISTS:
        raise _fault("window", f"must be one of {', '.join(LISTS)}")
    lists: Lists = request.app.state.lists
    rows, as_of = await lists.read_lately(scope, name, fanout.now)
    hide_after = fanout.channel.most_read.hide_minutes * MINUTE
    stale = as_of is None or fanout.now - as_of > hide_after
    shown = [] if stale else _shown(fanout, rows)[: whole_number(request, "limit", DEFAULT_ROWS, ROWS)]
    body: dict[str, Any] = {"window": name, "as_of": instant.format(as_of) if as_of else None}
    body |= {"now": instant.format(fanout.now), **_read_as(fanout.channel), "stories": shown}
    body |= {scope.kind: scope.name} if scope.kind else {}
    body |= {"stale": True} if stale else {}
    if "explain" not in request.query_params:
        return JSONResponse(body, headers=LIST_CACHE)
    await _editor(request, Right.CURATE)
    told = await lists.explain(scope, [row["id"] for row in shown], fanout.now) if shown else {}
    body["stories"] = [{**row, "explain": told[row["id"]]} for row in shown]
    return JSONResponse(body, headers=NO_STORE)


def _read_as(channel: Channel) -> dict[str, str]:
    """The language of what has none of its own, and the side on which a list of it begins."""
    return {"lang": channel.lang, "dir": channel.dir}


def _shown(fanout: Fanout, rows: list[Row]) -> list[Row]:
    """Without those whose headline has left the board: they leave with the same event."""
    kept = [row for row in rows if row.get("headline") is None or not _takes_along(fanout, row["headline"])]
    return [{**row, "rank": place} for place, row in enumerate(kept, 1)]


def _takes_along(fanout: Fanout, headline: str) -> bool:
    """Whether a headline has left, and its story with it: before the scheduler has said so of the story."""
    if headline in fanout.board:
        return False
    last = fanout.changes.last(headline)
    return fanout.channel.most_read.expired_leave or last is None or last.type is not EventType.EXPIRED


async def read_next(request: Request) -> Response:
    fanout, stories = _fanout(request), _stories(request)
    channel = fanout.channel.name
    story = await stories.get(channel, request.path_params["id"])
    await _must_be_shown(request, channel, story)
    lists: Lists = request.app.state.lists
    around = await lists.around(fanout.channel, fanout.now)
    after = await stories.read_after(channel, story.id)
    found = related.read_next(story, around.stories, after, around.coverage, around.barred)
    shown = await _shown_with(request, channel, [one.story for one in found])
    rows = [{**shown[one.story.id], "why": one.why, "about": one.about} for one in found if one.story.id in shown]
    return JSONResponse({"story": story.id, **_read_as(fanout.channel), "stories": rows}, headers=LIST_CACHE)


async def reads(request: Request) -> Response:
    """The beacon by the usual road; see beacon.py for the short one."""
    fanout, beacon, headers = _fanout(request), _beacon(request), dict(request.headers.raw)
    if not beacon.may(fanout.channel, headers):
        raise Forbidden(_OF_OTHERS)
    body = await read_body(request)
    if len(body) > LARGEST:
        raise TooLarge(f"A beacon may have at most {LARGEST} bytes.")
    beacon.count(fanout.channel.name, body, _address(request), headers)
    return Response(status_code=204, headers=NO_STORE)


async def pixel(request: Request) -> Response:
    query: bytes = request.scope["query_string"]
    if len(query) > LARGEST:
        raise TooLarge(f"A beacon may have at most {LARGEST} bytes.")
    channel, beacon, headers = _fanout(request).channel, _beacon(request), dict(request.headers.raw)
    if not beacon.may_show(channel, headers):
        raise Forbidden(_OF_OTHERS)
    beacon.count(channel.name, query, _address(request), headers)
    return Response(PIXEL, headers=NO_STORE, media_type="image/gif")


# --- for those who write ----------------------------------------------------------------------------------------------


async def register(request: Request) -> Response:
    await _editor(request, Right.STORIES)
    fanout = _fanout(request)
    draft, _ = await read_model(request, StoryDraft)
    return await _registered(request, fanout, draft)


async def replace(request: Request) -> Response:
    """The same under the story's own address; its id follows from its link."""
    await _editor(request, Right.STORIES)
    fanout = _fanout(request)
    draft, _ = await read_model(request, StoryDraft)
    if story_id(canonical(draft.link)) != request.path_params["id"]:
        raise _fault("/link", "is not this story's: the id of a story follows from its link")
    return await _registered(request, fanout, draft)


async def _registered(request: Request, fanout: Fanout, draft: StoryDraft) -> Response:
    story, new = await _stories(request).register(fanout.channel, draft, fanout.now)
    headers = {**NO_STORE, "location": f"/v1/channels/{fanout.channel.name}/stories/{story.id}"}
    return Response(story.to_json(), 201 if new else 200, headers, media_type="application/json")


async def story(request: Request) -> Response:
    """A story for everybody, unless its time has not come, or its headline's; or its headline was killed or is held."""
    channel, id_ = _fanout(request).channel.name, request.path_params["id"]
    found = await _stories(request).get(channel, id_)
    await _must_be_shown(request, channel, found)
    return Response(found.to_json(), headers=LIST_CACHE, media_type="application/json")


async def decide(request: Request) -> Response:
    """PUT: from now on. DELETE: no longer."""
    editor, channel = await _editor(request, Right.CURATE), _fanout(request).channel.name
    id_ = request.path_params["id"]
    await _stories(request).get(channel, id_)
    decision: dict[str, Any] | None = None
    if request.method == "PUT":
        given, _ = await read_model(request, Decision)
        decision = {**given.model_dump(mode="json", exclude_none=True), "by": editor.name}
        decision["at"] = instant.format(_fanout(request).now)
    await _stories(request).rule(channel, id_, decision)
    return JSONResponse({"id": id_, "ruling": decision}, headers=NO_STORE)


async def rulings(request: Request) -> Response:
    """What editors have decided, and what the gate holds out until they do."""
    await _editor(request, Right.CURATE)
    channel, stories = _fanout(request).channel.name, _stories(request)
    flags = {id_: {**one, "at": instant.format(one["at"])} for id_, one in (await stories.flags(channel)).items()}
    return JSONResponse({"rulings": await stories.rulings(channel), "flags": flags}, headers=NO_STORE)


async def coverage(request: Request) -> Response:
    channel, name = _fanout(request).channel, request.path_params["name"]
    if len(name) > NAME_LIMIT:
        raise _fault("name", f"is longer than {NAME_LIMIT} characters")
    kept: dict[str, Any] | None
    if request.method == "GET":
        kept = (await _stories(request).coverages(channel.name)).get(name)
        found = await _stories(request).find(channel.name, kept["stories"]) if kept else {}
        rows = list((await _shown_with(request, channel.name, list(found.values()))).values())
        body = {"name": name, "title": kept["title"] if kept else None, **_read_as(channel), "stories": rows}
        return JSONResponse(body, headers=LIST_CACHE)
    await _editor(request, Right.CURATE)
    kept = None
    if request.method == "PUT":
        given, _ = await read_model(request, Coverage)
        kept = given.model_dump(mode="json")
    await _stories(request).cover(channel.name, name, kept)
    return JSONResponse({"name": name, "coverage": kept}, headers=NO_STORE)


# --- what the app has made --------------------------------------------------------------------------------------------


def _fanout(request: Request) -> Fanout:
    hub: Hub = request.app.state.hub
    return hub.fanout(request.path_params["channel"])


def _stories(request: Request) -> Stories:
    lists: Lists = request.app.state.lists
    return lists.stories


def _beacon(request: Request) -> Beacon:
    beacon: Beacon = request.app.state.beacon
    return beacon


async def _must_be_shown(request: Request, channel: str, story: Story) -> None:
    if await _hidden(request, channel, [story], await _linked(request, channel, [story.id])):
        raise NoStory(story.id)


async def _shown_with(request: Request, channel: str, stories: list[Story]) -> dict[str, Row]:
    """Those that may be shown, each with the headline with which it leaves."""
    linked = await _linked(request, channel, [story.id for story in stories])
    hidden = await _hidden(request, channel, stories, linked)
    rows = {story.id: story.model_dump(mode="json", exclude_none=True) for story in stories if story.id not in hidden}
    return {id_: {**row, **({"headline": linked[id_]} if id_ in linked else {})} for id_, row in rows.items()}


async def _linked(request: Request, channel: str, ids: list[str]) -> dict[str, str]:
    lists: Lists = request.app.state.lists
    return await lists.withheld.headlines(channel, ids)


async def _hidden(request: Request, channel: str, stories: list[Story], linked: Mapping[str, str]) -> set[str]:
    lists: Lists = request.app.state.lists
    fanout = _fanout(request)
    reasons = await lists.withheld.reasons(channel, [story.id for story in stories])
    early = {story.id for story in stories if story.published_at > fanout.now}
    left = {id_ for id_, headline in linked.items() if _takes_along(fanout, headline)}
    return early | left | {id_ for id_, why in reasons.items() if why in ("retracted", "held")}


async def _editor(request: Request, right: Right) -> Writer:
    writer = await writers.of(request)
    writer.allow_scope(right, request.path_params["channel"])
    return writer


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _scope(request: Request, channel: Channel) -> Scope:
    named = [(kind, name) for kind in (SECTION, REGION) if (name := request.query_params.get(kind))]
    if len(named) > 1:
        raise _fault(REGION, "cannot be asked for along with a section")
    if any(len(name) > NAME_LIMIT for _, name in named):
        raise _fault(named[0][0], f"is longer than {NAME_LIMIT} characters")
    return Scope(channel.name, *named[0]) if named else Scope(channel.name)


def _fault(pointer: str, detail: str) -> Invalid:
    return Invalid("Something is not right; see `errors`.", errors=[{"pointer": pointer, "detail": detail}])


_CHANNEL = "/v1/channels/{channel}"
_STORY = _CHANNEL + "/stories/{id}"

routes: list[BaseRoute] = [
    Route(_CHANNEL + "/most-read", most_read),
    Route(_CHANNEL + "/reads", reads, methods=["POST"]),
    Route(_CHANNEL + "/reads.gif", pixel),
    Route(_CHANNEL + "/stories", register, methods=["POST"]),
    Route(_STORY, story, methods=["GET"]),
    Route(_STORY, replace, methods=["PUT"]),
    Route(_STORY + "/next", read_next),
    Route(_STORY + "/ruling", decide, methods=["PUT", "DELETE"]),
    Route(_CHANNEL + "/rulings", rulings),
    Route(_CHANNEL + "/coverage/{name}", coverage, methods=["GET", "PUT", "DELETE"]),
]
