"""Everything that can be refused, as a tree.

    TickerError
    ├── Malformed 400        the request cannot be read
    ├── Unauthorized 401     no key and no session, or one that is not known
    ├── Forbidden 403        a key or a person without the right
    ├── NotFound 404         no such channel, headline or page
    ├── MethodNotAllowed 405
    ├── Conflict 409
    │   ├── Refused          the headline's state does not allow the action
    │   └── KeyReused        an Idempotency-Key that was used for another request
    ├── Slow 408             the request did not come in time
    ├── Killed 410           a tombstone stands
    ├── VersionStale 412     edited on a version that is no longer the newest
    ├── TooLarge 413
    ├── UnsupportedMedia 415 the body is not said to be JSON
    ├── Invalid 422          readable, but fields are at fault; names all of them
    ├── UpgradeRequired 426  a WebSocket's address
    ├── VersionMissing 428   an edit must say which version it was made on
    ├── TooMany 429
    │   └── TooManyTries     wrong passwords
    ├── HeadTooLarge 431
    └── Unavailable 503      try again later

Each carries a stable `code` (the last part of the problem's `type`), an HTTP status and one sentence that
says what to do. Extra members of the problem document (RFC 9457) are in `extra`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class TickerError(Exception):
    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    headers: ClassVar[Mapping[str, str]] = {}  # of the answer, besides

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """The problem document of RFC 9457."""
        return {
            "type": f"/problems/{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }


class Malformed(TickerError):
    code = "malformed"
    status = 400
    title = "The request cannot be read"


class Unauthorized(TickerError):
    code = "unauthorized"
    status = 401
    title = "A valid key, or to be signed in, is needed"
    headers: ClassVar[Mapping[str, str]] = {"www-authenticate": "Bearer"}


class Forbidden(TickerError):
    code = "forbidden"
    status = 403
    title = "You may not do that"


class NotFound(TickerError):
    code = "not-found"
    status = 404
    title = "There is no such thing here"


class NoChannel(NotFound):
    code = "no-channel"
    title = "There is no such channel"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no channel {name!r}; GET /v1/channels lists those there are.")


class NoHeadline(NotFound):
    code = "no-headline"
    title = "There is no such headline"

    def __init__(self, headline_id: str) -> None:
        super().__init__(f"There is no headline {headline_id!r} on this channel that you may see.")


class NoOutput(NotFound):
    code = "no-output"
    title = "There is no such output"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no output {name!r}; `[outputs.NAME]` in ticker.toml makes one.")


class NoStory(NotFound):
    code = "no-story"
    title = "There is no such story"

    def __init__(self, story_id: str) -> None:
        super().__init__(f"There is no story {story_id!r} on this channel.")


class NoPerson(NotFound):
    code = "no-person"
    title = "There is no such person"

    def __init__(self, login: str) -> None:
        super().__init__(f"There is no person {login!r} here.")


class MethodNotAllowed(TickerError):
    code = "method-not-allowed"
    status = 405
    title = "This address does not take that method"


class Conflict(TickerError):
    code = "conflict"
    status = 409
    title = "That cannot be done now"


class Refused(Conflict):
    code = "refused"
    title = "The headline's state does not allow that"


class KeyReused(Conflict):
    code = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another request"


class Slow(TickerError):
    code = "slow"
    status = 408
    title = "The request did not come in time"


class Killed(TickerError):
    code = "killed"
    status = 410
    title = "This was killed and may not come back"


class VersionStale(TickerError):
    code = "version-stale"
    status = 412
    title = "The headline has changed since"


class TooLarge(TickerError):
    code = "too-large"
    status = 413
    title = "The request is too large"


class UnsupportedMedia(TickerError):
    code = "unsupported-media-type"
    status = 415
    title = "The body must be JSON"


class Invalid(TickerError):
    code = "invalid"
    status = 422
    title = "Some fields are not right"


class UpgradeRequired(TickerError):
    code = "upgrade-required"
    status = 426
    title = "This is the address of a WebSocket"
    headers: ClassVar[Mapping[str, str]] = {"upgrade": "websocket", "sec-websocket-version": "13"}


class VersionMissing(TickerError):
    code = "version-missing"
    status = 428
    title = "Say which version you edited"


class TooMany(TickerError):
    code = "too-many"
    status = 429
    title = "Too many at once"

    def __init__(self, detail: str, retry_after: int = 30, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.retry_after = retry_after


class TooManyTries(TooMany):
    code = "too-many-tries"
    title = "Too many wrong passwords"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many wrong passwords; try again in {seconds} s.", retry_after=seconds)


class HeadTooLarge(TickerError):
    code = "head-too-large"
    status = 431
    title = "The request's headers are too large"


class Unavailable(TickerError):
    code = "unavailable"
    status = 503
    title = "Not possible right now; try again"

    def __init__(self, detail: str, retry_after: int = 1, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.retry_after = retry_after


class StorageFull(Unavailable):
    code = "storage-full"
    title = "Redis cannot take more"


class NotReplicated(Unavailable):
    code = "not-replicated"
    title = "Too few replicas have confirmed"


class Overloaded(Unavailable):
    code = "overloaded"
    title = "Too many connections"


def all_errors(root: type[TickerError] = TickerError) -> list[type[TickerError]]:
    """Every kind of refusal, for the docs and `/problems/{code}`."""
    found = [root]
    for child in root.__subclasses__():
        found += all_errors(child)
    return found
