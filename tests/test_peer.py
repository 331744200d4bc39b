"""Systems behind HTTP: asked as they document it, bounded, and told of in sentences without a secret."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.http_system import HttpSystem
from workers.onair.adapter import Trouble
from workers.onair.peer import LARGEST, Peer


async def test_what_is_asked_arrives_as_it_is(system: HttpSystem, asker: Peer) -> None:
    text = 'a+b & c=d? "no" #1 100 % عاجل \U0001f4f0'
    await asker.ask("It", "GET", system.url + "/api/", query={"Value": text})
    await asker.ask("It", "PUT", system.url + "/x", json={"text": text})
    assert system.asked == [("GET", "/api/", {"Value": text}, None), ("PUT", "/x", {}, {"text": text})]


@pytest.mark.parametrize(("fault", "sentence", "wait"), [
    ({"status": 500}, "It answered 500.", 0),
    ({"status": 302, "headers": {"Location": "/elsewhere"}}, "It answered 302.", 0),
    ({"status": 429, "headers": {"Retry-After": "7"}}, "It answered 429.", 7),
    ({"status": 503, "headers": {"Retry-After": "999999"}}, "It answered 503.", 30),
    ({"hangs": True}, "It did not answer within 0.5 s.", 0),
    ({"dies": True}, "It does not speak HTTP as it should (ServerDisconnectedError).", 0),
])  # fmt: skip
async def test_what_goes_wrong_is_a_sentence(
    system: HttpSystem, asker: Peer, fault: dict[str, Any], sentence: str, wait: float
) -> None:
    for name, value in fault.items():
        setattr(system, name, value)
    with pytest.raises(Trouble) as trouble:
        await asker.ask("It", "PUT", system.url + "/secret", json={})
    assert (str(trouble.value), trouble.value.wait) == (sentence, wait)


async def test_one_that_is_away_is_a_sentence_without_its_address(system: HttpSystem, asker: Peer) -> None:
    await system.stop()
    with pytest.raises(Trouble, match="It cannot be connected to") as trouble:
        await asker.ask("It", "PUT", system.url + "/secret", json={})
    assert str(urlsplit(system.url).port) not in str(trouble.value)
    assert "secret" not in str(trouble.value)


async def test_a_long_answer_is_not_taken(system: HttpSystem, asker: Peer) -> None:
    system.body = b"x" * (LARGEST * 50)
    await asker.ask("It", "GET", system.url)
