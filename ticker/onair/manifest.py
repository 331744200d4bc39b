"""The manifest of an output's ticker as an OGraf graphic: what a renderer and its operator must know of it. Pure.

OGraf Graphics v1 of the EBU: https://ograf.ebu.io
"""

from collections.abc import Sequence
from typing import Any

from ticker.channel import Channel
from ticker.onair.output import Output

SCHEMA = "https://ograf.ebu.io/v1/specification/json-schemas/graphics/schema.json"
VERSION = "1.0.0"
MAIN = "ticker.mjs"
SPEED = {"type": "integer", "minimum": 1, "maximum": 40}
SPX = {"playserver": "OVERLAY", "playchannel": "1", "playlayer": "1", "webplayout": "1", "out": "manual"}

Field = tuple[str, dict[str, Any]]  # of a form: its name and what the EBU's Graphics Data Definition says of it


def id_of(output_name: str) -> str:
    """Lower-case and with a letter in front: some renderers make the element's name of it."""
    return f"ticker-{output_name}"


def manifest(output: Output, channel: Channel, service: str) -> dict[str, Any]:
    """`service` is the output's address, which the graphic follows unless it is told otherwise."""
    look = output.look
    return {
        "$schema": SCHEMA,
        "id": id_of(output.name),
        "version": VERSION,
        "name": f"{output.title} ticker",
        "description": f"The ticker of the output {output.name}: it follows the service, or shows what it is given.",
        "main": MAIN,
        "supportsRealTime": True,
        "supportsNonRealTime": True,
        "stepCount": 1,
        "schema": _data(output, channel, service),
        "customActions": [
            action(
                "breaking",
                "Take over",
                "A line takes the bar over.",
                line("text", "Text", "what it says", maxLength=280),
                number("seconds", "Seconds", "that it stands; 0: until it is cleared", minimum=0, default=12),
            ),
            action(
                "kill",
                "Kill",
                "A headline is covered at once and does not come back.",
                line("id", "Id", "of the headline, as the service or the data has it"),
                line("text", "Text", "or its words, exactly"),
            ),
            action("clear-takeover", "Clear take-over", "What has taken the bar over leaves it."),
        ],
        "renderRequirements": [
            {
                "resolution": {"width": {"ideal": look.width}, "height": {"ideal": look.height}},
                "frameRate": {"ideal": round(float(output.rate), 2)},
                "accessToPublicInternet": {"exact": False},
            }
        ],
        "v_spx": SPX,
    }


def _data(output: Output, channel: Channel, service: str) -> dict[str, Any]:
    modes = _choice(crawl="Crawl", flip="Flip")
    ways = _choice(ltr="Left to right", rtl="Right to left")
    return form(
        line("service", "Service", "address of the output that it follows", default=service),
        line("headlines", "Headlines", "one a line, instead of the service's", gddType="multi-line", default=""),
        line("mode", "Mode", "of these headlines: one after another, or one at a time", default=output.mode, **modes),
        number("speed", "Speed", "of these headlines, pixels a frame", **SPEED, default=output.speed),
        line("lang", "Language", "of these headlines", default=channel.lang),
        line("dir", "Direction", "of these headlines", default=channel.dir, **ways),
    )


def line(name: str, title: str, description: str, **more: Any) -> Field:
    field = {"type": "string", "gddType": "single-line", "title": title, "description": description}
    return name, {**field, **more, "v_spx": {"ftype": _ftype(more)}}


def number(name: str, title: str, description: str, **more: Any) -> Field:
    field = {"type": "number", "title": title, "description": description}
    return name, {**field, **more, "v_spx": {"ftype": "number"}}


def _ftype(more: dict[str, Any]) -> str:
    return {"multi-line": "textarea", "select": "dropdown"}.get(more.get("gddType", ""), "textfield")


def _choice(**labels: str) -> dict[str, Any]:
    return {"enum": list(labels), "gddType": "select", "gddOptions": {"labels": labels}}


def action(action_id: str, name: str, description: str, *fields: Field, required: Sequence[str] = ()) -> dict[str, Any]:
    """One without fields takes nothing."""
    schema = form(*fields, required=required) if fields else None
    return {"id": action_id, "name": name, "description": description, "schema": schema}


def form(*fields: Field, required: Sequence[str] = ()) -> dict[str, Any]:
    properties = {name: {"order": place, **field} for place, (name, field) in enumerate(fields, 1)}
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}
