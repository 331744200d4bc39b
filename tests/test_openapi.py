"""/openapi.json, held against a real process by a tool that makes up requests."""

import asyncio
import sys
from pathlib import Path

import aiohttp

from tests.api import Api, fresh_key
from tests.servers import Web
from ticker import api
from ticker.desk import api as desk_api
from ticker.onair import feeds as onair_feeds

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", "missing_required_header", "unsupported_method", "negative_data_rejection",
    "ignored_auth",
)  # fmt: skip
SECONDS = 20
REFUSALS = [400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 428]


async def test_made_up_requests_get_what_the_document_promises(web: Web, tmp_path: Path) -> None:
    key = await fresh_key(web, "Schemathesis", "admin")
    (tmp_path / "schemathesis.toml").write_text(f"[checks.negative_data_rejection]\nexpected-statuses = {REFUSALS}\n")
    command = [
        "-m", "schemathesis.cli", "run", f"{web.url}/openapi.json", "--header", f"Authorization: Bearer {key}",
        "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", "15",
        "--max-time", str(SECONDS), "--exclude-path-regex", "/stream$", "--request-timeout", "10", "--no-color",
        "--seed", "1", "--warnings", "off", "--generation-database", "none", "--continue-on-failure",
    ]  # fmt: skip
    tool = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await tool.communicate()
    assert tool.returncode == 0, "\n".join(line[:300] for line in out.decode().splitlines())


async def test_the_document_names_every_route_of_the_api(web: Web) -> None:
    async with aiohttp.ClientSession() as http:
        paths = (await Api(http, web.url).get("/openapi.json")).json["paths"]
    assert {route.path for route in (*api.routes, *desk_api.routes, *onair_feeds.routes)} <= set(paths)  # type: ignore[attr-defined]
