"""The motion of the on-air bar, asked in node: what pages show, whenever they started and whatever they heard when."""

import json
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.servers import ROOT
from ticker.onair.output import RATES, frame_at, frame_from

START = 1_000_000
ROOM, GAP, LETTER = 400, 20, 10
RULER = {"room": ROOM, "gap": GAP, "letter": LETTER}
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

Picture = dict[str, Any]


class Engine:
    """web/onair in node; one question at a time."""

    def __init__(self) -> None:
        command = ["node", str(ROOT / "tests" / "motion.mjs")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, name: str, *given: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({name: given}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def watch(self, playlists: list[Any], frames: range, **host: Any) -> list[Picture]:
        return list(self.ask("watch", playlists, RULER, list(frames), host))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine()
    with engine.process:
        try:
            yield engine
        finally:
            engine.process.kill()  # it may be in a loop that never ends


def playlist(frame: int = START, **fields: Any) -> Any:
    items = fields.get("items", [])
    return {
        "id": f"{frame}", "type": "playlist", "kind": "program", "lang": "en", "dir": "ltr", "look": {}, "anchor": None,
        "on": True, "stop": None, "mode": "crawl", "fps": [50, 1], "speed": 4, "flip": 60, "frame": frame,
        "items": [], "order": [item["id"] for item in items], "first": None, "leaving": [], "takeovers": [],
        "lead_in": [], "lead_out": [], "fallback": ["Home"], "arrives": frame, **fields,
    }  # fmt: skip


def item(name: str, letters: int = 10, version: int = 1, **fields: Any) -> Any:
    return {"id": name, "version": version, "text": f"{name}{version}".ljust(letters, "."), **fields}


def seen(picture: Picture) -> list[tuple[str, int]]:
    return [(one["id"], one["x"]) for one in picture["items"] if one["isSeen"]]


def strip(picture: Picture) -> Any:
    """What two pages must have alike: all that is drawn, and nothing of how they came to it."""
    items = [
        {name: value for name, value in one.items() if name != "key"}
        for one in picture["items"]
        if one["isSeen"] or (one["joined"] and one["x"] - GAP < ROOM)
    ]
    return [picture["frame"], picture["state"], picture["level"], picture["strap"], items]


# --- frames -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 4 * 10**12), st.sampled_from(list(RATES.values())))
@SLOW
def test_frames_are_counted_as_the_service_counts_them(engine: Engine, ms: int, rate: Fraction) -> None:
    fps = [rate.numerator, rate.denominator]
    assert engine.ask("frameAt", ms, fps) == frame_at(ms, rate)
    assert engine.ask("frameFrom", ms, fps) == frame_from(ms, rate)
    begins = engine.ask("momentOf", frame_at(ms, rate), fps)
    assert begins == pytest.approx(float(Fraction(1000 * frame_at(ms, rate)) / rate), abs=0.001)


# --- one playlist -----------------------------------------------------------------------------------------------------


def test_items_follow_each_other_from_the_edge_at_whole_pixels(engine: Engine) -> None:
    news = playlist(items=[item("a", 30), item("b", 20)])
    pictures = engine.watch([news], range(START - 2, START + 200))
    assert [picture["state"] for picture in pictures[:4]] == ["off", "off", "on", "on"]
    assert seen(pictures[2]) == [("a", ROOM - 4)]
    assert seen(pictures[3]) == [("a", ROOM - 8)]
    assert seen(pictures[2 + 100]) == [("a", -4), ("b", 300 + GAP - 4)]
    (second,) = [one for one in pictures[2 + 100]["items"] if one["id"] == "b"]
    assert second["joined"]


def test_an_item_is_there_once_and_comes_again_as_it_leaves(engine: Engine) -> None:
    for items in ([item("a", 5)], [item("a", 5), item("b", 8)], [item("a", 90)], [item("a", 30), item("b", 2)]):
        for picture in engine.watch([playlist(items=items)], range(START + 1, START + 2000)):
            assert picture["state"] == "on"
            names = [name for name, _ in seen(picture)]
            if len(set(names)) < len(names):  # for one frame: so that there is none without any
                first, *_, last = seen(picture)
                assert ROOM - last[1] <= 4
                assert first[1] + len(items[0]["text"]) * LETTER <= 4 or len(items) > 1


def test_none_stays_behind_because_another_is_still_on_screen(engine: Engine) -> None:
    items = [item(name, 12) for name in "abcd"]
    order = ["a", "b", "a", "c", "a", "d"]
    came = entries(engine.watch([playlist(items=items, order=order)], range(START, START + 1500)))
    assert set(came[:5]) == set("abcd")
    assert all(one != other for one, other in pairwise(came))


def entries(pictures: list[Picture]) -> list[str]:
    """The ids in the order in which they came on screen."""
    known: dict[str, str] = {}
    for picture in pictures:
        for one in picture["items"]:
            if one["isSeen"]:
                known.setdefault(one["key"], one["id"])
    return list(known.values())


@given(
    st.lists(st.tuples(st.integers(3, 60), st.none() | st.integers(1, 15_000)), min_size=1, max_size=6),
    st.integers(1, 9),
    st.booleans(),
)
@SLOW
def test_days_later_it_is_where_it_would_have_come_to(
    engine: Engine, made: list[tuple[int, int | None]], speed: int, flips: bool
) -> None:
    """By whole loops at once, against every frame of them; items expire on the way."""
    items = [
        item(f"i{n}", letters, **({"expires_at": (START + ends) * 20} if ends else {}))
        for n, (letters, ends) in enumerate(made)
    ]
    news = playlist(items=items, speed=speed, mode="flip" if flips else "crawl")
    step = 20 if flips else 40
    walked = engine.watch([news], range(START, START + 20_001, step))
    (jumped,) = engine.watch([news], range(START + 20_000, START + 20_001))
    assert strip(jumped) == strip(walked[-1])
    for picture in walked:
        assert picture["state"] in {"on", "fallback"}


def test_what_is_past_its_time_does_not_enter(engine: Engine) -> None:
    items = [item("a", 30), item("b", 30, expires_at=(START + 70) * 20)]
    for ends, comes in ((81, False), (82, True)):  # b would be first seen after 320 px, in the frame START + 80
        items[1]["expires_at"] = (START + ends - 1) * 20
        pictures = engine.watch([playlist(items=items)], range(START, START + 120))
        assert ("b" in entries(pictures)) is comes
    assert engine.watch([playlist(items=items)], range(START + 10**9, START + 10**9 + 1))[0]["state"] == "on"


def test_fallback_when_there_is_nothing_and_when_all_has_expired(engine: Engine) -> None:
    (picture,) = engine.watch([playlist()], range(START + 9, START + 10))
    assert (picture["state"], seen(picture)[0][0]) == ("fallback", "fallback:0")
    over = playlist(items=[item("a", expires_at=START * 20 - 1)], fallback=["One", "Two"])
    pictures = engine.watch([over], range(START, START + 900))
    assert {picture["state"] for picture in pictures} == {"fallback"}
    assert entries(pictures)[:3] == ["fallback:0", "fallback:1", "fallback:0"]


# --- take-overs -------------------------------------------------------------------------------------------------------


def test_a_take_over_freezes_the_crawl_which_goes_on_where_it_was(engine: Engine) -> None:
    flash = item("f", 50, **{"from": START + 50, "until": START + 150})
    pictures = engine.watch([playlist(items=[item("a", 60)], takeovers=[flash])], range(START, START + 200))
    xs = [seen(picture)[0][1] for picture in pictures]
    assert xs[:50] == list(range(ROOM - 4, ROOM - 4 - 200, -4))
    assert set(xs[50:150]) == {xs[49]}
    assert xs[150] == xs[49] - 4
    assert [picture["frame"] for picture in pictures if picture["strap"]] == list(range(START + 50, START + 150))
    levels = [picture["strap"]["level"] for picture in pictures[50:150]]
    assert levels[11:89] == [1.0] * 78
    assert 0 < levels[0] < levels[1] < 1 > levels[-1] > 0
    inside = [picture["strap"]["inside"] for picture in pictures[50:150]]
    assert {later - sooner for sooner, later in pairwise(inside)} == {0, 4}
    ran = [
        (one["id"], one["first"] - START, one["last"] - START, one["takeover"]) for p in pictures for one in p["ran"]
    ]
    assert ran == [("a", 0, 60, False), ("f", 50, 149, True)]


@pytest.mark.parametrize("kicker", ["", "A long kicker"])
@pytest.mark.parametrize("stands", [None, 1000, 500, 60])
def test_the_last_words_of_a_take_over_are_seen_however_short_it_stands(
    engine: Engine, stands: int | None, kicker: str
) -> None:
    flash = item("f", 200, kicker=kicker, **{"from": START, "until": stands and START + stands})
    pictures = engine.watch([playlist(takeovers=[flash])], range(START, START + (stands or 1000)))
    inside = [picture["strap"]["inside"] for picture in pictures if picture["strap"]["level"] == 1]
    excess = (200 + len(kicker)) * LETTER - ROOM
    assert (min(inside), max(inside)) == (0, excess)
    assert inside[-1] == excess or not stands
    fastest = max(later - sooner for sooner, later in pairwise(inside))
    assert (fastest == 4) is (stands in {None, 1000})


def test_a_take_over_that_is_edited_has_run_in_each_of_its_words(engine: Engine) -> None:
    stands = {"from": START + 20, "until": START + 100}
    history = [playlist(items=[item("a", 60)], takeovers=[item("f", 20, **stands)])]
    history.append(playlist(START + 60, items=[item("a", 60)], takeovers=[item("f", 30, 2, **stands)]))
    pictures = engine.watch(history, range(START, START + 120))
    ran = [(one["version"], one["first"] - START, one["last"] - START) for p in pictures for one in p["ran"]]
    assert [one for one in ran if one[1]] == [(1, 20, 59), (2, 60, 99)]


# --- stop -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stop", "ran"),
    [
        ("now", ["lead-in:0", "a"]),
        ("item", ["lead-in:0", "a", "lead-out:0"]),
        ("loop", ["lead-in:0", "a", "b", "c", "lead-out:0"]),
    ],
)
@pytest.mark.parametrize("mode", ["crawl", "flip"])
def test_it_leaves_as_told(engine: Engine, mode: str, stop: str, ran: list[str]) -> None:
    fields = {
        "items": [item(name, 20) for name in "abc"], "lead_in": ["In"], "lead_out": ["Out"], "mode": mode,
    }  # fmt: skip
    off = playlist(START + 62, on=False, stop=stop, **fields)
    again = playlist(START + 900, **fields)
    pictures = engine.watch([playlist(**fields), off, again], range(START, START + 1000))
    assert entries(pictures[:900]) == ran
    states = [picture["state"] for picture in pictures]
    gone = states.index("off")
    assert set(states[:gone]) == {"on"}
    assert set(states[gone:900]) == {"off"}
    assert pictures[899]["level"] == 0
    assert entries(pictures[900:])[0] == "lead-in:0"


# --- from one playlist to the next ------------------------------------------------------------------------------------

NAMES = [f"n{n}" for n in range(7)]


@st.composite
def histories(draw: st.DrawFn, *, kills: bool = True) -> list[Any]:  # noqa: C901
    """Playlists as a service makes them, each a little after the other; they arrive before their frame."""
    mode = draw(st.sampled_from(["crawl", "crawl", "flip"]))
    held: dict[str, Any] = {
        name: item(name, draw(st.integers(3, 70))) for name in draw(st.sets(st.sampled_from(NAMES), max_size=5))
    }
    state: dict[str, Any] = {
        "mode": mode,
        "speed": draw(st.integers(1, 8)),
        "lead_in": draw(st.sampled_from([[], ["In"]])),
    }
    state |= {"lead_out": ["Out"], "fallback": ["Home", "Elsewhere"], "on": True, "stop": None, "first": None}
    takeovers: list[Any] = []
    frame, made = START, []
    for _ in range(draw(st.integers(1, 5))):
        order = draw(st.permutations(sorted(held)))
        if order and draw(st.booleans()):
            order = [*order, order[0]] if len(order) > 2 else order
        standing = [one for one in takeovers if one["until"] is None or one["until"] > frame]
        fields = {**state, "items": list(held.values()), "order": order, "takeovers": standing}
        leaving = [] if kills else [name for name in NAMES if name not in held]
        gap = draw(st.integers(0, 20))
        made.append(playlist(frame, id=f"p{len(made)}", arrives=frame - gap, leaving=leaving, **fields))
        frame += draw(st.integers(gap + 20, 250))
        cue = draw(st.sampled_from(["news", "gone", "edit", "speed", "flash", "clear", "off", "first", "expire"]))
        name = draw(st.sampled_from(NAMES))
        if cue == "news":
            held[name] = item(name, draw(st.integers(3, 70)), held[name]["version"] + 1 if name in held else 1)
        elif cue == "gone":
            held.pop(name, None)
            takeovers = [one for one in takeovers if one["id"] in held]
        elif cue in {"edit", "expire"} and name in held:
            held[name] = {
                **held[name],
                "version": held[name]["version"] + 1,
                "text": name + "x" * draw(st.integers(1, 70)),
            }
            if cue == "expire":
                held[name]["expires_at"] = (frame + draw(st.integers(1, 200))) * 20
        elif cue == "speed":
            state["speed"] = draw(st.integers(1, 8))
        elif cue == "flash" and name in held:
            until = draw(st.none() | st.integers(20, 120))
            takeovers = [one for one in takeovers if one["until"] is not None and one["until"] <= frame]
            takeovers.append({**held[name], "from": frame, "until": until and frame + until})
        elif cue == "clear":
            takeovers = []
        elif cue == "off":
            state["on"] = not state["on"]
            state["stop"] = None if state["on"] else draw(st.sampled_from(["now", "item", "loop"]))
        elif cue == "first" and name in held:
            state["first"] = name
    return made


def span(history: list[Any]) -> range:
    return range(START - 20, history[-1]["frame"] + 400)


@given(histories(), st.data())
@SLOW
def test_a_page_that_starts_late_shows_what_those_show_that_never_left(
    engine: Engine, history: list[Any], data: st.DataObject
) -> None:
    k = data.draw(st.integers(0, len(history) - 1))
    late = history[k]["frame"] + data.draw(st.sampled_from([0, 1, 19, 300]))
    always = engine.watch(history, span(history))
    anchor = next(p["anchor"] for p in always if p["frame"] >= history[k]["arrives"])
    while k + 1 < len(history) and history[k + 1]["arrives"] <= late:  # it comes even later
        k += 1
        anchor = next(p["anchor"] for p in always if p["frame"] >= history[k]["arrives"])
    rest = [{**history[k], "anchor": anchor, "arrives": late}, *history[k + 1 :]]
    frames = range(max(late, history[k]["frame"]), span(history).stop)
    came = engine.watch(rest, frames)
    assert [strip(picture) for picture in came] == [strip(p) for p in always if p["frame"] >= frames.start]


@given(histories())
@SLOW
def test_nothing_jumps_nothing_changes_and_nothing_enters_but_at_the_edge(engine: Engine, history: list[Any]) -> None:
    pictures = engine.watch(history, span(history))
    for before, after in pairwise(pictures):
        held = [one for one in history if one["frame"] <= after["frame"]]
        if not held or held[-1]["mode"] == "flip" or not after["level"] or not before["level"]:
            continue
        was = {one["key"]: one for one in before["items"] if one["isSeen"]}
        is_still = after["strap"] and after["frame"] not in {one["frame"] for one in history}
        speeds = {0} if is_still else {one["speed"] for one in held[-2:]}
        for one in after["items"]:
            old = was.get(one["key"])
            if old and one["isSeen"]:
                assert old["x"] - one["x"] in speeds | {0}
                assert (old["id"], old["version"], old["text"]) == (one["id"], one["version"], one["text"])
            elif one["isSeen"]:
                assert one["x"] >= ROOM - max(
                    one["speed"] for one in held[-2:]
                )  # in the frame of a change: the old one
        for key, old in was.items():  # what is no longer there has left at the other edge, or was taken off
            if key not in {one["key"] for one in after["items"] if one["isSeen"]}:
                end = old["x"] + len(old["text"]) * LETTER
                known = [one["id"] for p in history if p["arrives"] <= after["frame"] for one in p["items"]]
                gone = [p for p in history if p["arrives"] <= after["frame"]][-2:]
                taken = any(old["id"] not in {one["id"] for one in p["items"]} for p in gone)
                assert end <= max(speeds | {held[-1]["speed"]}) or taken, (old, known)


@given(histories())
@SLOW
def test_what_is_killed_is_covered_in_the_frame_in_which_it_is_heard(engine: Engine, history: list[Any]) -> None:
    for picture in engine.watch(history, span(history)):
        heard = [one for one in history if one["arrives"] <= picture["frame"]]
        if not heard:
            continue
        may = {one["id"] for one in heard[-1]["items"]}
        assert {name for name, _ in seen(picture) if ":" not in name} <= may
        if picture["strap"]:
            strap = picture["strap"]["item"]
            assert strap["id"] in {one["id"] for one in heard[-1]["takeovers"]} or strap["until"] <= heard[-1]["frame"]


@given(histories(kills=False))
@SLOW
def test_it_is_never_blank_while_there_is_something_to_show(engine: Engine, history: list[Any]) -> None:
    for picture in engine.watch(history, span(history)):
        assert picture["state"] != "blank"
        if picture["frame"] >= START and all(one["on"] for one in history):
            assert picture["state"] != "off"


# --- what comes next --------------------------------------------------------------------------------------------------


def test_news_comes_next_and_then_the_loop_goes_on(engine: Engine) -> None:
    loop = [item(name, 30) for name in "abcd"]
    history = [playlist(items=loop)]
    history.append(playlist(START + 180, items=[item("x", 30), item("y", 30), *loop]))
    history.append(playlist(START + 185, items=[item("z", 30), item("x", 30), item("y", 30), *loop]))
    came = entries(engine.watch(history, range(START, START + 1200)))
    assert came[:12] == ["a", "b", "c", "z", "x", "y", "d", "z", "x", "y", "a", "b"]
    assert engine.watch(history, range(START + 185, START + 186))[0]["anchor"]["queue"] == ["z", "x", "y"]


def test_what_was_asked_for_comes_next_and_once(engine: Engine) -> None:
    loop = [item(name, 30) for name in "abcdef"]
    asked = playlist(START + 180, items=loop, first="e")
    history = [playlist(items=loop), asked, playlist(START + 185, items=[*loop, item("x", 30)], first="e")]
    came = entries(engine.watch(history, range(START, START + 1200)))
    assert came[:9] == ["a", "b", "c", "e", "x", "d", "e", "f", "x"]


def test_what_is_asked_for_anew_comes_anew(engine: Engine) -> None:
    loop = [item(name, 30) for name in "abcdef"]

    def came(*moments: int | None) -> list[str]:
        """`e` is asked for, and 500 frames later told again; of no moment a service of before tells."""
        told = [{"first": "e"} if at is None else {"first": "e", "first_at": at} for at in moments]
        asked = [playlist(START + frame, items=loop, **one) for frame, one in zip((180, 680), told, strict=True)]
        return entries(engine.watch([playlist(items=loop), *asked], range(START, START + 1200)))

    once, anew = list("abcedfabcdef"), list("abcedfabcedf")
    assert came(1, 2)[:12] == anew
    assert came(1, 1)[:12] == came(None, None)[:12] == once
    assert came(None, 1)[:12] == came(1, None)[:12] == once, "from a service to one of another version"


def test_a_loop_goes_on_where_it_was_when_others_have_left_it(engine: Engine) -> None:
    loop = [item(name, 45) for name in "abcdef"]
    order = ["a", "b", "a", "c", "d", "a", "e", "f"]
    left = [one for one in loop if one["id"] not in "bd"]
    fewer = playlist(START + 300, items=left, order=["a", "a", "c", "a", "e", "f"], leaving=["b", "d"])
    came = entries(engine.watch([playlist(items=loop, order=order), fewer], range(START, START + 1300)))
    assert came[:9] == ["a", "b", "a", "c", "a", "e", "f", "a", "c"]


def test_an_edited_item_runs_out_in_its_old_words_and_comes_again_in_the_new_ones(engine: Engine) -> None:
    before, after = [item("a", 30), item("b", 30)], [item("a", 50, 2), item("b", 30)]
    history = [playlist(items=before), playlist(START + 40, items=after)]
    pictures = engine.watch(history, range(START, START + 500))
    texts = {one["key"]: one["text"] for p in pictures for one in p["items"] if one["isSeen"] and one["id"] == "a"}
    assert list(texts.values()) == [before[0]["text"], after[0]["text"], after[0]["text"]][: len(texts)]
    assert len(texts) > 1


@pytest.mark.parametrize("mode", ["crawl", "flip"])
def test_a_corrected_item_is_covered_at_once_and_comes_again_at_its_turn(engine: Engine, mode: str) -> None:
    before, after = [item("a", 30), item("b", 30)], [item("a", 30, 2, corrected=True), item("b", 30)]
    history = [playlist(items=before, mode=mode), playlist(START + 40, items=after, arrives=START + 30, mode=mode)]
    pictures = engine.watch(history, range(START, START + 600))
    shown = {
        one["version"]: p["frame"] - START for p in pictures for one in p["items"] if one["isSeen"] and one["id"] == "a"
    }
    assert (shown[1], shown[2] > 60) == (29, True)
    ran = [(one["id"], one["version"], one["covered"]) for p in pictures for one in p["ran"]]
    assert ran[:3] == [("a", 1, True), ("b", 1, False), ("a", 2, False)]
    (late,) = engine.watch([{**history[1], "anchor": pictures[-1]["anchor"]}], range(START + 42, START + 43))
    assert strip(late) == strip(pictures[42])


def test_a_corrected_take_over_is_covered_at_once_and_stands_again_in_its_new_words(engine: Engine) -> None:
    stands = {"from": START + 20, "until": START + 100}
    history = [playlist(items=[item("f", 20)], takeovers=[item("f", 20, **stands)])]
    fixed = {"items": [item("f", 20, 2, corrected=True)], "takeovers": [item("f", 20, 2, **stands)]}
    history.append(playlist(START + 60, arrives=START + 50, **fixed))
    pictures = engine.watch(history, range(START, START + 120))
    shown = [picture["strap"] and picture["strap"]["item"]["version"] for picture in pictures]
    assert shown == [None] * 20 + [1] * 30 + [None] * 10 + [2] * 40 + [None] * 20
    (ran,) = [one for p in pictures for one in p["ran"] if one["takeover"] and one["version"] == 1]
    assert (ran["last"], ran["covered"]) == (START + 49, True)


def test_a_headline_that_is_read_while_it_stands_keeps_its_speed(engine: Engine) -> None:
    items = [item("a", 120), item("b", 10)]
    history = [playlist(items=items, mode="flip"), playlist(START + 100, items=items, mode="flip", speed=7)]
    pictures = engine.watch(history, range(START, START + 320))
    inside = [one["inside"] for p in pictures for one in p["items"] if one["id"] == "a" and one["isSeen"]]
    steps = [later - sooner for sooner, later in pairwise(inside)]
    assert steps[:50] == [0] * 50
    assert steps[50:250] == [4] * 200
    assert max(inside) == 120 * LETTER - ROOM


@pytest.mark.parametrize("runs", ["with the bar", "against it"])
def test_long_words_that_stand_are_read_from_their_beginning(engine: Engine, runs: str) -> None:
    """Where they run against the bar, that is at the far end of what stands there."""
    long = item("a", 120, dir="ltr" if runs == "with the bar" else "rtl")
    flash = {**long, "id": "f", "from": START + 500, "until": None}
    pictures = engine.watch([playlist(items=[long], mode="flip", takeovers=[flash])], range(START, START + 800))
    excess = 120 * LETTER - ROOM
    for inside in (
        [one["inside"] for picture in pictures[:300] for one in picture["items"] if one["isSeen"]],
        [picture["strap"]["inside"] for picture in pictures[500:]],
    ):
        steps = {later - sooner for sooner, later in pairwise(inside)}
        assert (inside[0], inside[-1]) == ((0, excess) if runs == "with the bar" else (excess, 0))
        assert steps == ({0, 4} if runs == "with the bar" else {0, -4})


def test_while_nobody_draws_nothing_grows_and_it_comes_back_at_once(engine: Engine) -> None:
    loop = [item(name, 15) for name in "abcde"]

    def history(every: int) -> list[Any]:
        news = (item(f"n{number}", 20) for number in range(300))
        return [playlist(START + every * n, id=f"p{n}", items=[one, *loop]) for n, one in enumerate(news)]

    for every, most in ((50, 4), (1, 64)):
        told = history(every)
        frames = list(range(told[-1]["frame"] + 20, told[-1]["frame"] + 40))
        found = engine.ask("unseen", told, RULER, frames)
        assert max(found["kept"]) <= most
        assert set(found["states"]) == {"on"}
        always = engine.watch(told, range(START, frames[0]))
        assert always[-1]["anchor"] == found["anchor"]


# --- other clocks, and other pages -----------------------------------------------------------------------------------

HOUR = 3600 * 50


def test_what_would_hold_in_an_hour_holds_from_now(engine: Engine) -> None:
    ahead = playlist(START + HOUR, id="ahead", items=[item("a", 30), item("b", 30)], arrives=START)
    first, *_, last = engine.watch([ahead], range(START, START + 200))
    assert first["state"] == last["state"] == "on"
    assert last["anchor"]["frame"] == START

    then = playlist(
        START + HOUR + 9, id="then", items=[item("b", 30), item("c", 30)], leaving=["a"], arrives=START + 120
    )
    pictures = engine.watch([ahead, then], range(START, START + 600))
    assert entries(pictures)[:4] == ["a", "b", "c", "b"]
    assert {picture["state"] for picture in pictures} == {"on"}
    jumps = {
        was["x"] - one["x"] for before, after in pairwise(pictures) for was in before["items"]
        for one in after["items"] if one["key"] == was["key"]
    }  # fmt: skip
    assert jumps == {4}


def test_a_page_that_heard_a_moment_later_shows_the_same_all_the_same(engine: Engine) -> None:
    begun = playlist(START - 100, items=[item("a", 30), item("b", 30)])
    ahead = playlist(START + HOUR, items=[item("a", 30), item("b", 30), item("c", 30)], id="ahead")
    main, backup = (
        engine.watch([begun, {**ahead, "arrives": START + late}], range(START - 100, START + 400)) for late in (10, 14)
    )
    assert [strip(one) for one in main[150:]] == [strip(one) for one in backup[150:]]


def test_a_page_that_missed_one_goes_where_the_others_are_when_that_is_said(engine: Engine) -> None:
    loop = [item(name, 15) for name in "abcde"]
    missed = playlist(START + 100, id="p1", before="p0", items=[item("x", 23), *loop])
    newest = playlist(START + 700, id="p2", before="p1", items=[item("y", 9), item("x", 23), *loop])
    begun = playlist(id="p0", before="", items=loop)
    frames = range(START, START + 1600)
    main = engine.watch([begun, missed, newest], frames)
    said = {**newest, "anchor": main[-1]["anchor"], "arrives": START + 760}
    assert [strip(one) for one in engine.watch([begun, missed, newest, said], frames)] == [strip(one) for one in main]
    apart = engine.watch([begun, newest], frames)
    assert strip(apart[-1]) != strip(main[-1])
    backup = engine.watch([begun, newest, said], frames)
    assert [strip(one) for one in backup[:700]] == [strip(one) for one in apart[:700]]
    assert [strip(one) for one in backup[-400:]] == [strip(one) for one in main[-400:]]
    for before, after in pairwise(backup):
        was = {one["key"]: one["x"] for one in before["items"] if one["isSeen"]}
        for one in after["items"]:
            if one["isSeen"]:
                assert one["x"] == was.get(one["key"], one["x"] + 4) - 4
                assert one["key"] in was or one["x"] >= ROOM - 4


def test_a_page_stays_apart_until_it_is_said_where_the_others_are(engine: Engine) -> None:
    loop = [item(name, 15) for name in "abcde"]
    news = [item(f"n{n}", 20 + n) for n in range(4)]
    history = [
        playlist(START + 300 * n, id=f"p{n}", before=f"p{n - 1}" if n else "", items=[*news[n::-1], *loop])
        for n in range(4)
    ]
    frames = range(START, START + 2000)
    main = engine.watch(history, frames)
    said = {**history[3], "anchor": main[-1]["anchor"], "arrives": START + 1000}
    apart = [history[0], *history[2:]]  # it had the one before, and was apart already
    assert strip(engine.watch(apart, frames)[-1]) != strip(main[-1])
    backup = engine.watch([*apart, said], frames)
    assert [strip(one) for one in backup[-400:]] == [strip(one) for one in main[-400:]]


def test_a_page_that_was_cut_off_comes_back_to_the_others_without_a_jump(engine: Engine) -> None:
    """It missed what came between; what it has on screen runs out, and behind that stands what all others have."""
    loop = [item(name, 15) for name in "abcde"]
    missed = playlist(START + 100, items=[item("x", 23), *loop])
    newest = playlist(START + 700, items=[item("y", 9), item("x", 23), *loop], arrives=START + 690)
    main = engine.watch([playlist(items=loop), missed, newest], range(START, START + 1400))
    anchor = main[-1]["anchor"]
    for arrives in (START + 690, START + 800):
        back = {**newest, "anchor": anchor, "arrives": arrives}
        backup = engine.watch([playlist(items=loop), back], range(START, START + 1400))
        assert strip(backup[650]) != strip(main[650])
        for before, after in pairwise(backup):
            was = {one["key"]: one["x"] for one in before["items"] if one["isSeen"]}
            for one in after["items"]:
                if one["isSeen"]:
                    assert one["x"] == was.get(one["key"], one["x"] + 4) - 4
                    assert one["key"] in was or one["x"] >= ROOM - 4
        again = arrives - START + (ROOM + 23 * LETTER + GAP) // 4 + 100
        assert [strip(one) for one in backup[again:]] == [strip(one) for one in main[again:]]


@given(histories(kills=False), st.lists(st.integers(0, 600), min_size=5, max_size=5))
@settings(SLOW, max_examples=50)
def test_a_page_that_hears_of_all_late_is_never_blank_and_never_jumps_and_comes_back(
    engine: Engine, history: list[Any], late: list[int]
) -> None:
    assume(all(one["on"] and one["mode"] == "crawl" for one in history))
    moments = accumulate((one["frame"] + by for one, by in zip(history, late, strict=False)), max)
    heard = [{**one, "arrives": moment} for one, moment in zip(history, moments, strict=True)]
    heard[0]["arrives"] = START - 20
    frames = range(START, max(history[-1]["frame"], heard[-1]["arrives"]) + 2500)
    backup = engine.watch(heard, frames)
    assert {one["state"] for one in backup} <= {"on", "fallback"}
    for before, after in pairwise(backup):
        was = {one["key"]: one for one in before["items"] if one["isSeen"]}
        for one in after["items"]:
            if one["isSeen"] and one["key"] in was:
                assert 0 <= was[one["key"]]["x"] - one["x"] <= 8
            elif one["isSeen"]:
                assert one["x"] >= ROOM - 16
    if not any(one["until"] is None for one in history[-1]["takeovers"]):  # under which the crawl stands still
        assert [strip(one) for one in backup[-100:]] == [strip(one) for one in engine.watch(history, frames)[-100:]]


@pytest.mark.parametrize(("letters", "fills"), [(5, {"new"}), (70, {"new", "fallback:0"})])
def test_until_others_can_be_joined_a_late_page_is_not_empty(engine: Engine, letters: int, fills: set[str]) -> None:
    """A loop that is shorter than the screen; what is longer may leave no room but for lines of the settings."""
    begun, news = playlist(START - 400), playlist(items=[item("new", letters)])
    frames = range(START, START + 1600)
    main = engine.watch([begun, news], frames)
    entered = set()
    for late in range(5, 180, 7):
        backup = engine.watch([begun, {**news, "arrives": START + late}], frames)
        assert "blank" not in {one["state"] for one in backup}
        assert [strip(one) for one in backup[-400:]] == [strip(one) for one in main[-400:]]
        standing = {one["key"] for one in backup[late - 1]["items"] if one["isSeen"]}
        after = [one for picture in backup[late:] for one in picture["items"] if one["isSeen"]]
        entered |= {one["id"] for one in after if one["key"] not in standing}
    assert entered == fills


def test_a_late_page_is_joined_a_round_later_where_nothing_fits_before(engine: Engine) -> None:
    loop, news = [item("a", 5)], item("new", 5)
    begun = playlist(items=loop)
    for sent, late in ((438, 557), (438, 560), (450, 571)):
        told = playlist(START + sent, items=[*loop, news], arrives=START + late)
        pictures = engine.watch([begun, told], range(START, START + 1400))
        assert {picture["state"] for picture in pictures} == {"on"}


def test_what_a_late_page_lets_out_of_its_own_does_not_keep_it_from_the_others(engine: Engine) -> None:
    begun = playlist(id="p0", items=[item("k", 20), item("long", 300)])
    for sent in (1, 20, 40, 59):
        told = playlist(START + sent, id="p1", items=[item("a", 5)], leaving=["k", "long"])
        newest = playlist(START + sent + 300, id="p2", items=[item("a", 5), item("b", 5)], leaving=["k", "long"])
        frames = range(START, START + 2200)
        main = engine.watch([begun, told, newest], frames)
        backup = engine.watch([begun, {**told, "arrives": told["frame"] + 70}, newest], frames)
        assert [strip(one) for one in backup[-400:]] == [strip(one) for one in main[-400:]]


@pytest.mark.parametrize("turned", [{"mode": "flip"}, {"dir": "rtl"}])
def test_a_page_that_hears_late_of_another_way_to_run_comes_to_the_others(engine: Engine, turned: Any) -> None:
    loop = [item(name, 30 + 7 * i) for i, name in enumerate("abcdefg")]
    begun, told = playlist(items=loop), playlist(START + 50, items=[*loop, item("new", 12)], **turned)
    frames = range(START, START + 1500)
    main = engine.watch([begun, told], frames)
    for late in (150, 400):
        backup = engine.watch([begun, {**told, "arrives": told["frame"] + late}], frames)
        assert [strip(one) for one in backup[-300:]] == [strip(one) for one in main[-300:]]


def test_a_kill_that_is_heard_before_the_news_holds_parts_no_pages(engine: Engine) -> None:
    loop = [item("a", 30), item("wrong", 50), item("b", 30), item("c", 30)]
    right = [one for one in loop if one["id"] != "wrong"]
    begun = playlist(id="p0", items=loop)
    news = playlist(START + 172, id="p1", items=[*loop, item("new", 20)])
    kill = playlist(START + 187, id="p2", items=[*right, item("new", 20)])
    main, backup = (
        engine.watch(
            [begun, *({**one, "arrives": one["frame"] - before} for one in (news, kill))], range(START, START + 1000)
        )
        for before in (18, 13)
    )
    assert [strip(one) for one in main[174:]] == [strip(one) for one in backup[174:]]
    assert not any(one["id"].startswith("fallback") for picture in main for one in picture["items"])


def test_what_runs_out_is_not_cut_off_where_nothing_comes_behind_it(engine: Engine) -> None:
    told = playlist(START + 20, leaving=["a", "b"], fallback=[], arrives=START + 100)
    pictures = engine.watch([playlist(items=[item("a", 30), item("b", 30)]), told], range(START, START + 300))
    (last,) = [one["last"] for picture in pictures for one in picture["ran"] if one["id"] == "b"][:1]
    assert last == START + (ROOM - 4 + 2 * 300 + GAP) // 4 - 1


def test_when_an_output_is_turned_round_nothing_jumps_to_the_other_side(engine: Engine) -> None:
    items = [item("a", 30), item("b", 30)]
    pictures = engine.watch(
        [playlist(items=items), playlist(START + 60, items=items, dir="rtl")], range(START, START + 90)
    )
    assert seen(pictures[60]) == [("b", ROOM - 4)]


def test_where_there_is_no_room_it_goes_on(engine: Engine) -> None:
    begun = playlist(items=[item("a", 30), item("b", 60)])
    told = playlist(START + 20, items=[item("a", 30), item("n", 30)], leaving=["b"], arrives=START + 100)
    assert len(engine.ask("watch", [begun, told], {**RULER, "room": 0}, list(range(START, START + 200)), {})) == 200


def test_what_went_with_the_bar_does_not_come_back_with_it(engine: Engine) -> None:
    old, new = [item("a", 30), item("b", 30)], [item("a", 30, 2), item("b", 30)]
    told = [playlist(items=old), playlist(START + 40, items=new), playlist(START + 60, items=new, on=False, stop="now")]
    pictures = engine.watch([*told, playlist(START + 80, items=new)], range(START + 80, START + 160))
    assert {one["version"] for picture in pictures for one in picture["items"] if one["id"] == "a"} == {2}


# --- what a host says to one page ------------------------------------------------------------------------------------


def said(frame: int, name: str, *given: Any) -> Any:
    return {"at": START + frame, "name": name, "given": given}


FLASH = item("f", 20, **{"from": START + 50, "until": START + 350})
HOSTS = {
    "next": [said(100, "next")],
    "breaking": [said(420, "breaking", "Words of the host", 2)],
    "a kill": [said(30, "kill", "gone")],
    "a kill by words that are others by now": [said(100, "kill", item("a", 15)["text"])],
    "lines of its own": [said(10, "update", {"f0": "One\nTwo"}), said(340, "update", {"f0": ""})],
}


@pytest.mark.parametrize("host", HOSTS)
def test_after_what_a_host_has_said_its_page_comes_back_to_the_others_without_a_jump(engine: Engine, host: str) -> None:
    loop, gone = [item(name, 15) for name in "abcde"], item("gone", 15)
    edited = [item("a", 18, 2), *loop[1:]]
    begun = playlist(id="p0", before="", items=[loop[0], gone, *loop[1:]], takeovers=[FLASH])
    newer = playlist(START + 400, id="p1", before="p0", items=[item("x", 23), *edited])
    newest = playlist(START + 700, id="p2", before="p1", items=[item("y", 9), item("x", 23), *edited])
    frames = range(START, START + 2000)
    main = engine.watch([begun, newer, newest], frames)
    others = {**newest, "anchor": main[-1]["anchor"], "arrives": START + 760}
    hosted = engine.watch([begun, newer, newest, others], frames, says=HOSTS[host])
    assert [strip(one) for one in hosted[:700]] != [strip(one) for one in main[:700]]
    assert [strip(one) for one in hosted[-800:]] == [strip(one) for one in main[-800:]]
    for before, after in pairwise(hosted[400:]):
        was = {one["key"]: one["x"] for one in before["items"] if one["isSeen"]}
        for one in after["items"]:
            if one["isSeen"]:
                assert was.get(one["key"], one["x"] + 4) - one["x"] in {4, 0 if after["strap"] else 4}
                assert one["key"] in was or one["x"] >= ROOM - 4


def test_loaded_anew_a_page_whose_host_has_killed_something_is_where_others_are(engine: Engine) -> None:
    loop = [item(name, 15) for name in "abcde"]
    newer = playlist(START + 200, items=[item("x", 23), *loop])
    main = engine.watch([playlist(items=loop), newer], range(START, START + 800))
    late = {**newer, "anchor": main[-1]["anchor"], "arrives": START + 300}
    frames = range(START + 300, START + 800)
    assert [strip(one) for one in engine.watch([late], frames, killed=["gone"])] == [strip(one) for one in main[300:]]
    for killed in ("a", item("a", 15)["text"]):
        assert "a" not in entries(engine.watch([late], frames, killed=[killed]))


def test_what_others_still_run_of_killed_words_does_not_come_back_with_where_they_are(engine: Engine) -> None:
    wrong, right = item("a", 60), item("a", 60, 2)
    edited = playlist(START + 40, items=[right, item("b", 30)])
    main = engine.watch([playlist(items=[wrong, item("b", 30)]), edited], range(START, START + 60))
    assert "a1" in json.dumps(main[-1]["anchor"]["run"])
    late = {**edited, "anchor": main[-1]["anchor"], "arrives": START + 60}
    pictures = engine.watch([late], range(START + 60, START + 400), killed=[wrong["text"]])
    assert {one["version"] for p in pictures for one in p["items"] if one["id"] == "a" and one["isSeen"]} == {2}


def test_what_only_runs_out_is_covered_as_soon_as_its_host_kills_it(engine: Engine) -> None:
    line = "A line of the host".ljust(60, ".")
    lines = [said(0, "update", {"f0": line}), said(30, "update", {"f0": ""})]
    for says, old, words in (
        ([said(10, "kill", "another")], item("a", 60), item("a", 60)["text"]), (lines, item("a", 5), line),
    ):  # fmt: skip
        history = [playlist(items=[old, item("b", 30)]), playlist(START + 40, items=[item("a", 9, 2), item("b", 30)])]
        pictures = engine.watch(history, range(START, START + 400), says=[*says, said(60, "kill", words)])
        shown = [p["frame"] - START for p in pictures for one in p["items"] if one["isSeen"] and one["text"] == words]
        assert shown[-1] == 59


def test_what_a_host_said_before_runs_to_its_end_however_often_it_says_something_else(engine: Engine) -> None:
    first, other = ("A line of the host".ljust(60, letter) for letter in ".-")
    says = [said(0, "update", {"f0": first}), *(said(at, "update", {"f0": other}) for at in (60, 80, 100))]
    pictures = engine.watch([playlist(items=[item("a")])], range(START, START + 600), says=says)
    ran = [one for picture in pictures for one in picture["ran"] if one["text"] == first]
    assert [one["covered"] for one in ran] == [False]
    assert ran[0]["last"] - ran[0]["first"] >= (ROOM + len(first) * LETTER) // 4 - 2


def test_a_headline_whose_take_over_a_host_has_ended_can_take_the_bar_over_again(engine: Engine) -> None:
    again = {**FLASH, "from": START + 500, "until": START + 600}
    history = [playlist(takeovers=[FLASH]), playlist(START + 200, items=[item("a")], takeovers=[FLASH])]
    history.append(playlist(START + 450, takeovers=[again]))
    pictures = engine.watch(history, range(START, START + 620), says=[said(100, "next")])
    stood = [picture["frame"] - START for picture in pictures if picture["strap"]]
    assert stood == [*range(50, stood.index(500) + 50), *range(500, 600)]
    assert stood.index(500) + 50 in {100, 101}
