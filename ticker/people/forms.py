"""Forms of the desk's pages, as browsers send them. Everything has a limit."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from ticker.errors import Malformed, UnsupportedMedia
from ticker.requests import read_body

KIND = "application/x-www-form-urlencoded"
MOST_FIELDS = 100


class Form(dict[str, str]):
    """Field by field, without the white space around what was typed; a field that is not there is empty."""

    def __missing__(self, name: str) -> str:
        return ""


async def read_form(request: Request) -> Form:
    """Malformed when it is no form, or names a field twice."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != KIND:
        raise UnsupportedMedia("Send the form as a browser does.")
    body = await read_body(request)
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Malformed("The form cannot be read.") from None
    form = Form((name, value if "password" in name else value.strip()) for name, value in fields)
    if len(form) < len(fields):
        raise Malformed("The form names a field twice.")
    return form
