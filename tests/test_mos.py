"""The settings of the MOS device."""

from pathlib import Path

import pytest

from ticker.settings import Settings, SettingsError, load

MOS = """
[mos]
id = "ticker.news.mos"
channel = "en"
output = "en"
[[mos.newsrooms]]
id = "ncs.news"
"""


def loaded(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (tmp_path / "ticker.toml").write_text(text)
    monkeypatch.setenv("TICKER_CONFIG", str(tmp_path / "ticker.toml"))
    return load()


def test_without_it_there_is_no_device() -> None:
    assert Settings().mos is None


def test_little_must_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mos = loaded(MOS, tmp_path, monkeypatch).mos
    assert mos
    assert mos.ports == {"lower": 10540, "upper": 10541, "query": 10542}
    assert not mos.approves
    assert [str(network) for network in mos.allowed] == ["127.0.0.0/8"]


@pytest.mark.parametrize(("old", "new", "sentence"), [
    ('output = "en"', 'output = "gone"', "for the output 'gone', which is not configured"),
    ('channel = "en"', 'channel = "ar"', "does not show 'ar'"),
    ('id = "ncs.news"', 'id = "ncs.news"\n[[mos.newsrooms]]\nid = "ncs.news"', "the same id"),
    ("[[mos", "upper = 10540\n[[mos", "three different ports"),
    ("[[mos", 'allowed = ["everybody"]\n[[mos', "not a valid IPv"),
    ("[[mos", "unknown = 1\n[[mos", "Extra inputs"),
    ('id = "ncs.news"', "", "newsrooms.0.id"),
    ('id = "ncs.news"', 'id = "ncs.news"\nhost = "a..b"', "1 to 63 characters"),
    ("[[mos", 'host = "' + "a" * 64 + '"\n[[mos', "1 to 63 characters"),
])  # fmt: skip
def test_what_cannot_work_is_refused(
    old: str, new: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        loaded(MOS.replace(old, new, 1), tmp_path, monkeypatch)
