"""`/openapi.json`: the API described for tools, made from the models that check what comes in."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ticker import __version__
from ticker.api import Holding, Nothing, Place, Reason, Retraction
from ticker.desk.audit import MOST
from ticker.desk.audit_api import WORDS
from ticker.desk.editions_api import Duplicate, Together
from ticker.desk.export import FORMATS
from ticker.desk.presence import Presence
from ticker.fanout.poll import LONGEST_WAIT
from ticker.headline import Draft, Patch, Record
from ticker.most_read.api import Coverage, Decision
from ticker.most_read.ranking import LISTS, ROWS
from ticker.most_read.story import Story, StoryDraft
from ticker.onair.api import Kill, Page
from ticker.onair.control import Cue, Order
from ticker.onair.shapes import SHAPES
from ticker.urgency import Urgency

JSON = "application/json"
_CHANNEL = "/v1/channels/{channel}"
_HEADLINE = _CHANNEL + "/headlines/{id}"
_DESK = "/v1/desk/{channel}"
_STORY = _CHANNEL + "/stories/{id}"
_OUTPUT = "/onair/{output}"


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _param(name: str, where: str, schema: dict[str, Any], text: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": where, "schema": schema, "description": text, "required": required or where == "path"}


CHANNEL = _param("channel", "path", {"type": "string"}, "the channel's name, such as `en`")
ID = _param("id", "path", {"type": "string"}, "the headline's id")
STORY = _param("id", "path", {"type": "string"}, "the story's id")
DESTINATION = _param("output", "path", {"type": "string"}, "the output's name, such as `program`")
NAME = _param("name", "path", {"type": "string", "maxLength": 60}, "the coverage's name")
LIST = [
    _param("window", "query", {"type": "string", "enum": list(LISTS)}, "which list; `24h` by default"),
    _param("section", "query", {"type": "string", "maxLength": 60}, "of this section only"),
    _param("limit", "query", {"type": "integer", "minimum": 0, "maximum": ROWS}, "rows; 10 by default"),
]
FILTER = [
    _param("urgency", "query", {"type": "string", "enum": [u.value for u in Urgency]}, "this urgency and above"),
    _param("section", "query", {"type": "string", "maxLength": 60}, "this section only"),
]
AFTER = _param("after", "query", {"type": "string"}, "the position to go on from")
OUTPUT = _param("output", "query", {"type": "string", "maxLength": 60}, "the name by which the desk knows this one")
WAIT = _param("wait", "query", {"type": "integer", "minimum": 0, "maximum": LONGEST_WAIT}, "seconds to wait for news")
ONCE = _param(
    "Idempotency-Key",
    "header",
    {"type": "string", "pattern": "^[!-~]{1,200}$"},
    "the same key with the same request gets the same answer; with another one, 409",
)
AUDIT = [
    _param("q", "query", {"type": "string", "maxLength": WORDS}, "words in texts, reason or name"),
    _param("by", "query", {"type": "string", "maxLength": WORDS}, "a part of the writer's name"),
    _param("action", "query", {"type": "string", "maxLength": WORDS}, "this action"),
    _param("id", "query", {"type": "string", "maxLength": WORDS}, "this headline"),
    _param("from", "query", {"type": "string", "format": "date-time"}, "not before"),
    _param("until", "query", {"type": "string", "format": "date-time"}, "not after"),
    _param("after", "query", {"type": "string", "pattern": "^[0-9]{1,15}-[0-9]{1,10}$"}, "`next` of the answer before"),
]
LIMIT = _param("limit", "query", {"type": "integer", "minimum": 0, "maximum": MOST}, "entries; 100 by default")
IF_MATCH = _param("If-Match", "header", {"type": "string"}, 'the version edited, such as `"3"`', required=True)
IF_UNCHANGED = _param("If-Match", "header", {"type": "string"}, 'none but this version, such as `"3"`')
FORMAT = _param("format", "path", {"type": "string", "enum": ["rss", "atom", "json", "csv", "xml", "txt"]}, "the shape")
SHAPE = _param("shape", "path", {"type": "string", "enum": list(SHAPES)}, "the shape")

_READ_PROBLEMS = ("404", "405", "422", "429", "503")
_WRITE_PROBLEMS = ("400", "401", "403", "404", "405", "408", "409", "410", "413", "415", "422", "503")


def _operation(
    summary: str,
    params: list[dict[str, Any]],
    *,
    answer: dict[str, Any],
    body: type[BaseModel] | None = None,
    optional: bool = False,
    problems: tuple[str, ...] = _READ_PROBLEMS,
    status: str = "200",
) -> dict[str, Any]:
    responses: dict[str, Any] = {status: {"description": "done", **answer}}
    problem = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    responses |= {code: {"description": "refused; the problem document says why", **problem} for code in problems}
    operation: dict[str, Any] = {"summary": summary, "parameters": params, "responses": responses}
    if body is not None:
        operation["requestBody"] = {"required": not optional, "content": {JSON: {"schema": _ref(body)}}}
    if "401" in problems:
        operation["security"] = [{"key": []}, {"session": []}]
    return operation


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {JSON: {"schema": schema}}}


def _write(
    summary: str, body: type[BaseModel], *more: dict[str, Any], optional: bool = False, problems: tuple[str, ...] = ()
) -> dict[str, Any]:
    answer, params, problems = _json({"type": "object"}), [CHANNEL, ID, *more, ONCE], (*_WRITE_PROBLEMS, *problems)
    return _operation(summary, params, answer=answer, body=body, optional=optional, problems=problems)


def document() -> dict[str, Any]:
    models: list[type[BaseModel]] = [
        *(Draft, Patch, Record, Retraction, Holding, Place, Reason, Nothing, Together, Duplicate),
        *(Story, StoryDraft, Decision, Coverage, Presence, Order, Kill, Page),
    ]
    _, schemas = models_json_schema([(m, "validation") for m in models], ref_template="#/components/schemas/{model}")
    problem = {"type": "object", "required": ["type", "title", "status", "detail"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ticker", "version": __version__, "description": "Breaking headlines, in and out."},
        "paths": {**_reading(), **_writing(), **_actions(), **_at_desk(), **_most_read(), **_on_air()},
        "components": {
            "schemas": {**schemas.get("$defs", {}), "Problem": problem},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-ticker-session"},
            },
        },
    }


def _reading() -> dict[str, Any]:
    anything = _json({"type": "object"})
    snapshot = _operation("The board as it is now", [CHANNEL, *FILTER], answer=anything)
    stream = _operation(
        "Follow the channel as server-sent events",
        [CHANNEL, AFTER, *FILTER, OUTPUT],
        answer={"content": {"text/event-stream": {}}},
    )
    events = _operation(
        "What changed since a position; waits for the first change", [CHANNEL, AFTER, WAIT, *FILTER], answer=anything
    )
    feed = _operation("The board as a feed", [CHANNEL, FORMAT, *FILTER], answer={"content": {"*/*": {}}})
    for cached in (snapshot, feed):
        cached["responses"]["304"] = {"description": "not changed since the ETag"}
    return {
        "/v1/channels": {"get": _operation("The channels", [], answer=anything, problems=("405",))},
        _CHANNEL: {"get": snapshot},
        _CHANNEL + "/stream": {"get": stream},
        _CHANNEL + "/events": {"get": events},
        _CHANNEL + "/feed.{format}": {"get": feed},
    }


def _writing() -> dict[str, Any]:
    headline = _json(_ref(Record))
    publish = _operation(
        "Publish, or hand in a draft or for later",
        [CHANNEL, ONCE],
        answer=headline,
        body=Draft,
        problems=_WRITE_PROBLEMS,
        status="201",
    )
    edit = _operation(
        "Update it, or correct it when the body has a `correction`",
        [CHANNEL, ID, IF_MATCH, ONCE],
        answer=headline,
        body=Patch,
        problems=(*_WRITE_PROBLEMS, "412", "428"),
    )
    duplicate = _operation(
        "A draft of it for another channel",
        [CHANNEL, ID, ONCE],
        answer=headline,
        body=Duplicate,
        problems=_WRITE_PROBLEMS,
        status="201",
    )
    together = _operation(
        "Hand in several editions of one story",
        [ONCE],
        answer=_json({"type": "object"}),
        body=Together,
        problems=_WRITE_PROBLEMS,
    )
    read = _operation("One headline", [CHANNEL, ID], answer=headline, problems=("401", *_READ_PROBLEMS, "410"))
    check = _operation(
        "All that an editor should know before it leaves; changes nothing",
        [CHANNEL],
        answer=_json({"type": "object"}),
        body=Draft,
        problems=_WRITE_PROBLEMS,
    )
    return {
        _CHANNEL + "/headlines": {"post": publish},
        _CHANNEL + "/headlines/check": {"post": check},
        _HEADLINE: {"get": read, "patch": edit},
        _HEADLINE + "/duplicate": {"post": duplicate},
        "/v1/editions": {"post": together},
    }


def _actions() -> dict[str, Any]:
    """What is done to one headline."""
    actions = {
        "retract": _write("Kill it: gone everywhere, for good", Retraction),
        "hold": _write("Off every screen at once; reversible", Holding, optional=True),
        "release": _write("Let it go to readers", Nothing, IF_UNCHANGED, optional=True, problems=("412", "428")),
        "approve": _write(
            "Approve it as a second person", Reason, IF_UNCHANGED, optional=True, problems=("412", "428")
        ),
        "recall": _write("Back to a draft, before readers have it", Nothing, optional=True),
        "spike": _write("Away with a draft that nobody wants", Reason, optional=True),
        "expire": _write("Off the strip without a word, now", Nothing, optional=True),
        "fresh": _write("It was looked at, and still holds", Nothing, optional=True),
        "move": _write("Move or pin it", Place),
    }
    return {f"{_HEADLINE}/{name}": {"post": operation} for name, operation in actions.items()}


def _at_desk() -> dict[str, Any]:
    anything, by_desk = _json({"type": "object"}), ("401", "403", *_READ_PROBLEMS)
    snapshot = _operation("The desk as it is now", [CHANNEL, *FILTER], answer=anything, problems=by_desk)
    stream = _operation(
        "Follow the desk as server-sent events",
        [CHANNEL, AFTER, *FILTER],
        answer={"content": {"text/event-stream": {}}},
        problems=by_desk,
    )
    events = _operation(
        "What changed at the desk since a position", [CHANNEL, AFTER, WAIT, *FILTER], answer=anything, problems=by_desk
    )
    appear = _operation(
        "Say that you are there", [CHANNEL], answer=anything, body=Presence, problems=(*_WRITE_PROBLEMS, "429")
    )
    audit = _operation("Who did what, newest first", [CHANNEL, *AUDIT, LIMIT], answer=anything, problems=by_desk)
    files = {
        f"{_DESK}/audit.{name}": {
            "get": _operation(
                "All of it, oldest first", [CHANNEL, *AUDIT[:-1]], answer={"content": {kind: {}}}, problems=by_desk
            )
        }
        for name, kind in FORMATS.items()
    }
    tab = _param("tab", "query", {"type": "string"}, "the page that leaves")
    return {
        _DESK: {"get": snapshot},
        _DESK + "/stream": {"get": stream},
        _DESK + "/events": {"get": events},
        _DESK + "/receipts/{id}": {
            "get": _operation("What has been confirmed", [CHANNEL, ID], answer=anything, problems=by_desk)
        },
        _DESK + "/audit": {"get": audit},
        **files,
        _DESK + "/presence": {
            "get": _operation("Who is there", [CHANNEL], answer=anything, problems=by_desk),
            "put": appear,
            "delete": _operation("Leave", [CHANNEL, tab], answer=anything, problems=by_desk),
        },
    }


def _on_air() -> dict[str, Any]:
    anything = _json({"type": "object"})
    events: dict[str, Any] = {"content": {"text/event-stream": {}}}
    by_gallery = ("401", "403", *_READ_PROBLEMS)

    def read(summary: str, answer: dict[str, Any], *params: dict[str, Any], problems: tuple[str, ...]) -> Any:
        return {"get": _operation(summary, [DESTINATION, *params], answer=answer, problems=problems)}

    playlist = read("What pages of the output show", anything, problems=_READ_PROBLEMS)
    playlist["get"]["responses"]["304"] = {"description": "not changed since the ETag"}
    feed = read("What it shows, for systems that fetch", {"content": {"*/*": {}}}, SHAPE, problems=_READ_PROBLEMS)
    tree = {"get": _operation("All outputs as a feed of feeds", [], answer={"content": {"*/*": {}}}, problems=("405",))}
    for cached in (feed, tree):
        cached["get"]["responses"]["304"] = {"description": "not changed since the ETag"}
    rows: dict[str, Any] = {"content": {"text/csv": {}}}
    kill = _operation(
        "Kill a headline, from here and everywhere", [DESTINATION], answer=anything, body=Kill, problems=_WRITE_PROBLEMS
    )
    forget = _operation("Miss a page no longer", [DESTINATION], answer=anything, body=Page, problems=_WRITE_PROBLEMS)
    cues = {
        f"{_OUTPUT}/{cue}": {
            "post": _operation(
                f"Say `{cue}` to the output", [DESTINATION], answer=anything, body=Order, optional=True,
                problems=(*_WRITE_PROBLEMS, "412"),
            )
        }
        for cue in Cue
    }  # fmt: skip
    return {
        _OUTPUT + "/playlist.json": playlist,
        "/onair/feed.atom": tree,
        _OUTPUT + "/feed.{shape}": feed,
        _OUTPUT + "/stream": read("The same as it changes", events, problems=_READ_PROBLEMS),
        _OUTPUT + "/state": read("What the gallery sees", anything, problems=by_gallery),
        _OUTPUT + "/state/stream": read("The same as it changes", events, problems=by_gallery),
        _OUTPUT + "/as-run": read("What was on air, newest first", anything, *AUDIT, LIMIT, problems=by_gallery),
        _OUTPUT + "/as-run.csv": read("All of it, oldest first", rows, *AUDIT[:-1], problems=by_gallery),
        **cues,
        _OUTPUT + "/kill": {"post": kill},
        _OUTPUT + "/forget": {"post": forget},
        "/v1/onair": {
            "get": _operation("What the gallery sees, of every output", [], answer=anything, problems=by_gallery)
        },
        "/v1/onair/stream": {"get": _operation("The same as it changes", [], answer=events, problems=by_gallery)},
    }


def _most_read() -> dict[str, Any]:
    anything, story = _json({"type": "object"}), _json(_ref(Story))
    register = _operation(
        "Register a story", [CHANNEL], answer=story, body=StoryDraft, problems=_WRITE_PROBLEMS, status="201"
    )
    again = _operation("Register it again", [CHANNEL, STORY], answer=story, body=StoryDraft, problems=_WRITE_PROBLEMS)
    for one in (register, again):
        one["responses"] |= {code: {"description": "done", **story} for code in ("200", "201")}
    decide = _operation(
        "An editor's word on a story", [CHANNEL, STORY], answer=anything, body=Decision, problems=_WRITE_PROBLEMS
    )
    cover = _operation(
        "Keep stories together", [CHANNEL, NAME], answer=anything, body=Coverage, problems=_WRITE_PROBLEMS
    )
    by_editors = ("401", "403", "404", "405", "422", "503")
    return {
        _CHANNEL + "/most-read": {"get": _operation("What is read most", [CHANNEL, *LIST], answer=anything)},
        _CHANNEL + "/stories": {"post": register},
        _STORY: {"get": _operation("One story", [CHANNEL, STORY], answer=story), "put": again},
        _STORY + "/next": {"get": _operation("What to read next, and why", [CHANNEL, STORY], answer=anything)},
        _STORY + "/ruling": {
            "put": decide,
            "delete": _operation("Take it back", [CHANNEL, STORY], answer=anything, problems=by_editors),
        },
        _CHANNEL + "/rulings": {
            "get": _operation("What editors decided", [CHANNEL], answer=anything, problems=by_editors)
        },
        _CHANNEL + "/coverage/{name}": {
            "get": _operation("Stories that belong together", [CHANNEL, NAME], answer=anything),
            "put": cover,
            "delete": _operation("No longer", [CHANNEL, NAME], answer=anything, problems=by_editors),
        },
    }


async def openapi(_: Request) -> Response:
    return JSONResponse(document(), headers={"cache-control": "public, max-age=60"})


routes: list[BaseRoute] = [Route("/openapi.json", openapi)]
