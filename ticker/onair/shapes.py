"""What an output shows, in the shape that each graphics system reads: feeds, rows and lines of its playlist. Pure.

They follow the loop: a take-over that stands comes first, then the headlines in the order in which they run, then, when
there are none, the output's fallback lines. Rows and lines have one for each place in the loop; Atom, RSS and XML name
each headline once.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from ticker import instant, syndication
from ticker.headline import Headline
from ticker.onair.output import LEAD, frame_at
from ticker.syndication import REHEARSED, Entry, Feed, Link

FSI, PDI = "\u2068", "\u2069"  # Unicode bidi: what stands between has a direction of its own
FEED = "application/atom+xml;type=feed"
VMIX = ("Headline.Text", "Kicker.Text", "Urgency.Text")


class Row(NamedTuple):
    """One place in the loop. Fallback lines have no version; their ids are `fallback-1` and so on."""

    id: str
    version: int | None
    urgency: str
    kicker: str
    text: str
    lang: str
    dir: str
    expires_at: str  # RFC 3339, or empty
    takeover: bool


COLUMNS = ("seq", *Row._fields)


class Shown(NamedTuple):
    """What a feed is made of: the playlist as pages get it, and its headlines by id for what pages need not know."""

    playlist: Mapping[str, Any]
    headlines: Mapping[str, Headline]
    site: str
    address: str

    @property
    def rate(self) -> Fraction:
        return Fraction(*self.playlist["fps"])

    @property
    def takeovers(self) -> tuple[list[Mapping[str, Any]], list[int]]:
        """Those that stand, or will before a page could show them; and the frames at which that changed."""
        frame = frame_at(self.playlist["now"] + LEAD, self.rate)
        stand, changes = [], []
        for one in self.playlist["takeovers"]:
            over = one["until"] is not None and one["until"] <= frame
            if one["from"] <= frame:
                changes.append(one["until"] if over else one["from"])
                stand += [] if over else [one]
        return stand, changes

    @property
    def seq(self) -> int:
        """The frame from which this holds. It rises with every change, in every process and after a restart."""
        held: int = self.playlist["frame"]
        return max([held, *self.takeovers[1]])

    @property
    def changed_at(self) -> int:
        """The same in ms."""
        return max(0, int(self.seq * 1000 / self.rate) - LEAD)

    @property
    def rows(self) -> list[Row]:
        items = {one["id"]: one for one in self.playlist["items"]}
        found = [self._row(one, takeover=True) for one in self.takeovers[0]]
        found += [self._row(items[one]) for one in self.playlist["order"]]
        return found or [
            self._row({"id": f"fallback-{number}", "text": line})
            for number, line in enumerate(self.playlist["fallback"], 1)
        ]

    @property
    def once(self) -> list[Row]:
        """Each headline where it comes first."""
        first: dict[str, Row] = {}
        for row in self.rows:
            first.setdefault(row.id, row)
        return list(first.values())

    @property
    def title(self) -> str:
        return marked(self.playlist["title"], self.playlist)

    def _row(self, item: Mapping[str, Any], *, takeover: bool = False) -> Row:
        return Row(
            id=item["id"],
            version=item.get("version"),
            urgency=item.get("urgency", ""),
            kicker=item.get("kicker", ""),
            text=marked(item["text"], self.playlist),
            lang=item.get("lang", self.playlist["lang"]),
            dir=item.get("dir", self.playlist["dir"]),
            expires_at=instant.format(item["expires_at"]) if "expires_at" in item else "",
            takeover=takeover,
        )


def marked(text: str, playlist: Mapping[str, Any]) -> str:
    """As machines get it: of a rehearsal they know only what the words say."""
    return f"{REHEARSED}{text}" if playlist["kind"] == "training" else text


def write(shape: str, shown: Shown) -> bytes:
    """KeyError when there is no such shape."""
    return SHAPES[shape][1](shown)


def outputs(titles: Mapping[str, str], site: str) -> bytes:
    """All outputs as one feed, each with the way down to its own, for systems that go through a tree of feeds."""
    address = f"{site}onair/feed.atom"
    entries = [
        Entry(
            f"urn:ticker:output:{name}", title, 0, 0, title, links=[Link("down", f"{site}onair/{name}/feed.atom", FEED)]
        )
        for name, title in titles.items()
    ]
    return syndication.atom(Feed("urn:ticker:outputs", "On air", "en", site, address, 0, entries))


def _feed(shown: Shown) -> Feed:
    return Feed(
        id=f"urn:ticker:output:{shown.playlist['output']}",
        title=shown.title,
        lang=shown.playlist["lang"],
        site=shown.site,
        address=shown.address,
        changed_at=shown.changed_at,
        entries=[_entry(shown, row) for row in shown.once],
        links=[Link("up", f"{shown.site}onair/feed.atom", FEED)],
    )


def _entry(shown: Shown, row: Row) -> Entry:
    headline = shown.headlines.get(row.id)
    published_at = (headline and headline.published_at) or shown.changed_at
    return Entry(
        id=f"urn:ticker:{row.id}",
        text=row.text,
        published_at=published_at,
        updated_at=(headline and headline.updated_at) or published_at,
        content=row.text,
        link=headline.link if headline else None,
        links=[Link("up", shown.address, FEED)],
        categories=[name for name in (row.urgency, row.kicker) if name],
        lang=row.lang,
    )


def _rss(shown: Shown) -> bytes:
    return syndication.rss(_feed(shown))


def _atom(shown: Shown) -> bytes:
    return syndication.atom(_feed(shown))


def _xml(shown: Shown) -> bytes:
    playlist = shown.playlist
    root = ET.Element(
        "playlist", output=playlist["output"], title=shown.title, on="yes" if playlist["on"] else "no",
        seq=str(shown.seq), lang=playlist["lang"], dir=playlist["dir"],
    )  # fmt: skip
    for row in shown.once:
        element = syndication.sub(root, "headline")
        for name, value in zip(Row._fields, _told(row), strict=True):
            syndication.sub(element, name, value)
    return syndication.xml(root)


def _json_rows(shown: Shown) -> bytes:
    return _json([{"seq": shown.seq, **row._asdict()} for row in shown.rows])


def _csv_rows(shown: Shown) -> bytes:
    return syndication.table(COLUMNS, ([str(shown.seq), *_told(row)] for row in shown.rows))


def _vmix_json(shown: Shown) -> bytes:
    return _json([dict(zip(VMIX, _vmix(row), strict=True)) for row in shown.rows])


def _vmix_csv(shown: Shown) -> bytes:
    return syndication.table(VMIX, map(_vmix, shown.rows))


def _vmix(row: Row) -> Sequence[str]:
    """As VMIX names them: vMix fills by itself the fields of a title whose names these are."""
    return row.text, row.kicker, row.urgency


def _text(shown: Shown) -> bytes:
    """One a line. Where anything goes from right to left, no line may turn its neighbours round."""
    rows = shown.rows
    isolated = "rtl" in {shown.playlist["dir"], *(row.dir for row in rows)}
    return "".join(f"{FSI}{row.text}{PDI}\n" if isolated else f"{row.text}\n" for row in rows).encode()


def _told(row: Row) -> list[str]:
    """Every column as text, empty where there is nothing."""
    return ["yes" if value is True else str(value) if value else "" for value in row]


def _json(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


SHAPES: Mapping[str, tuple[str, Callable[[Shown], bytes]]] = {
    "atom": ("application/atom+xml; charset=utf-8", _atom),
    "rss": ("application/rss+xml; charset=utf-8", _rss),
    "xml": ("application/xml; charset=utf-8", _xml),
    "json": ("application/json", _json_rows),
    "csv": ("text/csv; charset=utf-8", _csv_rows),
    "vmix.json": ("application/json", _vmix_json),
    "vmix.csv": ("text/csv; charset=utf-8", _vmix_csv),
    "txt": ("text/plain; charset=utf-8", _text),
}
"""Name → media type, and what writes it."""
