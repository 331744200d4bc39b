"""An output as a renderer of the OGraf Server API: what it is, and which filters mean it."""

from typing import Any

import pytest

from tests import ograf
from ticker.channel import Channel
from ticker.onair import renderer
from ticker.onair.manifest import manifest
from ticker.onair.output import Output
from ticker.onair.watch import Alarm, Code

OUTPUT = Output.model_validate({"name": "program", "channels": ["en"], "fps": "25"})


@pytest.mark.parametrize(("wanted", "meant"), [
    ({}, True), ({"graphicId": "ticker-program"}, True), ({"graphicId": "ticker-other"}, False),
    ({"renderTarget": {"layer": 1}}, True), ({"renderTarget": {"layer": 2}}, False), ({"renderTarget": {}}, True),
    ({"renderTarget": {"layer": 1}, "graphicInstanceId": "ticker-program"}, True), ({"renderTarget": None}, False),
    ({"renderTarget": {"layer": 1}, "graphicInstanceId": "x"}, False),
])  # fmt: skip
def test_a_filter_means_it_when_all_that_it_names_is_so(wanted: dict[str, Any], *, meant: bool) -> None:
    assert renderer.matches(OUTPUT, wanted) == meant


def test_its_status_is_the_worst_alarm() -> None:
    late, blank = Alarm(Code.BEHIND, "It is behind."), Alarm(Code.BLANK, "It is blank.")
    assert renderer.status([])["status"] == "OK"
    assert renderer.status([late]) == {"status": "WARNING", "message": "It is behind."}
    assert renderer.status([late, blank]) == {"status": "ERROR", "message": "It is blank."}


def test_it_is_what_the_output_is() -> None:
    told = renderer.renderer(OUTPUT, renderer.status([]))
    assert told["renderCharacteristics"]["frameRate"] == 25
    assert told["renderTargets"] == [renderer.target(OUTPUT)]
    for action in told["customActions"]:
        assert ograf.faults(action, "https://ograf.ebu.io/v1/specification/json-schemas/lib/action.json") == []
    assert renderer.is_target(ograf.not_filled_in(told["renderTargetSchema"]))


def test_the_graphic_that_it_offers_is_a_valid_one_with_the_forms_of_an_output() -> None:
    made = manifest(OUTPUT, Channel(name="en"), "http://ticker.example/onair/program")
    offered = renderer.offered(made)
    assert ograf.faults(offered) == []
    assert ograf.not_filled_in(offered["schema"]) == {"speed": 0, "ids": []}
    assert {name for name in made if made[name] != offered[name]} == {"description", "schema", "customActions"}
    for action in offered["customActions"]:
        schema = action["schema"] or {"properties": {}}
        assert set(schema.get("required", ())) <= set(schema["properties"])
