"""Each command as a person types it, against a ticker that runs."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import pytest
from click.testing import CliRunner

from tests.servers import free_port
from ticker import embedded, store
from ticker.cli import main
from ticker.cli.main import COMMANDS
from ticker.cli.strip import Strip
from ticker.cli.write import Span
from ticker.dead import Dead, Letter
from ticker.onair.as_run import Ran
from ticker.onair.log import OnAirLog, Where
from ticker.settings import Settings
from ticker.sources import Sources

WITHIN = 60  # seconds
POLL_EVERY = 0.02  # seconds


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    data = tmp_path_factory.mktemp("cli") / "data"
    bind = f"127.0.0.1:{free_port()}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKER_")}
    return kept | {"TICKER_BIND": bind, "TICKER_DATA": str(data), "TICKER_DEMO": "0", "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def service(environment, tmp_path_factory):
    """A ticker that serves, with its desk key in place."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "Procfile").write_text(f"web: {sys.executable} -m ticker web\n")
    log = (folder / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "ticker", "up", "--procfile", folder / "Procfile"],
        env=environment | {"TICKER_DRAIN_SECONDS": "0.2"},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    wait_until(lambda: "Ctrl-C" in (folder / "log").read_text() or process.poll() is not None)
    assert process.poll() is None, (folder / "log").read_text()
    yield environment
    process.send_signal(signal.SIGINT)
    assert process.wait(WITHIN) == 0
    log.close()


def wait_until(true) -> None:
    deadline = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(POLL_EVERY)


def ticker(environment, *words, stdin="", code=0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ticker", *words],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "bench"])  # its --help is that of the benchmarks
def test_every_command_teaches_with_an_example(name):
    shown = CliRunner().invoke(main, [name, "--help"], env={"TICKER_CONFIG": "/does/not/exist"})
    words = shown.output
    for line in words.partition("Commands:")[2].splitlines():
        if line.strip():
            words += CliRunner().invoke(main, [name, line.split()[0], "--help"]).output
    assert shown.exit_code == 0
    assert f"  ticker {name}" in words


def test_who_wants_no_colour_gets_none(tmp_path):
    env = {"TICKER_DATA": str(tmp_path), "TICKER_REDIS_URL": "redis://127.0.0.1:1", "TICKER_CONFIG": "/does/not/exist"}
    assert "\x1b[" in CliRunner().invoke(main, ["check"], env=env, color=True).output
    assert "\x1b[" not in CliRunner().invoke(main, ["check"], env={**env, "NO_COLOR": "1"}, color=True).output


def test_the_help_has_the_exit_codes():
    shown = CliRunner().invoke(main, ["--help"]).output
    for code in (0, 1, 2, 3, 130):
        assert f"\n    {code:<3}  " in shown


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("12h", 43_200), ("2d", 172_800)]
)
def test_a_length_of_time(text, seconds):
    assert Span()(text) == seconds


def test_publish_change_and_kill(service):
    id_ = ticker(
        service, "publish", "en", "Hello", "-u", "flash", "--kicker", "NOW", "--tag", "a", "--tag", "b"
    ).strip()
    assert ticker(service, "update", "en", id_, "--text", "Hello again").strip() == "2"
    shown = json.loads(ticker(service, "update", "en", id_, "--text", "Hi", "--correction", "A wrong word.", "--json"))
    assert (shown["version"], shown["correction"], shown["tags"]) == (3, "A wrong word.", ["a", "b"])
    assert "is held" in ticker(service, "hold", "en", id_, "Who says so?")
    assert "is live" in ticker(service, "release", "en", id_)
    assert "is retracted" in ticker(service, "retract", "en", id_, "It was false.")
    assert ticker(service, "release", "en", id_, code=1).strip()


