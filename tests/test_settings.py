from pathlib import Path

import pytest

from ticker.settings import SettingsError, load


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os  # noqa: PLC0415

    for name in [name for name in os.environ if name.startswith("TICKER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TICKER_CONFIG", str(tmp_path / "ticker.toml"))


OIDC = '[desk.oidc]\nissuer = "https://id.example"\nclient_id = "t"\n[desk.oidc.roles]\n'


def write(tmp_path: Path, text: str) -> None:
    (tmp_path / "ticker.toml").write_text(text)


def test_defaults() -> None:
    settings = load()
    assert (settings.bind, settings.redis_url, settings.url) == ("127.0.0.1:8000", None, "http://127.0.0.1:8000")
    assert {name: (c.lang, c.dir) for name, c in settings.channels.items()} == {
        "en": ("en", "ltr"), "ar": ("ar", "rtl"), "es": ("es", "ltr"),
    }  # fmt: skip


def test_variables_win_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(tmp_path, 'bind = "0.0.0.0:1"\nlog = "debug"\n')
    monkeypatch.setenv("TICKER_BIND", "[::]:81")
    monkeypatch.setenv("TICKER_REDIS_URL", "")
    settings = load()
    assert (settings.host, settings.port, settings.log, settings.redis_url) == ("::", 81, "debug", None)
    assert settings.url == "http://[::1]:81"


def test_channels_and_sources_are_named_by_their_headings(tmp_path: Path) -> None:
    write(
        tmp_path,
        '[channels.sport]\ntitle = "Sport"\n[sources.wire]\nurl = "https://example.com/rss"\nchannel = "sport"\n',
    )
    settings = load()
    assert list(settings.channels) == ["sport"]
    assert settings.sources["wire"].name == "wire"
    assert settings.sources["wire"].every == 60


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('bind = "nowhere"', "TICKER_BIND"),
        ("web_processes = 0", "TICKER_WEB_PROCESSES"),
        ('[sources.w]\nurl = "https://x/"\nchannel = "nope"', "nope"),
        ("[channels.en]\nlimit = 0", "channels.en.limit"),
        ("[channels.en]\ncolour = 1", "channels.en.colour"),
        ("not toml at all", "cannot be read"),
        ("[channels.people]", "people"),
        ("[desk]\nidle_minutes = 1", "desk.idle_minutes"),
        (OIDC + 'desk = { en = "king" }', "desk.oidc.roles.desk.en"),
        (OIDC + 'desk = { nowhere = "editor" }', "nowhere"),
        (OIDC.replace("[desk.oidc.roles]", ""), "desk.oidc.roles"),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(tmp_path: Path, text: str, named: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsError) as refused:
        load()
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_providers_secret_is_in_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKER_OIDC_SECRET", "hidden")
    settings = load()
    assert settings.oidc_secret is not None
    assert settings.oidc_secret.get_secret_value() == "hidden"
    assert "hidden" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        ('[outputs.program]\nchannels = ["nowhere"]', "not configured"),
        ('[outputs.program]\nchannels = ["drill"]', "training shows rehearsals"),
        ('[outputs.program]\nchannels = ["en", "drill"]', "training shows rehearsals"),
        ('[outputs.school]\ntype = "training"\nchannels = ["en"]', "training shows rehearsals"),
        (
            '[outputs.program]\nchannels = ["en"]\nlook = {font = "no.ttf"}',
            "'program': The font 'no.ttf' cannot be read",
        ),
        ('[outputs.program]\nchannels = ["en"]\nforbidden = [""]', "at least 1 character"),
        (
            '[outputs.program]\nchannels = ["en"]\ncasparcg = {host = "g", template = "Für"}',
            "casparcg.template: CasparCG takes it in plain ASCII only",
        ),
        ('[outputs.program]\nchannels = ["en"]\ncasparcg = {host = "g..1"}', "no host can be called 'g..1'"),
    ],
)
def test_an_output_keeps_to_its_world_and_has_what_it_needs(
    outputs: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "ticker.toml"
    config.write_text(f"[channels.en]\n[channels.drill]\nrehearsal = true\n{outputs}\n")
    monkeypatch.setenv("TICKER_CONFIG", str(config))
    with pytest.raises(SettingsError, match=why):
        load()


PLACES = [
    ("casparcg", 'host = "one"', 'host = "One"\nport = 5250\nflash_layer = 2', 'host = "one"\nlayer = 21'),
    ("vmix", 'url = "http://v"\ninput = "1"', 'url = "http://v/"\ninput = "1"', 'url = "http://v"\ninput = "2"'),
    ("singular", 'token = "hidden"', 'url = "https://elsewhere"\ntoken = "hidden"', 'token = "another"'),
    (
        "h2r",
        'url = "http://h:4001"\nproject = "P"\ngraphic = "G"',
        'url = "http://h:4001/"\nproject = "P"\ngraphic = "G"',
        'url = "http://h:4001"\nproject = "P"\ngraphic = "H"',
    ),
]


@pytest.mark.parametrize(("system", "one", "same", "other"), PLACES)
def test_no_two_outputs_are_pushed_to_the_same_place(
    system: str, one: str, same: str, other: str, tmp_path: Path
) -> None:
    def outputs(second: str) -> str:
        return (
            "[channels.en]\n[channels.drill]\nrehearsal = true\n"
            f'[outputs.program]\nchannels = ["en"]\n[outputs.program.{system}]\n{one}\n'
            f'[outputs.class]\ntype = "training"\nchannels = ["drill"]\n[outputs.class.{system}]\n{second}\n'
        )

    write(tmp_path, outputs(same))
    with pytest.raises(SettingsError, match=f"'program' and 'class' are pushed to the same place of {system}") as told:
        load()
    assert "hidden" not in str(told.value)
    write(tmp_path, outputs(other))
    assert load().outputs["class"].systems == (system,)


def test_without_outputs_every_channel_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "ticker.toml"
    config.write_text("[channels.en]\n[channels.drill]\nrehearsal = true\n")
    monkeypatch.setenv("TICKER_CONFIG", str(config))
    outputs = load().outputs
    assert {name: output.type for name, output in outputs.items()} == {"en": "program", "drill": "training"}
