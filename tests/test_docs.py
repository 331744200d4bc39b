"""What the documents say is what the code does."""

import asyncio
import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from starlette.routing import Mount, WebSocketRoute

import ticker
from tests.servers import Web, running
from ticker import (
    api,
    dead,
    errors,
    events,
    headline,
    lag,
    life,
    log,
    metrics,
    protocol,
    requests,
    serve,
    server,
    times,
    writer,
)
from ticker import settings as settings_of
from ticker import stream as streams
from ticker.app import create_app
from ticker.board import hash_of
from ticker.channel import Channel, Lengths, MostRead, Undo
from ticker.cli import main
from ticker.desk import api as desk_api
from ticker.desk import audit, decision, door, editions_api, export, presence, receipts, tally
from ticker.fanout import canary, connection, fanout, poll, transport
from ticker.fanout.fanout import MOST_CHANGES
from ticker.fanout.hub import Hub
from ticker.headline import Draft, Headline, Source, source_headline_id
from ticker.keys import Keys
from ticker.most_read import beacon
from ticker.most_read.reads import Reads
from ticker.onair import fitness, font, ograf, ograf_api, renderer, shapes
from ticker.onair.manifest import manifest
from ticker.onair.mos import Mos, Newsroom
from ticker.onair.output import H2R, CasparCG, Look, Output, Singular, Vmix
from ticker.onair.playouts import Playouts
from ticker.people import forms, lockout, password, people
from ticker.settings import DeskSettings, OidcSettings, Settings, SourceSettings
from ticker.stream import Stream
from ticker.syndication import REHEARSED
from ticker.templates import WORDS
from ticker.versions import NEWEST
from ticker.writer import Scope
from workers import fetch, link_check, match, parse, source

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

README = (ROOT / "README.md").read_text()
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
INGEST = (ROOT / "docs" / "ingest.md").read_text()
RULES = (ROOT / "docs" / "desk" / "rules.md").read_text()
ONAIR_RULES = (ROOT / "docs" / "onair" / "rules.md").read_text()
LIVE = (ROOT / "docs" / "desk" / "live.md").read_text()
PEOPLE = (ROOT / "docs" / "desk" / "people.md").read_text()
ONAIR_FEEDS = (ROOT / "docs" / "onair" / "feeds.md").read_text()
OGRAF = (ROOT / "docs" / "onair" / "ograf.md").read_text()
DECISIONS = (ROOT / "docs" / "decisions.md").read_text()

Row = list[str]


# --- how a document is read -----------------------------------------------------------------------------------------


def section(page: str, heading: str) -> str:
    """From a heading to the next of its rank."""
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^\1 |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {heading!r}"
    return found[2]


def table(text: str) -> list[Row]:
    """The rows of the first table, without its head."""
    lines = [line.strip() for line in text.splitlines()]
    start = next(i for i, line in enumerate(lines) if re.fullmatch(r"\|(-+\|)+", line)) + 1
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))])
    assert rows
    return rows


def head(text: str) -> Row:
    """The head of the first table."""
    lines = text.splitlines()
    line = next(before for before, after in itertools.pairwise(lines) if re.fullmatch(r"\|(-+\|)+", after))
    return [cell.strip() for cell in line.strip("|").split("|")]