def test_the_audit_is_verified_exported_and_verified_again(service, tmp_path):
    ticker(service, "publish", "en", "=1+1, they say")
    whole = ticker(service, "audit", "verify", "en")
    assert "all as they were written" in whole
    noted = whole.split()[-1]
    ticker(service, "publish", "en", "Another")
    ticker(service, "publish", "en", "A third")
    assert "all as they were written" in ticker(service, "audit", "verify", "en", "--known", noted)
    assert "es: 0 entries" in ticker(service, "audit", "verify")
    assert "0" * 40 in ticker(service, "audit", "verify", "en", "--known", "0" * 40, code=1)
    file = tmp_path / "audit.jsonl"
    file.write_text(ticker(service, "audit", "export", "en"))
    assert "all as they were written" in ticker(service, "audit", "verify", "--file", str(file), "--known", noted)
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([*lines[:-2], lines[-1]]))
    assert "does not follow" in ticker(service, "audit", "verify", "--file", str(file), code=1)
    assert "cannot be read" in ticker(service, "audit", "verify", "--file", str(tmp_path / "none"), code=2)
    file.write_text("{}\n")
    assert "Line 1" in ticker(service, "audit", "verify", "--file", str(file), code=1)
    assert "'=1+1" in ticker(service, "audit", "export", "en", "--format", "csv")
    assert ticker(service, "audit", "export", "en", "--until", "2000-01-01T00:00:00Z") == ""
    ticker(service, "audit", "export", "en", "--from", "yesterday", code=2)
    assert "There is no channel" in ticker(service, "audit", "verify", "none", code=2)


def test_an_output_is_run_and_listed(service):
    id_ = ticker(service, "publish", "en", "On air").strip()
    assert "en is on air, with" in ticker(service, "output", "take", "en", id_)
    assert "en is off" in ticker(service, "output", "stop", "en", "--when", "loop")
    before = json.loads(ticker(service, "output", "clear", "en", id_, "--version", "1", "--json"))
    after = json.loads(ticker(service, "output", "hold", "en", id_, "--json"))
    assert len(before["playlist"]["items"]) == len(after["playlist"]["items"]) + 1
    ticker(service, "output", "take", "en")
    assert "en  program  en  " in ticker(service, "output", "list")
    assert "There is no output" in ticker(service, "output", "address", "none", code=2)
    assert "no output" in ticker(service, "output", "take", "none", code=1)


def test_the_address_of_a_page_lets_it_report(service):
    address = ticker(service, "output", "address", "en", "--page", "backup").strip()
    query = dict(part.split("=") for part in address.partition("?")[2].split("&"))
    assert address.startswith(f"http://{service['TICKER_BIND']}/onair/en?page=backup&key=")
    report = {"key": query["key"], "page": "backup", "boot": "b", "seq": 1, "frame": 5}
    url = f"http://{service['TICKER_BIND']}/onair/en/report"
    with build_opener(ProxyHandler({})).open(Request(url, json.dumps(report).encode())) as answer:
        assert answer.status == 204
    assert "backup: on, " in ticker(service, "output", "list")
    renewed = ticker(service, "output", "address", "en", "--page", "backup", "--renew").strip()
    assert renewed == ticker(service, "output", "address", "en", "--page", "backup").strip() != address
    with pytest.raises(HTTPError, match="401"):
        build_opener(ProxyHandler({})).open(Request(url, json.dumps(report).encode()))


def test_the_as_run_log_is_verified_as_the_audit_is(service):
    """An entry that is taken out by hand is named."""

    async def run(seq):
        async with embedded.redis_url(settings(service)) as url, store.connect(url) as redis:
            await OnAirLog(redis).add_report("es", "main", "boot", seq, [Ran({"action": "ran", "number": seq})], [], {})

    async def tamper():
        async with embedded.redis_url(settings(service)) as url, store.connect(url) as redis:
            key = Where.of("es").audit
            await redis.xdel(key, (await redis.xrange(key))[1][0])

    for number in range(3):
        asyncio.run(run(number))
    assert "es: 3 entries, all as they were written" in ticker(service, "audit", "verify", "--output", "es")
    asyncio.run(tamper())
    assert "number 2" in ticker(service, "audit", "verify", "--output", "es", code=1)
    assert "There is no output" in ticker(service, "audit", "verify", "--output", "none", code=2)


