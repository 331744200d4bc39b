"""`/v1/desk/{channel}/audit`: who did what, for those who read at the desk; searched, or all of it as a file."""

import re
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ticker import instant
from ticker.desk import export
from ticker.desk.api import HEADERS, admit
from ticker.desk.audit import MOST, Audit, Page, Wanted
from ticker.desk.chain import Entry
from ticker.errors import Invalid
from ticker.requests import whole_number

_ENTRY = re.compile(r"[0-9]{1,15}-[0-9]{1,10}")
WORDS = 200  # characters looked for


async def search(request: Request) -> Response:
    await admit(request)
    page = await found(request, limit=max(1, whole_number(request, "limit", 100, MOST)))
    entries = [{"entry": entry.id, **entry.fields, "chain": entry.chain} for entry in page.entries]
    return JSONResponse({"entries": entries, "next": page.next}, headers=HEADERS)


async def found(request: Request, *, limit: int) -> Page:
    """What the question in the address finds, of whoever has been admitted. Invalid when it is none."""
    return await search_in(_audit(request), request.path_params["channel"], request, limit=limit)


async def search_in(audit: Audit, name: str, request: Request, *, limit: int) -> Page:
    """The same in any audit."""
    after = request.query_params.get("after")
    if after is not None and not _ENTRY.fullmatch(after):
        raise _wrong("after", "must be the `next` of an answer before it")
    return await audit.search(name, wanted(request), after=after, limit=limit)


def shown(entry: Entry) -> dict[str, str]:
    """What a page shows of one. Of one that was broken by hand, when it came and what is left of it."""
    fields = entry.fields or {"after": entry.text}
    came = {"at": instant.format(int(entry.id.partition("-")[0])), "by": "", "action": "", "id": ""}
    return came | {name: str(value) for name, value in fields.items() if value is not None}


async def as_file(request: Request) -> Response:
    await admit(request)
    channel, format_ = request.path_params["channel"], request.url.path.rpartition(".")[2]
    headers = {**HEADERS, "content-disposition": f'attachment; filename="audit-{channel}.{format_}"'}
    body = _lines(_audit(request), channel, wanted(request), format_)
    return StreamingResponse(body, headers=headers, media_type=export.FORMATS[format_])


async def _lines(audit: Audit, channel: str, wanted: Wanted, format_: str) -> AsyncIterator[str]:
    yield export.head(format_)
    async for entries in audit.read(channel, wanted):
        yield export.lines(entries, format_)


def wanted(request: Request) -> Wanted:
    """What the address asks for. Invalid when that makes no sense."""
    asked = request.query_params
    words = {name: asked.get(name, "") for name in ("q", "by", "action", "id")}
    for name, value in words.items():
        if len(value) > WORDS:
            raise _wrong(name, f"may have {WORDS} characters")
    return Wanted(**words, since=_time(request, "from"), until=_time(request, "until"))


def _time(request: Request, name: str) -> int | None:
    given = request.query_params.get(name)
    if not given:
        return None
    try:
        return instant.parse(given)
    except ValueError as error:
        raise _wrong(name, str(error)) from None


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid("A query parameter is not right; see `errors`.", errors=[{"pointer": name, "detail": detail}])


def _audit(request: Request) -> Audit:
    audit: Audit = request.app.state.audit
    return audit


_AUDIT = "/v1/desk/{channel}/audit"

routes: list[BaseRoute] = [
    Route(_AUDIT, search),
    *(Route(f"{_AUDIT}.{format_}", as_file) for format_ in export.FORMATS),
]