def codes(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def every(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{page.name}-{number}")
        for page in PAGES
        for number, block in enumerate(blocks(page.read_text(), language), 1)
    ]


# --- the protocol ---------------------------------------------------------------------------------------------------


def test_every_state_and_action_is_in_the_table() -> None:
    def written(cell: Any) -> str:
        if isinstance(cell, life.No):
            return f"`{cell.error.code}`"
        words = {life.Cell.GO: "go", life.Cell.SAME: "same", life.Cell.NOTHING: "·", life.Cell.GONE: "forgotten"}
        return words[cell] if isinstance(cell, life.Cell) else str(cell.value)

    text = section(PROTOCOL, "States")
    states = head(text)[1:]
    documented = {
        (state, action.strip("`")): cell
        for action, *cells in table(text)
        for state, cell in zip(states, cells, strict=True)
    }
    assert documented == {
        (state.value if state else "none", action.value): written(cell)
        for state, row in life.TABLE.items()
        for action, cell in row.items()
    }


def test_every_problem_is_documented_with_its_status() -> None:
    documented = {codes(code)[0]: int(status) for code, status, _ in table(section(PROTOCOL, "Errors"))}
    ours = [error for error in errors.all_errors() if error.__module__ == errors.__name__]
    assert documented == {error.code: error.status for error in ours}


def test_every_close_code_is_documented_with_its_rule() -> None:
    documented = {int(code): (reason, rule) for code, reason, rule in table(section(PROTOCOL, "WebSocket"))}
    assert documented.keys() == set(protocol.CloseCode)
    for code in protocol.CloseCode:
        reason, rule = documented[code]
        assert reason == code.reason
        assert rule.strip("*").startswith("yes" if code.come_back else "no")


def examples() -> dict[str, dict[str, Any]]:
    found = [json.loads(block) for block in blocks(section(PROTOCOL, "Messages"), "json")]
    return {message["type"]: message for message in found}


LIST = json.dumps({"window": "24h", "as_of": "2026-11-23T10:02:03.000Z", "stories": []})


RECEIPT = dict.fromkeys([
    "id", "of", "event", "reached", "had", "confirmed", "written", "gone", "waiting", "slowest_ms", "outputs",
], 0)  # fmt: skip


def test_examples_of_messages_are_what_is_sent() -> None:
    shown = examples()
    told = shown["published"]["headline"]
    sent = [
        protocol.snapshot(Channel(name="en", title="English"), "p", [], "0", now=0, every_ms=1, reason="too_old"),
        protocol.change(events.upsert(events.EventType.PUBLISHED, Headline.model_validate(told)), "p"),
        protocol.change(events.removal(events.EventType.RETRACTED, told["id"], "note"), "p", "p"),
        protocol.change(events.Event(events.EventType.MOST_READ, "most_read:24h", json=LIST), "p"),
        protocol.change(events.Event(events.EventType.RECEIPT, "receipt", json=json.dumps(RECEIPT)), "p"),
        protocol.change(events.Event(events.EventType.PRESENCE, "presence", json='{"people":[]}'), "p"),
        protocol.heartbeat("p", "0", now=0, every_ms=1, stale=True),
        protocol.goodbye(1),
    ]
    assert {kind: list(message) for kind, message in shown.items()} == {
        message.type: list(json.loads(message.json)) for message in sent
    }
    for message in sent:
        assert ("position" in shown[message.type]) == (message.position is not None)


def test_every_message_type_and_field_is_documented() -> None:
    text = section(PROTOCOL, "Messages")
    named = set(codes(" ".join(re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE))))
    assert named == {event.value for event in events.EventType} | {"snapshot", "heartbeat", "goodbye"}
    documented = {name for row in table(text) for name in codes(row[0])}
    assert documented == {name for message in examples().values() for name in message}


def test_every_field_of_a_headline_is_documented() -> None:
    text = section(PROTOCOL, "Headlines")
    rows = table(text)
    assert {name for row in rows for name in codes(row[0])} == set(Headline.model_fields)
    always = {name for row in rows if row[1] == "yes" for name in codes(row[0])}
    assert always == set(examples()["published"]["headline"])
    full = json.loads(blocks(text, "json")[0])
    assert json.loads(Headline.model_validate(full).to_json()) == full
    assert full["id"] == source_headline_id(full["source"]["name"], full["source"]["id"])


