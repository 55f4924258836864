"""Data are opened by name or path, and found again only where they are still the same."""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path

import pytest

from vaeexplorer.data import SOURCES, InputError, find_data, is_data, open_data


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "noise"
    path.write_bytes(struct.pack(">HBB3I", 0, 8, 3, 3, 2, 2) + bytes(range(12)))
    return path


@pytest.mark.parametrize(
    ("what", "n", "seed"),
    [
        ("shapes:40", 40, 0),
        ("shapes:n=40,seed=3", 40, 3),
        ("shapes:40, seed=3", 40, 3),
        ("shapes:seed=3", 3000, 3),
        ("shapes:", 3000, 0),
    ],
)
def test_shapes_take_options_after_a_colon(what: str, n: int, seed: int) -> None:
    assert open_data(what).source.options == {"n": n, "seed": seed}


def test_options_can_be_given_by_keyword() -> None:
    assert open_data("shapes:40", seed=3).source.options == {"n": 40, "seed": 3}
    assert open_data("shapes:40", n=50).source.n == 50


def test_digits_open_by_name() -> None:
    assert open_data("digits").source.kind == "digits"


def test_paths_open_as_text_or_as_path(file: Path) -> None:
    assert open_data(file).source == open_data(str(file)).source
    assert open_data(file).source.kind == "idx"


def test_a_name_that_is_a_path_is_opened_as_one(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    file.rename("digits")
    assert open_data(Path("digits")).source.n == 3
    assert open_data("./digits").source.n == 3
    assert open_data("digits").source.n == 1797


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("", "There is no data ''"),
        ("idx", "There is no data 'idx'"),
        ("/nowhere/at/all", "There is no data '/nowhere/at/all'"),
        ("null\0character", r"There is no data 'null\\x00character'"),
        ("digits:5", "'digits' has no options"),
        ("shapes:many", "'many' of the data 'shapes' is not a whole number"),
        ("shapes:n=4.5", "is not a whole number"),
        ("shapes:40,,", "is not a whole number"),
        ("shapes:size=3", "'shapes' has no option 'size': it has n, seed"),
        ("shapes:1", "must be from 2"),
        (__file__, "test_data.py' is not an IDX file"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_one_sentence(what: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        open_data(what)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_unknown_keyword_options_are_refused(file: Path) -> None:
    with pytest.raises(InputError, match="'digits' has no option 'n': it has none"):
        open_data("digits", n=5)
    with pytest.raises(InputError, match="'idx' has no option 'n'"):
        open_data(file, n=5)


@pytest.mark.parametrize("what", ["digits", "shapes:n=30,seed=2"])
def test_named_data_are_found_again(what: str) -> None:
    data = open_data(what)
    found = find_data(data.source)
    assert found is not None
    assert found.source == data.source


def test_files_are_found_again_while_they_are_the_same(file: Path) -> None:
    source = open_data(file).source
    found = find_data(source)
    assert found is not None
    assert found.source == source
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"\xff")
    assert find_data(source) is None
    file.write_bytes(content[:-1])
    assert find_data(source) is None
    file.unlink()
    assert find_data(source) is None


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "hologram"},
        {"kind": "idx"},
        {"path": "/nowhere"},
        {"options": {"colour": 3}},
        {"options": {"n": "many"}},
        {"options": {"n": None}},
        {"fingerprint": "0" * 64},
    ],
)
def test_sources_that_make_no_sense_are_not_found(change: dict[str, object]) -> None:
    source = open_data("shapes:30").source
    assert find_data(dataclasses.replace(source, **change)) is None


def test_data_paths_are_told_from_other_paths(file: Path) -> None:
    assert is_data(file)
    assert not is_data(file.parent)
    file.rename(file.with_name("train-images-idx3-ubyte"))
    assert is_data(file.parent)
    assert not is_data(file)


def test_every_kind_of_source_says_what_it_is() -> None:
    for name, kind in SOURCES.items():
        assert name.isidentifier()
        assert kind.story
        assert len(kind.story) < 70
