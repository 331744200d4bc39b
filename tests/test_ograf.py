"""An output's ticker as a package that renderers take in; what it does there is in test_graphic.py."""

import asyncio
import io
import json
import zipfile
from collections.abc import Iterator

import aiohttp
import pytest

from tests import ograf
from tests.api import Api, fresh_key, serving
from tests.fonts import bold_path
from tests.servers import ROOT, RedisServer, Web

OUTPUTS = """
[channels.en]
[outputs.program]
channels = ["en"]
[outputs.look]
channels = ["en"]
addresses = ["https://main.example/", "https://backup.example"]
[outputs.look.look]
font = "{font}"
logo = "{folder}/logo.svg"
background = "#00ff00"
"""


@pytest.fixture(scope="module")
def web(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    (folder / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    with serving(
        redis_server, folder, OUTPUTS.replace("{folder}", str(folder)).replace("{font}", str(bold_path()))
    ) as web:
        yield web


@pytest.fixture
async def desk(http: aiohttp.ClientSession, web: Web) -> Api:
    return Api(http, web.url, await fresh_key(web, "desk", "admin"))


async def test_the_package_is_whole_and_valid(desk: Api, web: Web) -> None:
    base = "/onair/program/ograf/"
    manifest = await desk.get(base + "ticker.ograf.json")
    assert ograf.faults(manifest.json) == []
    assert manifest.json["schema"]["properties"]["service"]["default"] == f"{web.url}/onair/program"
    module = await desk.get(base + manifest.json["main"])
    assert module.headers["content-type"] == "text/javascript; charset=utf-8"
    assert module.headers["access-control-allow-origin"] == "*"
    async with desk.http.get(web.url + base + "ticker.zip") as answer:
        package = zipfile.ZipFile(io.BytesIO(await answer.read()))
    assert package.namelist() == ["ticker-program/ticker.ograf.json", "ticker-program/ticker.mjs"]
    assert json.loads(package.read("ticker-program/ticker.ograf.json")) == manifest.json
    assert package.read("ticker-program/ticker.mjs").decode() == module.text
    again = await desk.get(base + "ticker.mjs", If_None_Match=module.headers["etag"])
    assert (again.status, again.text) == (304, "")
    assert (await desk.get(base + "other.js")).fault == (404, "not-found")


async def test_the_module_has_all_that_the_output_looks_like(desk: Api) -> None:
    module = (await desk.get("/onair/look/ograf/ticker.mjs")).text
    told = json.loads(module.rpartition("graphicOf(")[2].removesuffix(");\n"))
    assert told["playlist"]["look"]["background"] == "#00ff00"
    assert told["playlist"]["fallback"] == ["Look"]
    assert told["font"].startswith("data:font/ttf;base64,")
    assert told["logo"].startswith("data:image/svg+xml;base64,")
    assert told["family"] == "On Air look"
    assert f'font-family: "{told["family"]}"' in told["css"]


async def test_the_graphic_follows_the_addresses_of_the_settings(desk: Api) -> None:
    manifest = (await desk.get("/onair/look/ograf/ticker.ograf.json")).json
    default = manifest["schema"]["properties"]["service"]["default"]
    assert default == "https://main.example/onair/look https://backup.example/onair/look"


async def test_the_module_runs_in_browsers_of_2019(desk: Api) -> None:
    module = (await desk.get("/onair/program/ograf/ticker.mjs")).text
    check = "require('acorn').parse(require('fs').readFileSync(0, 'utf8'), {ecmaVersion: 2019, sourceType: 'module'})"
    parsed = await asyncio.create_subprocess_exec(
        "node", "-e", check, cwd=ROOT, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, faults = await parsed.communicate(module.encode())
    assert parsed.returncode == 0, faults.decode()