def test_a_key_for_rehearsals_says_so(service):
    key = ticker(service, "key", "create", "--scope", "publish", "--rehearsal", "--name", "training").strip()
    [listed] = [line for line in ticker(service, "key", "list").splitlines() if line.startswith(key[3:11])]
    assert "all channels for rehearsals" in listed


def test_the_same_once_publishes_once(service):
    first = ticker(service, "publish", "en", "Only once", "--once", "one")
    assert ticker(service, "publish", "en", "Only once", "--once", "one") == first


def test_text_comes_from_a_pipe(service):
    shown = json.loads(ticker(service, "publish", "en", "-", "--json", stdin="Through a pipe\n"))
    assert shown["text"] == "Through a pipe"


def test_what_is_refused_is_said_and_exits_with_1(service):
    assert "text" in ticker(service, "publish", "en", "", code=1)
    assert "nowhere" in ticker(service, "publish", "nowhere", "Hello", code=1)
    assert "key" in ticker(service, "publish", "en", "Hello", "--key", "wrong", code=1)
    ticker(service, "update", "en", "missing", "--text", "Hello", code=1)


def test_what_is_typed_wrongly_exits_with_2(service):
    ticker(service, "publish", "en", code=2)
    ticker(service, "publish", "en", "Hello", "--urgency", "whatever", code=2)
    ticker(service, "publish", "en", "Hello", "--expires-in", "soon", code=2)
    ticker(service, "update", "en", "any", code=2)
    ticker(service, "key", "create", "--scope", "publish", "--channel", "nowhere", code=2)
    assert "TICKER_BIND" in ticker(service | {"TICKER_BIND": "nonsense"}, "publish", "en", "Hello", code=2)


def test_nobody_there_exits_with_3(environment):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
        told = ticker(environment, "publish", "en", "Hello", "--url", nobody, "--key", "any", code=3)
    assert told.count("\n") == 1
    assert nobody in told


def test_a_key_is_printed_alone_works_and_ends(service):
    key = ticker(service, "key", "create", "--scope", "publish", "--channel", "en", "--name", "night desk").strip()
    assert key.startswith("tk_")
    assert " " not in key
    ticker(service, "publish", "en", "With a key", "--key", key)
    assert "en" in ticker(service, "publish", "es", "Other channel", "--key", key, code=1)
    listed = ticker(service, "key", "list")
    key_id = key.split("_")[1]
    assert f"{key_id}  night desk  publish  en" in listed
    ticker(service, "key", "revoke", key_id)
    ticker(service, "publish", "en", "Too late", "--key", key, code=1)
    ticker(service, "key", "revoke", "no-such", code=1)


def sign_in(environment, login, password) -> int:
    url = f"http://{environment['TICKER_BIND']}"
    form = urlencode({"login": login, "password": password}).encode()
    opener = build_opener(ProxyHandler({}), Unmoved())
    try:
        return opener.open(Request(f"{url}/desk/sign-in", form, {"Origin": url})).status
    except HTTPError as answer:
        return answer.code


