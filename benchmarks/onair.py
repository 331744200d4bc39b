"""How a page on air does: `python -m benchmarks.onair`; ten minutes of running, or `--seconds`, then `--kills`, then
`--away` seconds for which the service is gone.

A web process and a page of it in headless Chromium. First it runs freely: the frames that the screen asked for, how far
apart, and what the page says it lost. Then headlines are published and killed by HTTP; the time goes from before the
request to the first frame in which the words cannot be seen, by the clock that both share on one machine. At last the
web process is killed and comes back.
"""

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from benchmarks.beacon import a_redis
from benchmarks.report import say
from tests.api import Api, fresh_key, serving
from tests.chromium import browser
from tests.renderer import SEEN, Renderer, rendering
from tests.servers import Web, eventually
from tests.test_onair_api import page_key

OUTPUTS = '[channels.en]\n[outputs.program]\nchannels = ["en"]\nclearance = "automatic"\nfps = "60"\nspeed = 8\n'
LOOP = 12  # headlines in it
# The moments of all frames since, in ms from the page's beginning.
FRAMES = """() => {
  const moments = (window.frames_ = []);
  const frame = (at) => { moments.push(at); requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
}"""
# The time of day of the first frame in which a text cannot be seen, once it was.
COVERED = """(text) => new Promise((done) => {
  const seen = SEEN;
  const look = () => (seen().includes(text) ? requestAnimationFrame(look) : done(Date.now()));
  look();
})""".replace("SEEN", SEEN)


def percentile(sorted_: list[float], part: float) -> float:
    return sorted_[min(len(sorted_) - 1, int(len(sorted_) * part))]


async def free_running(renderer: Renderer, seconds: float) -> None:
    await renderer.page.evaluate(FRAMES)
    await asyncio.sleep(seconds)
    moments: list[float] = await renderer.call("window.frames_")
    apart = sorted(after - before for before, after in itertools.pairwise(moments))
    usual = percentile(apart, 0.5)
    dropped = sum(max(0, round(one / usual) - 1) for one in apart)
    print(
        f"{moments[-1] / 1000 - moments[0] / 1000:.0f} s of free running: {len(moments):,} frames, {dropped} dropped "
        f"({dropped / len(moments):.3%}); apart p50 {usual:.2f}, p99 {percentile(apart, 0.99):.2f}, "
        f"longest {apart[-1]:.1f} ms"
    )


async def kills(renderer: Renderer, desk: Api, many: int) -> None:
    took = []
    for number in range(many):
        text = f"To be killed, number {number}"
        headline = await desk.publish(text)
        await desk("POST", "/onair/program/take", {"id": headline["id"]})
        await renderer.shows(text)
        watching = asyncio.create_task(renderer.page.evaluate(COVERED, text))
        await asyncio.sleep(0.05)
        began = time.time() * 1000
        answer = await desk("POST", "/onair/program/kill", {"id": headline["id"], "reason": "measured"})
        assert answer.status == 200, answer.text
        took.append(await watching - began)
    took.sort()
    print(
        f"{many} kills, from the request to the first frame without it: p50 {percentile(took, 0.5):.0f}, "
        f"p99 {percentile(took, 0.99):.0f}, longest {took[-1]:.0f} ms"
    )


async def away(renderer: Renderer, web: Web, desk: Api, seconds: float) -> None:
    await renderer.watch()
    web.kill()
    await free_running(renderer, seconds)
    await web.ready()
    back = time.monotonic()
    text = "Published when the service was back"
    headline = await desk.publish(text)
    await desk("POST", "/onair/program/take", {"id": headline["id"]})
    await renderer.shows(text)
    blank = (await renderer.call("window.watched"))["longest"]
    ran = (await desk.get("/onair/program/as-run.csv")).text.count("\n") - 1
    print(
        f"the service gone for {seconds:.0f} s: at most {blank} frames in a row without a word; new words on screen "
        f"{time.monotonic() - back:.1f} s after it was back; {ran} rows in the as-run log"
    )


async def run(web: Web, seconds: float, many: int, gone: float) -> None:
    async with aiohttp.ClientSession() as http, browser() as chromium:
        desk = Api(http, web.url, await fresh_key(web, "bench", "admin"))
        for number in range(LOOP):
            await desk.publish(f"A headline of an ordinary length, as they are, with its number: {number}")
        address = f"{web.url}/onair/program?key={await page_key(web, 'program')}"
        async with rendering(chromium, address) as renderer:
            await eventually(renderer.seen, "the bar is on")
            say(f"{seconds:.0f} s of free running")
            await free_running(renderer, seconds)
            say(f"{many} kills")
            await kills(renderer, desk, many)
            say(f"{gone:.0f} s without the service")
            await away(renderer, web, desk, gone)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.onair", description="How a page on air does.")
    parser.add_argument("--seconds", type=float, default=600, help="of free running")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--away", type=float, default=60, help="seconds for which the service is gone")
    given = parser.parse_args(argv)
    with a_redis() as redis, tempfile.TemporaryDirectory() as folder, serving(redis, Path(folder), OUTPUTS) as web:
        asyncio.run(run(web, given.seconds, given.kills, given.away))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
