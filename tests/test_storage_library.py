"""The library of runs: listed cheaply, renamed, deleted, copied; damaged ones stay visible."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest
from sample_runs import ae_run, assert_same, vae_run

from vaeexplorer.data.dataset import InputError
from vaeexplorer.storage import RunLibrary, StorageError, load_run, runs_folder, save_run


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "runs")


def test_folder_is_the_users_unless_the_variable_says_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VAEEXPLORER_HOME", str(tmp_path))
    assert runs_folder() == tmp_path / "runs"
    monkeypatch.delenv("VAEEXPLORER_HOME")
    assert runs_folder() == Path(platformdirs.user_data_dir("vae-explorer", False)) / "runs"


def test_library_that_does_not_exist_yet_is_empty(library: RunLibrary) -> None:
    assert library.list() == ()
    assert not library.folder.exists()


def test_list_is_newest_first_and_says_what_each_run_is(library: RunLibrary) -> None:
    older, newer = library.add(vae_run()), library.add(ae_run())
    first, second = library.list()
    assert (first.path, first.name, first.family) == (newer, "AE of digits", "ae")
    assert (first.data, first.data_kind, first.latent_dim) == ("train", "idx", 2)
    assert (first.epochs, first.status, first.problem) == (1, "stopped", None)
    assert first.created == ae_run().created
    assert (second.path, second.data, second.epochs) == (older, "shapes", 2)


def test_latent_dimensions_come_from_the_codes_where_the_config_has_a_default(
    library: RunLibrary,
) -> None:
    run = replace(ae_run(), config=replace(ae_run().config, model={}))
    library.add(run)
    library.add(replace(run, codes={}))
    assert {one.latent_dim for one in library.list()} == {2, None}


def test_list_reads_neither_weights_nor_codes(
    library: RunLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(vae_run())
    read = []
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read.append(path.name), real(path))[1])
    assert library.list()[0].problem is None
    assert read == ["run.json"]


def test_damaged_runs_stay_listed_with_what_is_wrong(library: RunLibrary) -> None:
    whole, cut, broken = (library.add(ae_run(name)) for name in ("whole", "cut", "broken"))
    (cut / "model.safetensors").write_bytes(b"")
    (broken / "run.json").write_bytes(b"{")
    (library.folder / "empty").mkdir()
    (library.folder / "Thumbs.db").write_text("no folder")
    listed = {one.path: one for one in library.list()}
    assert set(listed) == {whole, cut, broken, library.folder / "empty"}
    assert library.list()[0].path == whole
    assert listed[whole].problem is None
    assert str(cut / "model.safetensors") in (listed[cut].problem or "")
    assert str(broken / "run.json") in (listed[broken].problem or "")
    assert "is not a run" in (listed[library.folder / "empty"].problem or "")
    for path in (cut, broken, library.folder / "empty"):
        library.delete(path)
    assert [one.path for one in library.list()] == [whole]


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("VAE of digits", "VAE-of-digits-"),
        ("手写数字 β=4", "手写数字-β-4-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("a\\b:c*?\n\0", "a-b-c-"),
        ("🙂", "run-"),
        ("", "run-"),
        ("...", "run-"),
        ("CON", "CON-"),
        ("हिन्दी", "हिन्दी-"),
        ("字" * 500, "字" * 40 + "-"),
        ("\udcff", "run-"),
    ],
)
def test_any_name_gives_a_folder_that_every_system_takes(
    library: RunLibrary, name: str, start: str
) -> None:
    path, again = library.add(ae_run(name)), library.add(ae_run(name))
    assert path.name == f"{start}20260102-030406"
    assert again.name == f"{start}20260102-030406-2"
    assert path.parent == library.folder
    assert not set(path.name) & set('<>:"/\\|?*. ')
    shown = name.encode("utf-8", "replace").decode()
    assert_same(load_run(again), ae_run(shown))
    assert {one.name for one in library.list()} == {shown}


def test_update_replaces_the_run_and_brings_back_a_deleted_one(library: RunLibrary) -> None:
    path = library.add(replace(ae_run(), status="training"))
    library.update(path, ae_run())
    assert_same(load_run(path), ae_run())
    library.delete(path)
    library.update(path, vae_run())
    assert [one.path for one in library.list()] == [path]


def test_rename_changes_the_name_and_nothing_else(library: RunLibrary) -> None:
    path = library.add(vae_run())
    (path / "notes.txt").write_text("mine")
    library.rename(path, "手写/数字")
    assert_same(load_run(path), vae_run("手写/数字"))
    assert (path / "notes.txt").read_text() == "mine"
    assert os.listdir(library.folder) == [path.name]
    (path / "codes.npz").unlink()
    with pytest.raises(InputError, match=r"codes\.npz is missing"):
        library.rename(path, "other")


def test_copy_opens_like_the_run_and_replaces_only_runs(
    library: RunLibrary, tmp_path: Path
) -> None:
    path = library.add(vae_run())
    save_run(ae_run(), tmp_path / "copy")
    library.copy_to(path, tmp_path / "copy")
    assert_same(load_run(tmp_path / "copy"), vae_run())
    with pytest.raises(StorageError, match="is not a run"):
        library.copy_to(path, tmp_path)
    (path / "model.safetensors").write_bytes(b"x")
    with pytest.raises(InputError, match="damaged"):
        library.copy_to(path, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    assert_same(load_run(tmp_path / "copy"), vae_run())


@pytest.mark.parametrize("where", ["..", "../elsewhere", "inner/run"])
def test_only_runs_of_the_library_are_touched(library: RunLibrary, where: str) -> None:
    path = library.folder / where
    save_run(ae_run(), library.folder.parent / "elsewhere")
    for action in (
        lambda: library.delete(path),
        lambda: library.rename(path, "x"),
        lambda: library.update(path, ae_run()),
    ):
        with pytest.raises(StorageError, match="is not in the library"):
            action()
    assert_same(load_run(library.folder.parent / "elsewhere"), ae_run())


def test_delete_of_a_missing_run_is_one_sentence(library: RunLibrary) -> None:
    with pytest.raises(StorageError, match="could not be written"):
        library.delete(library.folder / "none")