class Unmoved(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def test_people_are_added_changed_and_removed(service):
    ticker(service, "user", "add", "Ana", "--name", "Ana Ruiz", "--role", "reader", stdin="a few good words\n")
    assert sign_in(service, "ana", "a few good words") == 303
    ticker(service, "user", "role", "ana", "en=editor", "reader")
    listed = ticker(service, "user", "list")
    assert "ana  Ana Ruiz  *=reader,en=editor  signed in " in listed
    ticker(service, "user", "password", "ana", stdin="a few other words\n")
    assert sign_in(service, "ana", "a few good words") == 403
    assert sign_in(service, "ana", "a few other words") == 303
    assert "/desk/invitation?token=" in ticker(service, "user", "password", "ana", "--link")
    assert "/desk/invitation?token=" in ticker(service, "user", "add", "sam", "--role", "es=writer", "--link")
    assert "already" in ticker(service, "user", "add", "sam", "--role", "reader", "--link", code=1)
    for login in ("ana", "sam"):
        ticker(service, "user", "remove", login)
    assert sign_in(service, "ana", "a few other words") == 403
    for gone in (["remove", "ana"], ["role", "ana", "reader"], ["password", "ana", "--link"]):
        assert "no person 'ana'" in ticker(service, "user", *gone, code=1)


def test_people_that_are_typed_wrongly(service):
    ticker(service, "user", "add", "bob", code=2)
    ticker(service, "user", "add", "bob", "--role", "king", stdin="a few good words\n", code=2)
    ticker(service, "user", "add", "bob", "--role", "nowhere=reader", stdin="a few good words\n", code=2)
    ticker(service, "user", "add", "b b", "--role", "reader", stdin="a few good words\n", code=2)
    assert "12 characters" in ticker(service, "user", "add", "bob", "--role", "reader", stdin="short\n", code=2)
    ticker(service, "user", "add", "bob", "--role", "reader", stdin="", code=2)
    assert "bob" not in ticker(service, "user", "list")


class Tail:
    """`ticker tail`, and what it has said so far."""

    def __init__(self, environment, folder: Path, *words: str) -> None:
        self.path = folder / "tail"
        with self.path.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ticker", "tail", *words],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def says(self, text: str) -> str:
        wait_until(lambda: text in self.path.read_text() or self.process.poll() is not None)
        assert text in self.path.read_text()
        return self.path.read_text()

    def ctrl_c(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(WITHIN)


def test_tail_tells_what_happens_in_words(service, tmp_path):
    first = ticker(service, "publish", "es", "Before").strip()
    with Tail(service, tmp_path, "es") as tail:
        tail.says("Before")
        second = ticker(service, "publish", "es", "After", "-u", "urgent").strip()
        tail.says("URGENT   After")
        ticker(service, "update", "es", second, "--text", "Later", "--correction", "A wrong word.")
        tail.says("CORRECTED: Later (A wrong word.)")
        ticker(service, "hold", "es", second)
        tail.says("HELD: Later")
        ticker(service, "retract", "es", first, "It was false.")
        tail.says("KILLED: Before")
        assert tail.ctrl_c() == 130


def test_tail_as_json_is_one_message_per_line(service, tmp_path):
    with Tail(service, tmp_path, "ar", "--json") as tail:
        tail.says("snapshot")
        ticker(service, "publish", "ar", "خبر عاجل")
        messages = [json.loads(line) for line in tail.says("خبر عاجل").splitlines()]
        assert messages[0]["type"] == "snapshot"
        [published] = [message for message in messages[1:] if message["type"] != "heartbeat"]
        assert published["headline"]["text"] == "خبر عاجل"
        assert tail.ctrl_c() == 130


def test_tail_of_a_channel_that_is_not_there(service):
    assert "nowhere" in ticker(service, "tail", "nowhere", code=1)


def test_check_is_content_with_a_new_machine(environment):
    lines = ticker(environment, "check").splitlines()
    assert all(line.startswith(("ok", "WARN")) for line in lines)
    assert any("append-only file is on" in line for line in lines)


def test_check_finds_what_is_wrong(environment, tmp_path):
    (tmp_path / "ticker.toml").write_text(
        '[sources.inside]\nurl = "http://127.0.0.1/feed"\nchannel = "en"\n'
        '[sources.right]\nurl = "https://example.org/feed"\nchannel = "en"\n'
    )
    wrong = environment | {"TICKER_CONFIG": str(tmp_path / "ticker.toml"), "TICKER_REDIS_URL": f"unix://{tmp_path}/no"}
    done = subprocess.run(
        [sys.executable, "-m", "ticker", "check"],
        env=wrong,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode == 1
    assert [line.split()[:2] for line in done.stdout.splitlines() if line.startswith("FAIL")] == [
        ["FAIL", "redis"],
        ["FAIL", "source"],
    ]
    assert "inside" in done.stdout


def test_check_names_a_setting_that_is_wrong(environment):
    done = subprocess.run(
        [sys.executable, "-m", "ticker", "check"],
        env=environment | {"TICKER_LOG": "loud"},
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode == 1
    assert "TICKER_LOG" in done.stdout


def headline(id_: str, version: int = 1, **more):
    return {
        "id": id_, "version": version, "text": f"text of {id_}", "urgency": "routine",
        "published_at": "2026-11-23T10:00:00.000Z", "updated_at": "2026-11-23T10:00:00.000Z",
    } | more  # fmt: skip


def test_a_repeated_message_is_shown_once():
    strip = Strip()
    message = {"type": "published", "headline": headline("a")}
    assert len(strip.lines(message)) == 1
    assert strip.lines(message) == []


def test_a_snapshot_after_a_break_shows_the_difference_only():
    strip = Strip()
    strip.lines({"type": "snapshot", "headlines": [headline("a"), headline("b")]})
    lines = strip.lines({"type": "snapshot", "reason": "too_old", "headlines": [headline("b"), headline("c")]})
    assert "away for too long" in lines[0]
    assert ["text of a" in line for line in lines[1:]] == [True, False]
    assert "text of c" in lines[2]


def test_what_is_not_known_is_passed_over():
    assert Strip().lines({"type": "most_read", "stories": []}) == []
    assert Strip().lines({"type": "retracted", "id": "never seen"}) == []


def test_staleness_is_told_when_it_begins_and_when_it_ends():
    strip = Strip()
    told = [strip.lines({"type": "heartbeat", "stale": stale}) for stale in (False, True, True, False)]
    assert [len(lines) for lines in told] == [0, 1, 0, 1]


@pytest.fixture
def letter(service):
    """A dead letter, with what would upset a terminal in it. Its id."""

    async def add() -> str:
        async with embedded.redis_url(settings(service)) as url, store.connect(url) as client:
            added = await Dead(client).add(
                Letter("wire", "en", 1_795_000_000_000, "no text \x1b[31m", "https://example.org/", "text/xml",
                       f"<item>\x1b]0;x\x07{time.time_ns()}</item>".encode(), "entry")
            )  # fmt: skip
        assert added is not None
        return added

    return asyncio.run(add())


def settings(environment) -> Settings:
    return Settings(data=Path(environment["TICKER_DATA"]), redis_url=None)


def test_a_dead_letter_is_listed_shown_and_dropped(service, letter):
    assert f"{letter}  2026-11-18T11:06:40.000Z  wire  entry: no text \\x1b[31m\n" in ticker(service, "dead", "list")
    shown = ticker(service, "dead", "show", letter)
    assert "https://example.org/" in shown
    assert "<item>\\x1b]0;x\\x07" in shown
    assert "\x1b" not in shown
    assert ticker(service, "dead", "show", letter, "--raw").startswith("<item>\x1b]0;x\x07")
    ticker(service, "dead", "drop", letter)
    assert letter not in ticker(service, "dead", "list")
    assert letter in ticker(service, "dead", "show", letter, code=1)
    assert letter in ticker(service, "dead", "drop", letter, code=1)


def test_sources_are_listed_with_how_they_do(service, tmp_path):
    (tmp_path / "ticker.toml").write_text(
        '[sources.fine]\nurl = "https://example.org/a"\nchannel = "en"\n'
        '[sources.broken]\nurl = "https://example.org/b"\nchannel = "es"\n'
        '[sources.new]\nurl = "https://example.org/c"\nchannel = "es"\n'
    )

    async def poll() -> None:
        async with embedded.redis_url(settings(service)) as url, store.connect(url) as client:
            sources = Sources(client)
            await sources.save("fine", polled_at=time.time_ns() // 1_000_000, counts={"new": 3})
            await sources.save("broken", polled_at=1, failures=2, error="404 Not Found")

    asyncio.run(poll())
    listed = ticker(service | {"TICKER_CONFIG": str(tmp_path / "ticker.toml")}, "source", "list").splitlines()
    assert [line.split()[:2] for line in listed] == [["fine", "ok"], ["broken", "FAILED"], ["new", "never"]]
    assert "2 in a row (404 Not Found)  es  https://example.org/b" in listed[1]
    assert listed[0].endswith("new=3")
