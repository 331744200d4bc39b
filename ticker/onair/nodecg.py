"""`/onair/{output}/nodecg.zip`: the page as a bundle for NodeCG, to unpack among its bundles.

NodeCG writes scripts of its own into a graphic's document, which the page forbids and NodeCG needs to know who shows
what. So the graphic is a frame around the page, and the page lies where NodeCG hands out files as they are.
"""

import asyncio
import functools
import json
from html import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ticker import __version__
from ticker.onair.document import Document
from ticker.onair.manifest import id_of
from ticker.onair.output import Output
from ticker.onair.package import File, package
from ticker.onair.page import document_of

MOST_KEPT = 10  # bundles; what an address says makes another


async def nodecg(request: Request) -> Response:
    """Always answered, as the page is, and with the page's key in it when the address has one."""
    output, document = await asyncio.to_thread(document_of, request)  # a large font is read and hashed the first time
    made = await asyncio.to_thread(bundle, output, document)
    headers = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-cache",
        "etag": made.etag,
        "content-disposition": f'attachment; filename="{id_of(output.name)}.zip"',
    }
    if made.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(made.content, headers=headers, media_type="application/zip")


@functools.lru_cache(maxsize=MOST_KEPT)
def bundle(output: Output, document: Document) -> File:
    name = id_of(output.name)  # of the folder, too: NodeCG refuses one whose name is another
    content_id = document.etag.strip('"')
    about = {
        "name": name,
        # Another page, another version: NodeCG then says which graphics still show the one before.
        "version": f"{__version__}+{content_id}",
        "description": f"{output.title}: the ticker on air",
        "nodecg": {"compatibleRange": "^2.0.0", "graphics": [_graphic(output)]},
    }
    files = {
        "package.json": json.dumps(about, ensure_ascii=False, indent=2).encode(),
        f"graphics/{output.name}.html": _frame(output).encode(),
        f"shared/{output.name}.html": document.content,
    }
    return File.of(package(name, files))


def _graphic(output: Output) -> dict[str, object]:
    look = output.look
    return {"file": f"{output.name}.html", "width": look.width, "height": look.height, "singleInstance": False}


def _frame(output: Output) -> str:
    """The page gets what the address says; but for `key`, which in a NodeCG with a login is a key of NodeCG's own."""
    return f"""<!doctype html>
<html>
<head>
<meta charset="utf-8">
<title>{escape(output.title)}</title>
<style>
html, body {{ margin: 0; height: 100%; overflow: hidden; background: transparent; }}
iframe {{ display: block; width: 100%; height: 100%; border: 0; }}
</style>
</head>
<body>
<iframe id="page" title="{escape(output.title)}"></iframe>
<script>
const asked = new URLSearchParams(location.search);
asked.delete("key");
document.getElementById("page").src = "../shared/{output.name}.html?" + asked;
</script>
</body>
</html>
"""


routes: list[BaseRoute] = [Route("/onair/{output}/nodecg.zip", nodecg)]
