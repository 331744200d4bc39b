"""What the parts of a request become, without a server."""

import pytest
from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from ticker.errors import Invalid, Malformed, VersionMissing, VersionStale
from ticker.requests import once_of, refusal_of, version_of, whole_number


def request(query: str = "", method: str = "POST", path: str = "/x", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": raw})


def test_a_version_is_a_number_in_quotes():
    assert version_of(request(if_match='"12"')) == 12
    assert version_of(request(if_match=' "1" ')) == 1
    for header in ("", "*", " "):
        with pytest.raises(VersionMissing):
            version_of(request(if_match=header))
    for header in ("12", 'W/"1"', '"1","2"', '"1234567890"', '"-1"', '"٣"', '"a"', '""'):
        with pytest.raises(VersionStale):
            version_of(request(if_match=header.encode().decode("latin-1")))


def test_an_idempotency_key_is_bound_to_method_address_version_and_body():
    def digest(body: bytes = b"{}", **parts: str) -> str:
        once = once_of(request(idempotency_key="k", **parts), body)
        assert once is not None
        assert once.key == "k"
        return once.digest

    assert digest() == digest()
    assert once_of(request(), b"{}") is None
    different = [digest(), digest(b"{ }"), digest(method="PATCH"), digest(path="/y"), digest(if_match='"1"')]
    assert len(set(different)) == len(different)
    for key in ("", "a b", "k" * 201, "é", "a\n"):
        with pytest.raises(Malformed):
            once_of(request(idempotency_key=key), b"")


def test_a_whole_number():
    assert whole_number(request(), "wait", 7, 60) == 7
    assert whole_number(request("wait=0"), "wait", 7, 60) == 0
    assert whole_number(request("wait=60"), "wait", 7, 60) == 60
    for text in ("61", "-1", "", "1.0", "1e1", "x", "%D9%A3", "%C2%B2", "9999999", "1_0", "+1"):
        with pytest.raises(Invalid):
            whole_number(request(f"wait={text}"), "wait", 7, 60)


class Deep(BaseModel):
    parts: dict[str, list[int]]


def test_a_fault_is_pointed_at():
    with pytest.raises(ValidationError) as caught:
        Deep.model_validate_json('{"parts":{"a/b~c":[1,"x"]}}')
    refusal = refusal_of(caught.value)
    assert [fault["pointer"] for fault in refusal.extra["errors"]] == ["/parts/a~1b~0c/1"]
