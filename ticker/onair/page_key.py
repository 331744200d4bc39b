"""The key in the address of an output's pages: with it they report.

ticker:{onair}:keys    hash: output → how often its key was made anew
"""

from ticker.onair.output import Output
from ticker.people.seal import Seal
from ticker.store import ask

PURPOSE = "onair"  # of the seal
KEYS = "ticker:{onair}:keys"


async def key_of(seal: Seal, output: Output) -> str:
    """The same each time, until it is made anew or the secret in Redis is deleted."""
    return await seal.close(PURPOSE, await _content(seal, output))


async def is_key_of(seal: Seal, output: Output, key: str) -> bool:
    found: object = await seal.open(PURPOSE, key)
    return found is not None and found == await _content(seal, output)


async def renew(seal: Seal, output: Output) -> None:
    """What was the output's key is one no more."""
    await ask(seal.redis, "hincrby", KEYS, output.name, 1)


async def _content(seal: Seal, output: Output) -> object:
    number = await ask(seal.redis, "hget", KEYS, output.name)
    return [output.name, int(number)] if number else output.name
