"""The manifest of an output's ticker, against the schemas that the EBU publishes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import ograf
from ticker.channel import Channel
from ticker.onair.manifest import MAIN, id_of, manifest
from ticker.onair.output import RATES, Output

SERVICE = "http://ticker.example/onair/program"
NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)
ARABIC = Channel(name="ar", title="عربي", lang="ar")


def an_output(name: str = "program", **more: object) -> Output:
    return Output.model_validate({"name": name, "channels": ["en"], **more})


@given(NAMES, st.sampled_from([*RATES]), st.integers(1, 40), st.sampled_from(["crawl", "flip"]))
def test_every_outputs_manifest_is_valid(name: str, fps: str, speed: int, mode: str) -> None:
    made = manifest(an_output(name, fps=fps, speed=speed, mode=mode), ARABIC, SERVICE)
    assert ograf.faults(made) == []
    assert "/" not in made["id"]


@pytest.mark.parametrize("fault", [{"id": 1}, {"surplus": 1}, {"main": None}, {"customActions": [{"id": "x"}]},
                                   {"schema": {"type": "object"}}, {"stepCount": -2}])  # fmt: skip
def test_the_schemas_do_refuse(fault: dict[str, object]) -> None:
    assert ograf.faults({**manifest(an_output(), ARABIC, SERVICE), **fault}) != []


@given(NAMES)
def test_the_elements_name_that_renderers_make_of_it_is_one(name: str) -> None:
    """`id-vVERSION`: lower-case, a letter first, a hyphen in it (HTML section 4.13.3)."""
    made = manifest(an_output(name), ARABIC, SERVICE)
    assert re.fullmatch(r"[a-z][a-z0-9.]*-[a-z0-9.-]*", f"{made['id']}-v{made['version']}")
    assert made["id"] == id_of(name)


def test_it_says_what_the_output_is() -> None:
    made = manifest(an_output(fps="59.94", speed=6, mode="flip"), ARABIC, SERVICE)
    defaults = {name: field["default"] for name, field in made["schema"]["properties"].items()}
    assert defaults == {"service": SERVICE, "headlines": "", "mode": "flip", "speed": 6, "lang": "ar", "dir": "rtl"}
    assert made["renderRequirements"][0]["frameRate"] == {"ideal": 59.94}
    assert [action["id"] for action in made["customActions"]] == ["breaking", "kill", "clear-takeover"]
    assert (made["main"], made["supportsRealTime"], made["supportsNonRealTime"]) == (MAIN, True, True)


def test_every_field_is_one_of_the_schemas_and_its_default_one_of_its_values() -> None:
    for field in manifest(an_output(), ARABIC, SERVICE)["schema"]["properties"].values():
        assert ograf.faults(field, ograf.OBJECT) == []
        assert field["default"] in field.get("enum", [field["default"]])