def test_every_field_of_a_draft_is_documented_with_its_limit() -> None:
    rows = {name: row for row in table(section(PROTOCOL, "Publish")) for name in codes(row[0])}
    assert set(rows) == set(Draft.model_fields)
    assert f"{headline.TEXT_LIMIT} characters" in rows["text"][1]
    assert f"{headline.KICKER_LIMIT} characters" in rows["kicker"][1]
    assert f"{headline.NAME_LIMIT} characters" in rows["section"][1]
    assert f"{headline.LINK_LIMIT} characters" in rows["link"][1]
    assert f"{headline.TAGS_LIMIT}, each {headline.NAME_LIMIT} characters" in rows["tags"][1]
    assert f"1 to {times.FARTHEST // 1000:,} seconds" in rows["expires_in"][1]
    most = next(rule.max_length for rule in Source.model_fields["id"].metadata if hasattr(rule, "max_length"))
    assert f"`id` {most} characters" in rows["source"][1]


def test_examples_of_what_writers_send_are_accepted() -> None:
    Draft.model_validate_json(blocks(section(PROTOCOL, "Publish"), "json")[0])
    assert headline.Patch.model_validate_json(blocks(section(PROTOCOL, "Edit"), "json")[0]).is_correction


def test_scopes_allow_what_is_documented() -> None:
    documented = {codes(scope)[0]: may for scope, may in table(section(PROTOCOL, "Writing"))}
    assert documented.keys() == set(Scope)
    assert documented.pop("admin") == "everything"
    for scope, may in documented.items():
        allowed = {action.value for action, scopes in writer.ALLOWED.items() if scope in scopes}
        assert allowed == set(re.findall(rf"\b({'|'.join(life.Action)})\b", may)), scope


def test_the_hash_example_is_right() -> None:
    text = section(PROTOCOL, "The board")
    lines = [line.split(":") for line in blocks(text, "")[0].splitlines()]
    board: list[Any] = [SimpleNamespace(id=id_, version=version) for id_, version in lines]
    assert f"has the hash `{hash_of(board)}`" in text
    assert f"The empty board has `{hash_of([])}`" in text


def test_every_address_is_documented() -> None:
    documented = {
        (codes(address)[0], method)
        for address, methods, _ in table(section(PROTOCOL, "Every address"))
        for method in methods.split(", ")
    }
    served = set()
    for route in create_app(Settings()).routes:
        only_gets = isinstance(route, Mount | WebSocketRoute)
        methods = {"GET"} if only_gets else route.methods - {"HEAD"}  # type: ignore[attr-defined]
        served |= {(route.path, method) for method in methods}  # type: ignore[attr-defined]
    assert documented == served


@pytest.mark.parametrize("sentence", [
    f"| {requests.BODY_LIMIT // 1024} kB | 413 ",
    f"| {beacon.LARGEST // 1024} kB | 413 ",
    f"| {requests.BODY_SECONDS:.0f} s | 408 ",
    f"| {transport.HEAD_LIMIT // 1024} kB | 431 ",
    f"| {transport.PIPELINE_LIMIT} | 429 `too-many` |",
    f"| {server.Server.head_seconds:.0f} s | 408 ",
    f"| {transport.MESSAGE_LIMIT // 1024**2} MB | the end |",
    f"| {connection.HEARD_LIMIT // 1024} kB | 1008 |",
    f"| {connection.MESSAGE_LIMIT // 1024} kB | the connection ends |",
    (f"| {serve.KEEP_ALIVE} s; {server.Server.head_seconds:.0f} to "
     f"{server.Server.head_seconds + server.Server.sweep_seconds:.0f} after a beacon | the end |"),
    f"| {poll.LONGEST_WAIT} s | 422 ",
    f"| {fanout.MOST_GROUPS}, {fanout.MOST_OF_ONE} | 429 ",
    f"| {headline.NAME_LIMIT} characters | 422 ",
    f"| {fanout.MOST_OUTPUTS} | served without it |",
    f"the expired of two days among them | {door.MOST_AT_DESK:,} |",
    f"up to {fanout.MOST_GROUPS} different filters at once, {fanout.MOST_OF_ONE} that one network",
    f"| {fanout.SLOW_AFTER // 1000} s | 4408",
    f"| {Settings.model_fields['max_connections'].default:,} (",
    f"| {Settings.model_fields['peer_timeout_seconds'].default} s (",
    f"| {Channel.model_fields['limit'].default} (the channel's `limit`) |",
    (f"({Settings.model_fields['log_hours'].default} hours by default; right after a start, {log.RECENT:,} "
     f"events), or more than {MOST_CHANGES:,} headlines have changed since: a snapshot is shorter"),
    f"the same answer for {decision.ANSWER_KEPT // 3_600_000} hours",
    f"| {forms.MOST_FIELDS} | 400 `malformed` |",
    f"| {password.MOST_WAITING} | 503 `overloaded` |",
    f"`expired` is remembered for {life.FORGET_AFTER // 3_600_000} hours",
    f"`Cache-Control: {api.SNAPSHOT_CACHE}`",
    f"`retry:` ({protocol.RETRY[0]} to {protocol.RETRY[1]}, drawn per connection)",
])  # fmt: skip
def test_limits_are_as_documented(sentence: str) -> None:
    assert sentence in PROTOCOL


