"""The key in the address of an output's pages: with it they report."""

from ticker.onair.output import Output
from ticker.people.seal import Seal

PURPOSE = "onair"  # of the seal


async def key_of(seal: Seal, output: Output) -> str:
    """The same each time, until the secret in Redis is deleted."""
    return await seal.close(PURPOSE, output.name)


async def is_key_of(seal: Seal, output: Output, key: str) -> bool:
    found: object = await seal.open(PURPOSE, key)
    return found == output.name
