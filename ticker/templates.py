"""The desk's pages: templates in web/desk, words in three languages, and with which headers they go."""

import functools
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

import jinja2
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from ticker import instant
from ticker.errors import TickerError, Unauthorized
from ticker.pages import WEB
from ticker.people.people import Person

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with less, a browser sends our own forms with `Origin: null`
    "cache-control": "no-store",
    "vary": "Accept-Language, Cookie",
}
SIGN_IN = "/desk/sign-in"

Words = Mapping[str, Any]
Handler = Callable[[Request], Awaitable[Response]]

WORDS: dict[str, Words] = {
    language: json.loads((WEB / "desk" / "words" / f"{language}.json").read_text(encoding="utf-8"))
    for language in ("en", "ar", "es")
}
DIRECTION = {"en": "ltr", "ar": "rtl", "es": "ltr"}

_templates = Jinja2Templates(
    env=jinja2.Environment(
        loader=jinja2.FileSystemLoader([WEB / "desk", WEB / "gallery"]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
)
_templates.env.filters["instant"] = instant.format
_templates.env.filters["minute"] = lambda ms: instant.format(ms)[:16].replace("T", " ")


def language_of(accepted: str, person: Person | None = None) -> str:
    """The person's own, or the first of `Accept-Language` that we have (RFC 9110, 12.5.4)."""
    if person is not None and person.lang in WORDS:
        return person.lang
    wanted: list[tuple[float, str]] = []
    for part in accepted[:500].split(","):
        tag, _, rest = part.partition(";")
        weight = rest.strip().removeprefix("q=") or "1"
        if weight.replace(".", "", 1).isdecimal() and float(weight) > 0:
            wanted.append((-float(weight), tag.strip().partition("-")[0].lower()))
    return next((tag for _, tag in sorted(wanted, key=lambda one: one[0]) if tag in WORDS), "en")


def page(request: Request, name: str, *, person: Person | None = None, status: int = 200, **context: Any) -> Response:
    """A page in the language of whoever looks at it. A template gets its words as `w`."""
    lang = language_of(request.headers.get("accept-language", ""), person)
    told = {"w": WORDS[lang], "lang": lang, "dir": DIRECTION[lang], "person": person, **context}
    return _templates.TemplateResponse(request, name, told, status_code=status, headers=HEADERS)


def is_page(handler: Handler) -> Handler:
    """What is refused is told as a page; who is not signed in goes there first, and comes back."""

    @functools.wraps(handler)
    async def told(request: Request) -> Response:
        try:
            return await handler(request)
        except Unauthorized:
            back = quote(request.url.path, safe="/") if request.method == "GET" else "/desk"
            return RedirectResponse(f"{SIGN_IN}?next={back}", 303, HEADERS)
        except TickerError as error:
            answer = page(request, "problem.html", status=error.status, problem=error)
            answer.headers.update(error.headers)
            if hasattr(error, "retry_after"):
                answer.headers["retry-after"] = str(error.retry_after)
            return answer

    return told