def test_the_desks_rules_are_as_documented() -> None:
    assert f"At most {editions_api.MOST} drafts" in RULES
    assert f"(100, at most {audit.MOST})" in RULES
    assert f"looks at {audit.LOOKED_AT:,} entries" in RULES
    described = section(RULES, "The audit")
    assert set(export.COLUMNS) <= set(codes(described))
    assert {"q", "by", "action", "id", "from", "until", "limit", "after"} == {
        name for row in table(described) for name in codes(row[0])
    }
    assert {codes(field)[0] for field, _ in table(section(RULES, "What the desk sees"))} == (
        set(headline.Record.model_fields) - set(Headline.model_fields)
    )


@pytest.mark.parametrize("sentence", [
    f"asks again every {desk_api.CHECK_EVERY:.0f} s",
    f"at most every {receipts.TURN} s from each process",
    f"After {receipts.AUDITED_AFTER // 1000} s the figures go into the audit",
    f"Answers count for {tally.OPEN_FOR // 1000} s, and of the last {tally.MOST_OPEN} events",
    f"It holds for {presence.HOLDS // 1000} s;",
    f"At most {presence.MOST} pages at one desk",
    f"`{presence.Presence.model_fields['tab'].metadata[0].pattern.strip('^$')}`",
    f"about the last {streams.DESK_LOG_KEPT:,} changes",
])  # fmt: skip
def test_the_desk_is_as_documented(sentence: str) -> None:
    assert sentence in LIVE


def test_every_figure_of_a_receipt_is_documented() -> None:
    text = section(LIVE, "Receipts")
    [receipt] = json.loads(blocks(text, "json")[0])["receipts"]
    assert receipt.keys() == RECEIPT.keys()
    documented = {name for row in table(text) for name in codes(row[0])}
    assert documented == RECEIPT.keys() - {"id", "of", "event", "had"}


def test_what_is_said_at_the_desk_is_as_documented() -> None:
    text = section(LIVE, "Presence")
    assert presence.Presence.model_validate_json(blocks(text, "json")[0])
    assert [name for row in table(text) for name in codes(row[0])] == list(presence.Presence.model_fields)


@pytest.mark.parametrize("sentence", [
    f"{password.SHORTEST} to {password.LONGEST} characters, of any kind",
    f"at a time, {password.MOST_WAITING} wait",
    f"slowed alike after {lockout.NETWORK.free}.",
    f"One wrong password is forgotten every {lockout.NETWORK.lose // 60_000} minutes",
    f"ends {DeskSettings().idle_minutes // 60} hours after the last sign of life",
    f"and after {DeskSettings().session_hours // 24} days in any case",
    f"a name 1 to {people.NAME_LIMIT} characters",
])  # fmt: skip
def test_what_people_are_told_is_so(sentence: str) -> None:
    assert sentence in PEOPLE
    assert (password.AT_ONCE, lockout.PERSON.free, people.INVITATION_KEPT) == (2, 5, 3 * 86_400)  # told in words
    assert (lockout.PERSON.first, lockout.PERSON.longest, lockout.FORGET_AFTER) == (1000, 900_000, 86_400_000)


