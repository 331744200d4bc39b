from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.samples import headline
from ticker.channel import Channel
from ticker.onair.output import RATES, Look, Output, frame_at, frame_from
from ticker.urgency import Urgency

MOMENTS = st.integers(0, 4_000_000_000_000)
rates = st.sampled_from(sorted(RATES.values()))


@given(MOMENTS, rates)
def test_a_frame_is_on_screen_from_its_begin_to_the_next(ms: int, rate: Fraction) -> None:
    frame = frame_at(ms, rate)
    assert frame * 1000 / rate <= ms < (frame + 1) * 1000 / rate


@given(MOMENTS, rates)
def test_the_first_frame_from_a_moment_begins_no_earlier_and_the_one_before_does(ms: int, rate: Fraction) -> None:
    frame = frame_from(ms, rate)
    assert (frame - 1) * 1000 / rate < ms <= frame * 1000 / rate


def test_a_second_of_59_94_is_not_sixty_frames() -> None:
    assert frame_at(1001_000, RATES["59.94"]) == 60_000


def test_it_is_named_by_its_heading_and_shows_its_title_when_there_is_nothing_else() -> None:
    output = Output.model_validate({"name": "second-language", "channels": ["es"]})
    assert (output.title, output.fallback) == ("Second Language", ("Second Language",))


def test_a_channel_goes_on_air_as_it_is() -> None:
    live, rehearsal = Channel(name="ar"), Channel(name="drill", rehearsal=True)
    assert Output.of_channel(live).type == "program"
    assert Output.of_channel(live).fallback == ("Ar",)
    assert Output.of_channel(rehearsal).type == "training"


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": []},
        {"fps": "24"},
        {"speed": 0},
        {"speed": 1.5},
        {"look": {"bar": 500, "height": 300}},
        {"look": {"ink": "white"}},
        {"look": {"timezone": "Europe/Madird"}},
        {"look": {"timezone": "../Madrid"}},
        {"look": {"timezone": "Europe"}},
        {"addresses": ["ftp://x"]},
        {"fallback": ["two\nlines"]},
        {"unknown": 1},
        {"clearance": "automatic", "two_people": True},
        {"addresses": ["http://graphics..1"]},
        {"casparcg": {"host": "graphics..1"}},
        {"casparcg": {"host": f"{'a' * 64}.example"}},
        {"casparcg": {"host": "graphics-1", "template": "Laufband/Für"}},
        {"casparcg": {"host": "graphics-1", "template": "two\nlines"}},
        {"vmix": {"url": "http://:8088", "input": "1"}},
        {"vmix": {"url": "http://graphics-1:80880", "input": "1"}},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Output.model_validate({"name": "program", "channels": ["en"], **wrong})


def test_its_clock_is_of_any_zone_there_is_and_of_any_at_all_where_none_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for zone in ("UTC", "Europe/Madrid", "America/Argentina/Buenos_Aires", "Asia/Kolkata"):
        assert Look(timezone=zone).timezone == zone
    monkeypatch.setattr("zoneinfo.available_timezones", set)
    assert Look(timezone="Europe/Madrid").timezone == "Europe/Madrid"


def test_where_it_can_be_pushed_to() -> None:
    for host in ("graphics-1", "graphics-1.example.", "10.0.0.1", "::1", "fe80::1"):
        assert Output(name="one", channels=("en",), casparcg={"host": host}).systems == ("casparcg",)
    for url in ("http://graphics-1:8088/", "http://[::1]:8088", "https://münchen.example"):
        assert Output(name="one", channels=("en",), vmix={"url": url, "input": "1"}).systems == ("vmix",)


def test_a_template_of_others_reports_nothing() -> None:
    def needs_a_page(**caspar: str) -> bool:
        return Output(name="one", channels=("en",), casparcg={"host": "graphics-1", **caspar}).needs_a_page

    assert needs_a_page()
    assert not needs_a_page(template="ticker/ticker")


def test_it_shows_what_is_urgent_enough_and_of_its_sections() -> None:
    output = Output(name="sport", channels=("en",), urgency=Urgency.BULLETIN, sections=("sport", "weather"))
    assert output.shows(headline(section="sport", urgency=Urgency.BULLETIN))
    assert not output.shows(headline(section="sport", urgency=Urgency.ROUTINE))
    assert not output.shows(headline(section="world", urgency=Urgency.FLASH))
    assert not output.shows(headline(urgency=Urgency.FLASH))
    assert Output(name="all", channels=("en",)).shows(headline())
