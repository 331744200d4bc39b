"""`/onair/{output}`: the page that goes on air. It is always answered, whatever else is down."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ticker.errors import NoOutput
from ticker.onair import playlist
from ticker.onair.document import Document, Renderer, cleaned, document
from ticker.onair.output import Output
from ticker.settings import Settings

LONGEST_KEY = 1000  # characters; no report may have a longer one


def document_of(request: Request) -> tuple[Output, Document]:
    """The output that is asked for, and its page. NoOutput when there is none of that name.

    Nothing of it comes from Redis: what is on air reaches the page by its own way.
    """
    settings: Settings = request.app.state.settings
    name = request.path_params["output"]
    output = settings.outputs.get(name)
    if output is None:
        raise NoOutput(name)
    asked = request.query_params
    renderer = Renderer(cleaned(asked.get("page", "")), asked.get("key", "")[:LONGEST_KEY], "preview" in asked)
    starter = playlist.starter(output, [settings.channels[channel] for channel in output.channels])
    return output, document(output, starter, output.addresses or (str(request.base_url),), renderer)


async def page(request: Request) -> Response:
    output, made = await asyncio.to_thread(document_of, request)  # a large font is read and hashed the first time
    headers = {
        "content-security-policy": made.policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",  # the address has the key
        "cache-control": "no-cache",
        "etag": made.etag,
    }
    if "download" in request.query_params:
        headers["content-disposition"] = f'attachment; filename="{output.name}.html"'
    if made.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(made.content, headers=headers, media_type="text/html")


routes: list[BaseRoute] = [Route("/onair/{output}", page)]