def test_roles_have_the_scopes_that_are_documented() -> None:
    documented = {codes(role)[0]: set(codes(scopes)) for role, scopes, _ in table(section(PEOPLE, "Roles"))}
    assert documented == {role.value: {scope.value for scope in scopes} for role, scopes in writer.ROLES.items()}


# --- the settings ---------------------------------------------------------------------------------------------------


def default_of(model: type[BaseModel], name: str) -> str:
    field = model.model_fields[name]
    if field.default is PydanticUndefined:
        return "required"
    if field.default is None:
        return "unset"
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if isinstance(field.default, list):
        return f"`{json.dumps(field.default)}`"
    if isinstance(field.default, frozenset | dict | tuple) and not field.default:
        return "none"
    return f"`{field.default}`"


def assert_bounds(model: type[BaseModel], name: str, row: Row) -> None:
    rules = model.model_fields[name].metadata
    low = next((rule.ge for rule in rules if hasattr(rule, "ge")), None)
    high = next((rule.le for rule in rules if hasattr(rule, "le")), None)
    if low is not None and high is not None:
        assert f"{low} to {high}" in " ".join(row), name
    elif low is not None and low > 1:
        assert f"at least {low}" in " ".join(row), name


def test_every_setting_is_documented_with_its_default() -> None:
    rows = {codes(row[0])[0]: row for row in table(section(CONFIGURATION, "Settings"))}
    assert set(rows) == {f"TICKER_{name.upper()}" for name in Settings.model_fields}
    for name in Settings.model_fields:
        variable, key, default, _, _ = row = rows[f"TICKER_{name.upper()}"]
        assert variable == f"`TICKER_{name.upper()}`"
        if name == "channels":
            assert codes(key) == ["[channels.NAME]"]
            assert codes(default) == list(Settings().channels)
        elif name == "sources":
            assert codes(key) == ["[sources.NAME]"]
            assert default == default_of(Settings, name)
        elif name == "outputs":
            assert codes(key) == ["[outputs.NAME]"]
            assert {one.name for one in Settings().outputs.values()} == set(Settings().channels)
            assert default == "one for each channel"
        elif name == "desk":
            assert (codes(key), default) == (["[desk]"], "")
        elif name == "mos":
            assert (codes(key), default) == (["[mos]"], "unset")
        else:
            assert key == ("" if name == "config" else f"`{name}`")
            assert default == default_of(Settings, name), name
        assert_bounds(Settings, name, row)


# Those that follow from the name are told in words.
TOLD_IN_WORDS = {"title", "lang", "dir", "lengths", "most_read", "undo"}


@pytest.mark.parametrize(
    ("heading", "model", "in_words"),
    [
        ("Channels", Channel, TOLD_IN_WORDS),
        ("Lengths", Lengths, set[str]()),
        ("Undo", Undo, set[str]()),
        ("Most read", MostRead, set[str]()),
        ("Outputs", Output, {"title", "fallback", "look"}),
        ("Look", Look, set[str]()),
        ("CasparCG", CasparCG, {"template"}),
        ("vMix", Vmix, set[str]()),
        ("Singular", Singular, set[str]()),
        ("H2R", H2R, set[str]()),
        ("MOS", Mos, {"allowed"}),
        ("Newsrooms", Newsroom, set[str]()),
        ("Desk", DeskSettings, set[str]()),
        ("Sign-in provider", OidcSettings, set[str]()),
        ("Sources", SourceSettings, set[str]()),
    ],
)
def test_every_key_of_a_table_is_documented_with_its_default(
    heading: str, model: type[BaseModel], in_words: set[str]
) -> None:
    rows = {codes(row[0])[0]: row for row in table(section(CONFIGURATION, heading))}
    assert set(rows) == set(model.model_fields) - {"name"}
    for name, row in rows.items():
        if name not in in_words:
            assert row[1] == default_of(model, name), name
        assert_bounds(model, name, row)


