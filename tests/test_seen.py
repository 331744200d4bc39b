from ticker.seen import Seen


def test_what_is_written_is_read_also_by_an_older_version():
    seen = Seen(version=3, content="x", updates=2, day=1, last=5, updated=4)

    assert Seen.decode(seen.encode()) == seen
    assert Seen.decode('{"version":1,"of a newer version":2}') == Seen(version=1)
