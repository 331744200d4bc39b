"""The template is put up, kept up and told every change, whatever becomes of either side. Against a stand-in of the
server that clients of others find right, too.
"""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from time import process_time

import pytest
from amcp_pylib.core import ClientAsync
from amcp_pylib.module import query, template

from tests.amcp_server import NEXT, RELEASED, CasparServer, caspar_server
from tests.pushed import A, B, item, playlist
from tests.samples import NOW
from tests.servers import ROOT
from tests.tcp import answering
from tests.test_amcp import texts
from ticker.onair.output import CasparCG
from workers.onair.adapter import Message, Trouble
from workers.onair.caspar import Caspar, data

PAGE = "http://ticker:8000/onair/program?page=caspar&key=abc"
ONE, BOTH = playlist(item(A)), playlist(item(A), item(B, 'Say "no" \\ to $5bn عاجل'))
PLACE = (1, 20)


@pytest.fixture(params=[RELEASED, NEXT])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[CasparServer]:
    async with caspar_server(release=request.param) as server:
        yield server


def driver(server: CasparServer, *, page: str = PAGE, time: float = 3.0, **settings: object) -> Caspar:
    return Caspar(CasparCG(host="127.0.0.1", port=server.port, **settings), page, time=time)  # type: ignore[arg-type]


def verbs(server: CasparServer) -> list[str]:
    return [" ".join(word for word in line.split(" ")[:3] if "-" not in word) for line in server.commands]


def last_data(server: CasparServer) -> dict[str, str]:
    """Of the last update: what JavaScript makes of it, for our data has nothing but escaped quotes in it."""
    call = [call for call in server.on[PLACE].calls if call.startswith("update(")][-1]
    return texts(call.removeprefix('update("').removesuffix('")').replace('\\"', '"'))


async def show(caspar: Caspar, playlist: Message) -> float:
    return await caspar.show(playlist, NOW)


async def test_the_page_is_put_up_and_told_each_change(server: CasparServer) -> None:
    caspar = driver(server)
    await show(caspar, ONE)
    assert server.on[PLACE].name == PAGE
    assert server.on[PLACE].calls[-1] == "play()"
    assert json.loads(last_data(server)["playlist"]) == ONE
    await show(caspar, BOTH)
    assert json.loads(last_data(server)["playlist"]) == BOTH
    assert set(last_data(server)) == {"playlist"}
    assert verbs(server) == ["INFO", "CG ADD", "CG UPDATE"]
    await show(caspar, BOTH)
    assert verbs(server)[3:] == ["INFO"]
    assert server.most_under_way == 1
    await caspar.close()


async def test_a_kill_is_in_the_update_and_what_was_only_held_comes_back(server: CasparServer) -> None:
    caspar = driver(server)
    for told, there in ((BOTH, True), (ONE, False), (BOTH, True)):
        await show(caspar, told)
        assert (B in last_data(server)["playlist"]) is there
    assert not [call for call in server.on[PLACE].calls if call.startswith("kill(")], "that would be for good"
    await caspar.close()


async def test_when_we_restart_what_is_up_stays_up(server: CasparServer) -> None:
    first, second = driver(server), driver(server)
    await show(first, ONE)
    await first.close()
    await show(second, BOTH)
    assert verbs(server) == ["INFO", "CG ADD", "INFO", "CG UPDATE"]
    await second.close()


async def test_when_the_server_restarts_it_is_put_up_again(server: CasparServer) -> None:
    caspar = driver(server)
    await show(caspar, ONE)
    await server.stop()
    with pytest.raises(Trouble, match=r"closed the connection|broke off"):
        await show(caspar, ONE)
    with pytest.raises(Trouble, match="cannot be connected to"):
        await show(caspar, ONE)
    await server.start()
    await show(caspar, ONE)
    assert json.loads(last_data(server)["playlist"]) == ONE
    await caspar.close()


async def test_when_somebody_clears_the_layer_it_is_put_up_again(server: CasparServer) -> None:
    caspar = driver(server)
    await show(caspar, ONE)
    server.on.clear()
    await show(caspar, ONE)
    assert server.on[PLACE].name == PAGE
    server.on.clear()
    await show(caspar, BOTH)  # it hears so from the 403 of its update
    assert json.loads(last_data(server)["playlist"]) == BOTH
    await caspar.close()


async def test_when_somebody_has_another_page_there_ours_replaces_it(server: CasparServer) -> None:
    server.answer('CG 1-20 ADD 1 "http://elsewhere/page" 1')
    caspar = driver(server)
    await show(caspar, ONE)
    assert server.on[PLACE].name == PAGE
    await caspar.close()


async def test_a_page_that_could_not_be_loaded_is_put_up_again_and_told(server: CasparServer) -> None:
    server.loads = False
    caspar = driver(server)
    await show(caspar, ONE)
    with pytest.raises(Trouble, match="could not load the page"):
        await show(caspar, ONE)
    server.loads = True
    with pytest.raises(Trouble, match="could not load the page"):
        await show(caspar, ONE)  # this time it is put up and loads
    await show(caspar, ONE)
    assert server.on[PLACE].loaded
    await caspar.close()


async def test_a_page_that_has_loaded_since_is_not_told_any_more(server: CasparServer) -> None:
    server.loads = False
    caspar = driver(server)
    await show(caspar, ONE)
    server.loads = True
    with pytest.raises(Trouble, match="could not load the page"):
        await show(caspar, ONE)  # this time it is put up and loads
    await show(caspar, BOTH)
    assert json.loads(last_data(server)["playlist"]) == BOTH
    await caspar.close()