def test_whatever_an_output_cannot_show_is_documented() -> None:
    worst = Output(name="tiny", channels=("en",), longest=10, widest=100, forbidden=("|",))
    found = {fault.code for fault in fitness.faults(fitness.Shown("\ue000|" * 10, None, "en"), worst)}
    assert {codes(row[0])[0] for row in table(section(ONAIR_RULES, "What cannot be shown"))} == found
    told = {code for row in table(section(PROTOCOL, "Check")) for code in codes(row[0])}
    assert {code for code in told if code.startswith("air_")} == found
    for words in WORDS.values():
        assert {code for code in words.get("findings", {}) if code.startswith("air_")} in (found, set())


def test_an_estimate_is_as_documented() -> None:
    assert f"{font.LETTER} of the size of the letters" in ONAIR_RULES
    assert font.SQUARE == 1  # told in words


def test_what_follows_from_a_channels_name() -> None:
    sport, arabic = Channel(name="sport"), Channel(name="ar")
    assert (sport.title, sport.lang, sport.dir) == ("Sport", "en", "ltr")
    assert (arabic.lang, arabic.dir) == ("ar", "rtl")


@pytest.mark.parametrize("block", every("toml"))
def test_examples_of_settings_are_accepted(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ticker.toml").write_text(block)
    monkeypatch.setenv("TICKER_CONFIG", str(tmp_path / "ticker.toml"))
    loaded = settings_of.load()
    assert {*loaded.channels} >= {*tomllib.loads(block).get("channels", {})}
    assert {*loaded.sources} == {*tomllib.loads(block).get("sources", {})}


# --- the command line -----------------------------------------------------------------------------------------------


def commands(group: click.Group, words: tuple[str, ...] = ("ticker",)) -> dict[tuple[str, ...], click.Command]:
    found: dict[tuple[str, ...], click.Command] = {}
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            inner = commands(command, (*words, name)) if isinstance(command, click.Group) else None
            found |= inner if inner is not None else {(*words, name): command}
    return found


def test_every_command_is_in_the_readme_and_no_other() -> None:
    named = set(codes(section(README, "The command line")))
    assert {" ".join(words) for words in commands(main)} == {
        name for name in named if name.startswith("ticker ") and "COMMAND" not in name
    }


def shell_lines() -> list[str]:
    found = (line for page in PAGES for block in blocks(page.read_text(), "sh") for line in block.splitlines())
    return [line.partition("#")[0].strip() for line in found if line.startswith("ticker ")]


@pytest.mark.parametrize("line", shell_lines())
def test_commands_in_the_documents_are_understood(line: str) -> None:
    words = shlex.split(line)
    known = commands(main)
    named = next(start for start in (tuple(words[:3]), tuple(words[:2])) if start in known)
    command = known[named]
    with command.make_context(" ".join(named), words[len(named) :]) as context:  # a usage error raises
        assert context.params.keys() == {parameter.name for parameter in command.params} - {"help"}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_scripts_that_are_named_can_be_run(page: Path) -> None:
    for name in set(re.findall(r"\bscripts/([a-z-]+)\b", page.read_text())):
        assert os.access(ROOT / "scripts" / name, os.X_OK), f"scripts/{name}"


def test_every_script_is_in_the_readme() -> None:
    for script in (ROOT / "scripts").iterdir():
        assert f"`scripts/{script.name}`" in README


# --- the readme, followed -------------------------------------------------------------------------------------------

CURL = """
import argparse, sys
from urllib.request import ProxyHandler, Request, build_opener
parser = argparse.ArgumentParser()
for flag in ("-s", "-N"): parser.add_argument(flag, action="store_true")
parser.add_argument("-H", action="append", default=[])
parser.add_argument("-X")
parser.add_argument("-d")
parser.add_argument("url")
asked = parser.parse_args()
headers = dict(header.split(": ", 1) for header in asked.H)
request = Request(asked.url, asked.d and asked.d.encode(), headers, method=asked.X)
with build_opener(ProxyHandler({})).open(request) as answer:
    for line in answer:
        sys.stdout.buffer.write(line)
        if asked.N and line.startswith(b"data:"): break  # a stream has no end
print()
"""


async def test_the_api_in_ten_lines_works(redis_url: str, folder: Path, desk_key: str) -> None:
    lines = blocks(section(README, "The API in ten lines"), "sh")[0]
    web = Web(redis_url, folder)
    async with running(web):
        (folder / "data").mkdir()
        (folder / "data" / "desk.key").write_text(desk_key)
        (folder / "curl").write_text(f"#!{sys.executable}\n{CURL}")
        (folder / "curl").chmod(0o755)
        script = "set -e\n" + lines.replace("http://127.0.0.1:8000", web.url)
        done = await asyncio.to_thread(
            subprocess.run, ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"correction":"They do not open."' in done.stdout
    assert '"state":"retracted"' in done.stdout
    assert "event: snapshot" in done.stdout
    assert "<title>Storm reaches the coast</title>" in done.stdout
    filtered = json.loads(done.stdout.strip().splitlines()[-1])
    assert [one["text"] for one in filtered["headlines"]] == ["Storm reaches the coast"]


@pytest.fixture
async def desk_key(redis: Any) -> str:
    return await Keys(redis).create("desk", [Scope.ADMIN])


def test_the_widget_in_the_readme_uses_what_there_is() -> None:
    script = blocks(section(README, "A strip on your page"), "html")[1]
    code = (ROOT / "web" / "ticker.js").read_text() + (ROOT / "web" / "board.js").read_text()
    assert "/web/ticker.js" in script
    assert "export class Ticker " in code
    for method in re.findall(r"ticker\.(?:board\.)?(\w+)\(", script):
        assert method == "addEventListener" or re.search(rf"^  {method}\(", code, re.MULTILINE), method
    states = section(README, "A strip on your page").partition("`ticker.state` is ")[2]
    assert set(codes(states)) == set(re.findall(r'_enter\("(\w+)"', code))


def test_whether_the_newest_widget_is_out_is_told() -> None:
    out = json.loads((ROOT / "web" / "widget" / "versions.json").read_text())
    told = f"`{NEWEST}`, which is not out yet" in (ROOT / "docs" / "widget.md").read_text()
    assert told is (NEWEST not in out)


# --- the other pages ------------------------------------------------------------------------------------------------


def test_every_shape_of_a_feed_is_documented_with_its_columns() -> None:
    assert [codes(row[0])[0] for row in table(ONAIR_FEEDS)] == list(shapes.SHAPES)
    columns = section(ONAIR_FEEDS, "Columns")
    assert {name for row in table(columns) for name in codes(row[0])} == set(shapes.COLUMNS)
    assert set(shapes.VMIX) <= set(codes(columns))
    assert f"say `{REHEARSED}`" in ONAIR_FEEDS


def test_the_graphic_is_documented_as_its_manifest_has_it() -> None:
    text = section(OGRAF, "The graphic")
    made = manifest(Output(name="program", channels=("en",)), Channel(name="en"), "")
    files, data, actions = (table(part) for part in re.split(r"(?=^\| data)|(?=^\| action)", text, flags=re.MULTILINE))
    assert [codes(row[0])[0].rpartition("/")[2] for row in files] == [ograf.MANIFEST, ograf.MAIN, ograf.PACKAGE]
    assert {name for row in data for name in codes(row[0])} == set(made["schema"]["properties"])
    told = {codes(row[0])[0]: set(codes(row[1])) for row in actions}
    assert told == {
        action["id"]: set(action["schema"]["properties"] if action["schema"] else ())
        for action in made["customActions"]
    }


def test_the_server_api_of_ograf_is_documented_as_it_is_served() -> None:
    text = section(OGRAF, "The Server API")
    named = {name for row in table(text) for name in codes(row[0])}
    served = {route.path.rpartition("/")[2] for route in ograf_api.routes if "graphicInstance" in route.path}  # type: ignore[attr-defined]
    assert served - {"{action}"} <= named
    assert {cue.value for cue in renderer.ACTIONS} <= {name.rpartition("/")[2] for name in named}
    told = {codes(row[0])[0].rpartition("/")[2]: set(codes(row[1])) for row in table(text)}
    offered = renderer.offered({})
    assert told["updateAction"] == set(offered["schema"]["properties"])
    for action in offered["customActions"]:
        assert told[action["id"]] == set(action["schema"]["properties"] if action["schema"] else ())


async def test_every_metric_is_documented_with_its_labels(settings: Settings, stream: Stream) -> None:
    hub = Hub(stream, settings.channels)
    reads = Reads(stream.redis, settings.channels, stream.now)
    families = await metrics.families(hub, reads, Playouts(hub, settings.outputs, settings.channels))
    assert {codes(name)[0]: codes(labels) for name, labels, _ in table(section(OPERATIONS, "Metrics"))} == {
        f"{family.name}_total" if family.type == "counter" else family.name: list(family._labelnames)
        for family in families
    }


@pytest.mark.parametrize("sentence", [
    f"handed on, at most {log.BATCH:,};",
    f"{1 / lag.EVERY:.0f} samples a second",
    f"closed after {fanout.SLOW_AFTER // 1000} s",
])  # fmt: skip
def test_what_is_watched_is_as_documented(sentence: str) -> None:
    assert sentence.replace("10 samples", "ten samples") in OPERATIONS
    assert (canary.EVERY, canary.KEPT, metrics.WITHIN) == (2, 5 * 60 * 1000, 1)  # told in words


def test_every_proxy_says_who_the_reader_is() -> None:
    """Caddy does so by itself."""
    assert "proxy_set_header X-Forwarded-For " in blocks(OPERATIONS, "nginx")[0]
    assert "option forwardfor\n" in blocks(OPERATIONS, "haproxy")[0]


@pytest.mark.parametrize("sentence", [
    f"At most {fetch.LARGEST // 1_000_000} MB after decompression, {fetch.TIME:.0f} s for everything, five redirects",
    f"at most {match.NEW_PER_POLL} new entries are handed in at a poll",
    f"No more than {match.UPDATES_PER_DAY} a day for one entry",
    f"remembered for {source.FORGET_AFTER // 86_400_000} days after it was last seen",
    f"The newest {dead.MOST:,} are kept",
    f"(up to {dead.LARGEST // 1_000_000} MB)",
    f"at most {link_check.TIME:.0f} s for everything. Links of one host",
    f"one after the other, of {link_check.AT_ONCE} hosts at once",
])  # fmt: skip
def test_ingest_keeps_to_what_is_documented(sentence: str) -> None:
    assert sentence in INGEST
    assert (fetch.REDIRECTS, parse.DEADLINE, parse.MEMORY) == (5, 5.0, 10**9)  # told in words
    assert (source.FAILURES_APART, source.GONE_APART, fetch.LONGEST_WAIT) == (3600, 86_400, 86_400)


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    reasons = section(DECISIONS, "What it is built on").lower()
    for dependency in project["dependencies"]:
        name = re.match(r"[a-z0-9-]+", dependency)
        assert name is not None
        assert name[0] in reasons, dependency


def test_this_version_is_in_the_changelog() -> None:
    dated = rf"^## \[{re.escape(ticker.__version__)}\] - \d{{4}}-\d\d-\d\d$"
    assert re.search(dated, PAGES[1].read_text(), re.MULTILINE)
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == ticker.__version__


# --- every page -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", every("json"))
def test_json_is_json(block: str) -> None:
    json.loads(block)


def slugs(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in slugs(target), link


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_pages_speak_of_the_ticker_only(page: Path) -> None:
    elsewhere = r"(?<![\w.])/(?:work|root|tmp|home)\b|localhost:\d|pypi|pythonhosted|npmjs|\bissues?\b|\bTODO\b"
    assert re.findall(elsewhere, page.read_text(), re.IGNORECASE) == []


def test_every_page_is_in_the_readme() -> None:
    for page in PAGES[1:]:
        assert f"({page.relative_to(ROOT)})" in README
