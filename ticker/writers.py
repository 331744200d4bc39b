"""Whoever writes, found from a request: every address that changes or shows what is not public asks here."""

from collections.abc import Awaitable, Mapping

from starlette.requests import HTTPConnection

from ticker import origin
from ticker.channel import Channel
from ticker.errors import Forbidden, Unauthorized, Unavailable
from ticker.keys import Keys
from ticker.people import cookies
from ticker.people.sessions import Session, Sessions
from ticker.writer import Writer

SAFE = ("GET", "HEAD", "OPTIONS")


class Writers:
    def __init__(self, keys: Keys, sessions: Sessions, channels: Mapping[str, Channel]) -> None:
        self.keys, self.sessions, self.channels = keys, sessions, channels

    async def of(self, request: HTTPConnection, *, unattended: bool = False) -> Writer:
        """Of a key, or else of a session. Unauthorized when it is neither.

        `unattended`: a page asks by itself, which does not keep a session from being idle.
        """
        if "authorization" not in request.headers:
            session = await self.session(request, unattended=unattended)
            if session is not None:
                return session.person.writer(session.via)
        key = await self.keys.check(request.headers.get("authorization"))
        return key.writer.within(self.channels)

    async def session(self, request: HTTPConnection, *, unattended: bool = False) -> Session | None:
        """Forbidden when somebody's browser is made to send what changes something by a page that is not ours."""
        sealed = cookies.read(request, cookies.SESSION)
        session = await self.sessions.find(sealed, unattended=unattended) if sealed else None
        if session is not None:
            from_our_own_page(request)
        return session


def from_our_own_page(request: HTTPConnection) -> None:
    """Forbidden unless it changes nothing or comes from one of our own pages. A WebSocket always must."""
    if request.scope.get("method") in SAFE:
        return
    told = request.headers
    if not origin.is_our_own(told.get("sec-fetch-site"), told.get("origin"), told.get("host")):
        raise Forbidden("With a session this can only be asked for by the desk's own pages; programs use a key.")


async def of(request: HTTPConnection, *, unattended: bool = False) -> Writer:
    """Who this request comes from. Unauthorized when nobody vouches for it."""
    all_: Writers = request.app.state.writers
    return await all_.of(request, unattended=unattended)


async def may_still(admission: Awaitable[object]) -> bool:
    """Whether an open stream may go on, by what let it in. While Redis is away it may: nothing new is told then."""
    try:
        await admission
    except (Unauthorized, Forbidden):
        return False
    except Unavailable:
        pass
    return True


async def if_any(request: HTTPConnection) -> Writer | None:
    """The same for addresses that are public: None when nobody is signed in and no key is sent."""
    all_: Writers = request.app.state.writers
    if "authorization" in request.headers:
        return await all_.of(request)
    session = await all_.session(request)
    return session.person.writer(session.via) if session else None


async def session_of(request: HTTPConnection) -> Session:
    """For pages. Unauthorized when nobody is signed in."""
    all_: Writers = request.app.state.writers
    session = await all_.session(request)
    if session is None:
        raise Unauthorized("Sign in at /desk/sign-in.")
    return session
