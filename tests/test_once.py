"""An Idempotency-Key: whose it is, and of which request."""

import json

import pytest

from ticker.desk.once import Once, same_answer
from ticker.errors import KeyReused


def test_each_writer_has_keys_of_its_own() -> None:
    once = Once("k", "d")
    assert once.by("ana") == Once("k", "other").by("ana")
    assert len({once.by("ana"), once.by("bob"), Once("k2", "d").by("ana")}) == 3


def test_another_request_has_no_answer_under_the_same_key() -> None:
    answer = json.dumps({"digest": "d", "record": None})
    assert same_answer(answer, Once("k", "d")) is None
    assert same_answer(answer, None) is None  # a repeat of our own
    with pytest.raises(KeyReused):
        same_answer(answer, Once("k", "other"))
