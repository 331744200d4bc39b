"""What a newsroom says, as XML, for tests of the MOS device."""

from xml.sax.saxutils import escape

MOS, NCS = "ticker.news.mos", "ncs.news"


def mos(body: str, number: int | str = 1, *, mos_id: str = MOS, ncs_id: str = NCS) -> str:
    return (
        f"<mos><mosID>{mos_id}</mosID><ncsID>{ncs_id}</ncsID><messageID>{number}</messageID>{body}</mos>"
    )  # fmt: skip


def item(item_id: str, slug: str | None = None, *, mos_id: str = MOS, **fields: str) -> str:
    payload = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    metadata = (
        f"<mosExternalMetadata><mosSchema>urn:ticker:headline</mosSchema><mosPayload>{payload}</mosPayload>"
        "</mosExternalMetadata>"
    )
    return (
        f"<item><itemID>{item_id}</itemID><itemSlug>{escape(slug or f'Words of {item_id}')}</itemSlug>"
        f"<objID>o-{item_id}</objID><mosID>{mos_id}</mosID>{metadata if fields else ''}</item>"
    )


def story(story_id: str, *items: str) -> str:
    """With a duration, without which mosromgr does not take it."""
    metadata = (
        "<mosExternalMetadata><mosSchema>durations</mosSchema><mosPayload><StoryDuration>1</StoryDuration>"
        "</mosPayload></mosExternalMetadata>"
    )
    return (
        f"<story><storyID>{story_id}</storyID><storySlug>Story {story_id}</storySlug>{metadata}{''.join(items)}</story>"
    )


def order(name: str, *stories: str, ro_id: str = "RO1") -> str:
    return f"<{name}><roID>{ro_id}</roID><roSlug>Evening</roSlug>{''.join(stories)}</{name}>"


def action(operation: str, target: str, source: str, ro_id: str = "RO1") -> str:
    where = f"<element_target>{target}</element_target>" if target else ""
    return (
        f'<roElementAction operation="{operation}"><roID>{ro_id}</roID>{where}'
        f"<element_source>{source}</element_source></roElementAction>"
    )


def ready(said: str = "READY", ro_id: str = "RO1") -> str:
    return f"<roReadyToAir><roID>{ro_id}</roID><roAir>{said}</roAir></roReadyToAir>"


def ids(*names: str, of: str = "storyID") -> str:
    return "".join(f"<{of}>{name}</{of}>" for name in names)
