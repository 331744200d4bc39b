"""What is said to a question of the newsroom's, and to what is not for us. Pure."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from workers.mos.command import CHANGES
from workers.mos.message import Element, Message, element, heartbeat, mos_ack, ro_ack
from workers.mos.running_order import RunningOrder

PROFILES = {0: True, 1: True, 2: True, 3: False, 4: True, 5: False, 6: False, 7: False}
MOS_REVISION = "2.8.5"
PEER_SAYS = ("mosAck", "roAck", "listMachInfo", "roList", "roListAll")  # answers of its own: nothing is said to them


class Machine(NamedTuple):
    """Which device this is."""

    mos_id: str
    version: str
    since: str  # when it began


def answer(message: Message, orders: Mapping[str, RunningOrder], machine: Machine, now: str) -> Element:
    """To everything but a change of a running order. `now` is in the form of the protocol."""
    match message.name:
        case "heartbeat":
            return heartbeat(now)
        case "reqMachInfo":
            return _list_mach_info(machine, now)
        case "mosReqAll":
            return mos_ack("ACK", "There are no objects here: a ticker has headlines.")
        case "mosReqObj":
            return mos_ack("NACK", "There are no objects here: a ticker has headlines.", message.get("objID") or "0")
        case "roReq":
            order = orders.get(message.get("roID"))
            return (
                order.body("roList") if order else ro_ack(message.get("roID"), "There is no such running order here.")
            )
        case "roReqAll":
            return element("roListAll", None, *_bases(orders.values()))
    return refusal(message, f"{message.name} is not supported.")


def refusal(message: Message, sentence: str) -> Element:
    """As the newsroom expects it: about a running order, or about anything else."""
    if message.name in CHANGES:
        return ro_ack(message.get("roID"), sentence)
    return mos_ack("NACK", sentence)


def _bases(orders: Iterable[RunningOrder]) -> list[Element]:
    return [order.base("ro") for order in orders]


def _list_mach_info(machine: Machine, now: str) -> Element:
    profiles = element("supportedProfiles")
    profiles.set("deviceType", "MOS")
    for number, has in PROFILES.items():
        profile = element("mosProfile", "YES" if has else "NO")
        profile.set("number", str(number))
        profiles.append(profile)
    told = {
        "manufacturer": "ticker", "model": "ticker", "hwRev": "0", "swRev": machine.version, "DOM": machine.since[:10],
        "SN": "0", "ID": machine.mos_id, "time": now, "opTime": machine.since, "mosRev": MOS_REVISION,
    }  # fmt: skip
    return element("listMachInfo", None, *(element(name, text) for name, text in told.items()), profiles)