@pytest.mark.parametrize(("fault", "sentence"), [
    ({"locked": True}, "Somebody has locked channel 1"),
    ({"overflowing": True}, "overloaded"),
    ({"channels": 0}, "no channel 1"),
    ({"hanging": True}, "did not answer within 0.2 s"),
])  # fmt: skip
async def test_what_it_refuses_is_told_in_a_sentence_and_is_over_when_it_is(
    server: CasparServer, fault: dict[str, object], sentence: str
) -> None:
    well = {name: getattr(server, name) for name in fault}
    caspar = driver(server, time=0.2 if "hanging" in fault else 3.0)
    for name, value in fault.items():
        setattr(server, name, value)
    for _ in range(2):
        with pytest.raises(Trouble, match=sentence) as refused:
            await show(caspar, ONE)
        assert "key=" not in str(refused.value)
    for name, value in well.items():
        setattr(server, name, value)
    caspar._time = 3.0  # what answers may take its time
    await show(caspar, ONE)
    assert json.loads(last_data(server)["playlist"]) == ONE
    await caspar.close()


async def test_a_template_of_others_is_stopped_and_played(server: CasparServer) -> None:
    caspar = driver(server, template="ticker/ticker")
    await show(caspar, playlist(item(A), on=False, stop="now"))
    assert "play()" not in server.on[PLACE].calls
    assert last_data(server)["f0"] == "Headline a"
    await show(caspar, ONE)
    assert server.on[PLACE].calls[-1] == "play()"
    await show(caspar, playlist(item(A), on=False, stop="now"))
    assert server.on[PLACE].calls[-1] == "stop()"
    await caspar.close()


async def test_when_another_page_takes_the_place_of_a_template_it_is_put_up_again(server: CasparServer) -> None:
    caspar = driver(server, template="ticker/ticker")
    for _ in range(2):
        await show(caspar, ONE)
    server.answer('CG 1-20 ADD 1 "http://elsewhere/page" 1')
    for _ in range(3):
        await show(caspar, ONE)
    assert server.on[PLACE].name == "ticker/ticker"
    assert verbs(server).count("CG ADD") == 3, "the other's, and ours twice"
    await caspar.close()


async def test_a_template_gets_a_rehearsal_with_its_mark(server: CasparServer) -> None:
    caspar = driver(server, template="ticker/ticker")
    await show(caspar, playlist(item(A), kind="training"))
    assert last_data(server)["f0"] == "REHEARSAL: Headline a"
    await caspar.close()


async def test_a_template_that_is_not_there_is_told(server: CasparServer) -> None:
    caspar = driver(server, template="no/such")
    with pytest.raises(Trouble, match="does not find the template 'no/such'"):
        await show(caspar, ONE)


async def test_what_is_no_caspar_is_told() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\nhello\r\n")
        await writer.drain()

    async with answering(greet) as port:
        caspar = Caspar(CasparCG(host="127.0.0.1", port=port), PAGE)
        with pytest.raises(Trouble, match="not CasparCG"):
            await show(caspar, ONE)


async def test_an_answer_that_has_no_end_is_let_go_of_and_holds_up_nothing_else() -> None:
    async def go_on(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"200 OK\r\n")
        while True:
            writer.write(b"x\r\n" * 20_000)
            await writer.drain()

    async with answering(go_on) as port:
        caspar = Caspar(CasparCG(host="127.0.0.1", port=port), PAGE, time=60)
        begun = process_time()
        with pytest.raises(Trouble, match="without an end"):
            await show(caspar, ONE)
    assert process_time() - begun < 10


# --- clients of others find the stand-in right ------------------------------------------------------------------------


async def test_amcp_pylib_understands_the_stand_in(server: CasparServer) -> None:
    client = ClientAsync()
    await client.connect("127.0.0.1", server.port)
    assert (await client.send(query.VERSION())).code == 201
    missing = await client.send(template.CG_UPDATE(video_channel=1, layer=20, cg_layer=1, data="<d/>"))
    assert (missing.code, missing.status) == (403, "FAILED")
    added = template.CG_ADD(
        video_channel=1, layer=20, cg_layer=1, template="ticker/ticker", play_on_load=1, data=data_of(ONE)
    )
    assert (await client.send(added)).code == 202
    told = await client.send_raw_command("INFO 1-20")
    assert told.code == 201
    assert "<producer>html</producer>" in told.data_str
    assert (await client.send_raw_command("NONSENSE")).code == 400
    await client.connection.disconnect()


def data_of(playlist: Message) -> str:
    return data(playlist, NOW, own=False).replace('"', '\\"')


async def test_casparcg_connection_understands_the_stand_in(server: CasparServer) -> None:
    script = Path(__file__).with_name("casparcg.mjs")
    client = await asyncio.create_subprocess_exec(
        "node", str(script), str(server.port), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, errors = await asyncio.wait_for(client.communicate(), 60)
    assert client.returncode == 0, errors.decode()
    told = json.loads(out)
    assert told["version"] == 201
    assert told["missing"] == 403
    assert (told["add"], told["update"], told["stop"]) == (202, 202, 202)
    assert told["unknown"] == 404
    assert [call.partition("(")[0] for call in server.on[PLACE].calls] == ["update", "play", "update", "stop"]
