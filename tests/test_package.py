"""Files in a folder, as one file to unpack."""

import io
import zipfile

from ticker.onair.package import File, package

FILES = {"package.json": b"{}", "shared/page.html": "<p>رأس</p>".encode()}


def test_all_is_in_the_folder_as_it_was_and_everybody_may_read_it() -> None:
    made = zipfile.ZipFile(io.BytesIO(package("ticker-program", FILES)))
    assert {name: made.read(f"ticker-program/{name}") for name in FILES} == FILES
    assert made.namelist() == [f"ticker-program/{name}" for name in FILES]
    assert {entry.external_attr >> 16 for entry in made.infolist()} == {0o644}


def test_what_anybody_may_ask_for_is_copied_and_not_deflated() -> None:
    packed = zipfile.ZipFile(io.BytesIO(package("ticker", {"page.html": b"a" * 1000})))
    assert [one.compress_size for one in packed.infolist()] == [1000]


def test_the_same_files_make_the_same_package() -> None:
    assert package("a", FILES) == package("a", FILES) != package("b", FILES)


def test_a_file_has_the_etag_of_what_is_in_it() -> None:
    assert File.of(b"a") == File.of(b"a")
    assert File.of(b"a").etag != File.of(b"b").etag
