"""An output as the OGraf Server API sees it: a renderer with one target, and the output's own ticker on it. Pure."""

from collections.abc import Sequence
from typing import Any

from ticker.headline import NOTE_LIMIT
from ticker.onair import watch
from ticker.onair.control import Cue
from ticker.onair.manifest import SPEED, action, form, id_of, line, number
from ticker.onair.output import Output
from ticker.onair.watch import Alarm

TARGET = {"layer": 1}  # the one that each renderer has
ACTIONS = {
    Cue.TAKE: "On air, and this headline next",
    Cue.CLEAR: "It may be shown here",
    Cue.HOLD: "It may not be shown here",
}
REASON = "Killed by a controller"  # when none is given

_ID = line("id", "Id", "of the headline")
_IDS = {"type": "array", "items": {"type": "string"}, "title": "Running order", "default": []}
# Forms send 0, "" and [] for what nobody has filled in: in data it leaves the output as it is.
_DATA = form(
    number("speed", "Speed", "pixels a frame; 0: as it is", **{**SPEED, "minimum": 0}, default=0),
    ("ids", {**_IDS, "description": "ids of headlines that come first; none: as it is"}),
)
_GRAPHICS_ACTIONS = [
    action(
        "breaking",
        "Take over",
        "A headline takes the bar over.",
        _ID,
        number("seconds", "Seconds", "that it stands; 0: until it is cleared", type="integer", minimum=0,
               maximum=86_400, default=0),
        required=["id"],
    ),
    action(
        "kill",
        "Kill",
        "A headline is covered at once, and is gone from every output and every reader.",
        _ID,
        line("reason", "Reason", "for the log", maxLength=NOTE_LIMIT, default=REASON),
        line("note", "Note", "what readers are told, if anything", maxLength=NOTE_LIMIT, default=""),
        required=["id"],
    ),
    action("clear-takeover", "Clear take-over", "What has taken the bar over leaves it."),
    action(
        "order",
        "Running order",
        "These come first, in this order.",
        ("ids", {**_IDS, "description": "ids of headlines; none: there is no running order"}),
    ),
]  # fmt: skip


def named(output: Output) -> dict[str, str]:
    return {"id": output.name, "name": output.title, "description": f"{output.type} output"}


def graphic(output: Output) -> dict[str, str]:
    return {"id": id_of(output.name), "name": f"{output.title} ticker"}


def offered(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest as the API has it. What a controller says goes to the output, which takes other things than the
    graphic of its package does.
    """
    return {
        **manifest,
        "description": "The ticker of the output, on all of its pages.",
        "schema": _DATA,
        "customActions": _GRAPHICS_ACTIONS,
    }


def target(output: Output) -> dict[str, Any]:
    """What stands on it is always the same instance: the ticker's pages stay open also while nothing is on air."""
    instance = {"graphicInstanceId": id_of(output.name), "graphic": graphic(output)}
    return {"renderTarget": TARGET, "name": output.title, "graphicInstances": [instance]}


def renderer(output: Output, status: dict[str, str]) -> dict[str, Any]:
    return {
        **named(output),
        "status": status,
        "renderTargets": [target(output)],
        "renderTargetSchema": {
            "type": "object",
            "properties": {"layer": {"type": "integer", "const": TARGET["layer"], "default": TARGET["layer"]}},
        },
        "renderCharacteristics": {
            "resolution": {"width": output.look.width, "height": output.look.height},
            "frameRate": float(output.rate),
            "accessToPublicInternet": False,
        },
        "customActions": [
            action(cue.value, cue.value.capitalize(), what, _ID, required=[] if cue is Cue.TAKE else ["id"])
            for cue, what in ACTIONS.items()
        ],
    }


def status(alarms: Sequence[Alarm]) -> dict[str, str]:
    """ERROR is what viewers would see."""
    if faults := watch.is_faulty(alarms):
        return {"status": "ERROR", "message": " ".join(fault.sentence for fault in faults)}
    if alarms:
        return {"status": "WARNING", "message": " ".join(alarm.sentence for alarm in alarms)}
    return {"status": "OK", "message": "Every page shows what it should."}


def is_target(given: Any) -> bool:
    return isinstance(given, dict) and given.get("layer", TARGET["layer"]) == TARGET["layer"]


def matches(output: Output, wanted: dict[str, Any]) -> bool:
    """Whether a filter means this output's ticker; what a filter does not name, it does not ask for."""
    own = id_of(output.name)
    on_target = "renderTarget" not in wanted or is_target(wanted["renderTarget"])
    return on_target and all(wanted.get(name, own) == own for name in ("graphicId", "graphicInstanceId"))
