"""A run on disk comes back bit for bit, and nothing in a hostile folder does more than fail."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_runs import N, ae_run, assert_same, vae_run

from vaeexplorer.data.dataset import InputError
from vaeexplorer.latent.projection import Map
from vaeexplorer.run import Codes, EpochRecord, Measures, Run
from vaeexplorer.storage import StorageError, is_run, load_run, save_run, write_atomically

FILES = ("run.json", "model.safetensors", "codes.npz")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_run(vae_run(), tmp_path / "run")
    return tmp_path / "run"


def edit(folder: Path, change) -> None:
    """Apply `change` to the object in run.json."""
    document = json.loads((folder / "run.json").read_bytes())
    change(document)
    (folder / "run.json").write_text(json.dumps(document), encoding="utf-8")


def forge(folder: Path, name: str, data: bytes) -> None:
    """Write a file with the size and checksum in run.json that make it look genuine."""
    (folder / name).write_bytes(data)
    record = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    edit(folder, lambda document: document["files"].update({name: record}))


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_run(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert str(folder) in message
    assert message.endswith(".")
    return message


class TestRoundTrip:
    @pytest.mark.parametrize("run", [vae_run(), ae_run()], ids=["vae", "ae"])
    def test_everything_comes_back_bit_for_bit(self, run: Run, tmp_path: Path) -> None:
        save_run(run, tmp_path / "new" / "run")
        assert_same(load_run(tmp_path / "new" / "run"), run)
        assert is_run(tmp_path / "new" / "run")

    def test_run_that_is_not_encoded_yet(self, tmp_path: Path) -> None:
        run = replace(vae_run(), codes={}, maps={}, labels=None)
        save_run(run, tmp_path / "run")
        assert_same(load_run(tmp_path / "run"), run)
        assert sorted(os.listdir(tmp_path / "run")) == ["model.safetensors", "run.json"]

    def test_arrays_open_with_numpy_alone(self, folder: Path) -> None:
        with np.load(folder / "codes.npz", allow_pickle=False) as arrays:
            assert arrays["mean/content"].tobytes() == vae_run().codes["content"].mean.tobytes()
            assert arrays["map/style/axes"].shape == (N, 2)

    def test_numpy_scalars_among_the_settings_are_kept_as_numbers(self, tmp_path: Path) -> None:
        run = ae_run()
        config = replace(run.config, model={"latent_dim": np.int64(2), "beta": np.float32(0.5)})
        save_run(replace(run, config=config), tmp_path / "run")
        assert load_run(tmp_path / "run").config.model == {"latent_dim": 2, "beta": 0.5}

    def test_path_that_is_no_text_comes_back(self, tmp_path: Path) -> None:
        path = os.fsdecode(b"/data/caf\xe9")
        run = replace(ae_run(), source=replace(ae_run().source, path=path))
        save_run(run, tmp_path / "run")
        assert load_run(tmp_path / "run").source.path == path

    def test_files_of_others_in_the_folder_are_kept(self, folder: Path) -> None:
        (folder / "notes.txt").write_text("mine")
        (folder / "report").mkdir()
        save_run(ae_run(), folder)
        assert (folder / "notes.txt").read_text() == "mine"
        assert sorted(os.listdir(folder)) == sorted((*FILES, "notes.txt", "report"))
        assert os.listdir(folder.parent) == ["run"]

    def test_through_a_link_the_run_behind_it_is_replaced(
        self, folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "link").symlink_to(folder)
        save_run(ae_run(), tmp_path / "link")
        assert_same(load_run(folder), ae_run())
        assert (tmp_path / "link").is_symlink()

    def test_neither_torch_nor_qt_is_imported(self, folder: Path) -> None:
        script = (
            "import sys; from pathlib import Path; from vaeexplorer.storage import *;"
            "load_run(Path(sys.argv[1]));"
            "assert not {'torch', 'PySide6', 'scipy'} & set(sys.modules)"
        )
        subprocess.run([sys.executable, "-c", script, folder], check=True)


class TestRefusals:
    def test_folder_that_is_missing_a_file_or_of_others(self, tmp_path: Path) -> None:
        assert "does not exist" in refusal(tmp_path / "none")
        (tmp_path / "file").write_text("x")
        assert "is not a folder" in refusal(tmp_path / "file")
        (tmp_path / "empty").mkdir()
        assert "is not a run of vae-explorer" in refusal(tmp_path / "empty")
        (tmp_path / "empty" / "run.json").write_text('{"format": "something else"}')
        assert "was not written by vae-explorer" in refusal(tmp_path / "empty")
        assert not is_run(tmp_path / "empty")

    def test_newer_format(self, folder: Path) -> None:
        edit(folder, lambda document: document.update(format_version=2, history="elsewhere"))
        message = refusal(folder)
        assert "written by a newer vae-explorer (format 2): update to open it" in message

    @pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": NaN}', "[" * 100_000])
    def test_description_that_is_no_json(self, folder: Path, text: str) -> None:
        (folder / "run.json").write_text(text)
        assert "run.json" in refusal(folder)

    @pytest.mark.parametrize("name", FILES)
    def test_missing_and_truncated_files(self, folder: Path, name: str) -> None:
        raw = (folder / name).read_bytes()
        (folder / name).write_bytes(raw[:-3])
        assert "damaged" in refusal(folder)
        (folder / name).unlink()
        assert name in refusal(folder)
        (folder / name).mkdir()
        assert name in refusal(folder)

    def test_flipped_bit_anywhere_in_weights_and_codes(self, folder: Path) -> None:
        for name in FILES[1:]:
            raw = bytearray((folder / name).read_bytes())
            raw[len(raw) // 2] ^= 1
            (folder / name).write_bytes(raw)
            assert "damaged" in refusal(folder)
            save_run(vae_run(), folder)

    def test_pipe_in_place_of_a_file_is_not_waited_for(self, folder: Path) -> None:
        for name in FILES:
            (folder / name).unlink()
            os.mkfifo(folder / name)
        assert "run.json" in refusal(folder)
        assert not is_run(folder)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda d: d["data"].update(n=N + 1), "has the shape"),
            (lambda d: d["codes"]["style"].update(size=3), "has the shape"),
            (lambda d: d["codes"].pop("style"), "no codes"),
            (lambda d: d["codes"].update(third=d["codes"]["style"]), "mean/third is missing"),
            (lambda d: d.update(label_names=["one"]), "labels without a name"),
            (lambda d: d["maps"]["style"].update(pca={}), "map/style/pca is missing"),
            (lambda d: d["files"].pop("codes.npz"), "does not list codes.npz"),
            (lambda d: d["files"].pop("model.safetensors"), "does not list model.safetensors"),
            (lambda d: d.update(status="fine"), "status is not one of"),
            (lambda d: d.update(threads=True), "threads is not a whole number"),
            (lambda d: d.update(name="\ud800"), "broken text"),
            (lambda d: d["config"]["model"].update({"\udfff": [1]}), "broken text"),
            (lambda d: d["data"].update(shape=[1, 10**6, 10**6]), "shape is not"),
            (lambda d: d["config"].update(learning_rate=10**400), "finite"),
            (lambda d: d["history"][0]["train"].pop("rate"), "rate is missing"),
        ],
    )
    def test_description_that_disagrees(self, folder: Path, change, words: str) -> None:
        edit(folder, change)
        assert words in refusal(folder)

    @pytest.mark.parametrize("array", ["weights", "mean", "log_variance", "map"])
    def test_numbers_that_are_not_finite(self, folder: Path, array: str) -> None:
        from safetensors.numpy import save

        if array == "weights":
            forge(folder, "model.safetensors", save({"w": np.array([1, np.nan])}))
        else:
            with np.load(folder / "codes.npz") as stored:
                arrays = dict(stored)
            next(a for key, a in arrays.items() if key.startswith(array))[0, 0] = np.inf
            buffer = io.BytesIO()
            np.savez(buffer, **arrays)
            forge(folder, "codes.npz", buffer.getvalue())
        assert "is not finite" in refusal(folder)


class TestClaims:
    """Sizes that a header merely claims are never allocated."""

    @pytest.fixture(autouse=True)
    def _memory(self, folder: Path):
        tracemalloc.start()
        yield
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8e6

    def rewrite(self, folder: Path, change, compression: int = zipfile.ZIP_STORED) -> None:
        buffer = io.BytesIO()
        with (
            zipfile.ZipFile(folder / "codes.npz") as old,
            zipfile.ZipFile(buffer, "w", compression) as new,
        ):
            for name in old.namelist():
                new.writestr(name, change(old.read(name)))
        forge(folder, "codes.npz", buffer.getvalue())

    def test_array_of_a_terabyte(self, folder: Path) -> None:
        claim = b"(999999999999, 3)"
        self.rewrite(
            folder,
            lambda raw: raw.replace(b"(%d, 3)" % N + b" " * (len(claim) - 7), claim),
        )
        edit(folder, lambda document: document["data"].update(n=999_999_999_999))
        assert "has the shape" in refusal(folder)

    def test_compressed_bomb(self, folder: Path) -> None:
        self.rewrite(folder, lambda raw: raw + bytes(9_000_000), zipfile.ZIP_DEFLATED)
        tracemalloc.reset_peak()
        assert "packed" in refusal(folder)

    def test_entry_that_claims_more_than_the_file_holds(self, folder: Path) -> None:
        raw = bytearray((folder / "codes.npz").read_bytes())
        start = raw.index(b"PK\x01\x02")
        raw[start + 20 : start + 28] = b"\xff\xff\xff\x7f" * 2
        forge(folder, "codes.npz", bytes(raw))
        assert "codes.npz" in refusal(folder)

    def test_pickle_inside_is_never_opened(self, folder: Path) -> None:
        buffer = io.BytesIO()
        np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
        self.rewrite(folder, lambda _: buffer.getvalue())
        assert "wrong type" in refusal(folder)

    @pytest.mark.parametrize("length", [2**63, 10**9, 0])
    def test_weights_with_an_absurd_header(self, folder: Path, length: int) -> None:
        forge(folder, "model.safetensors", length.to_bytes(8, "little") + b"{}")
        assert "no safetensors" in refusal(folder)

    @pytest.mark.parametrize("shape", [[2**60], [2**40, 2**40], [2**62, 0], [-1]])
    def test_weights_with_an_absurd_shape(self, folder: Path, shape: list[int]) -> None:
        header = json.dumps({"w": {"dtype": "F32", "shape": shape, "data_offsets": [0, 8]}})
        raw = len(header).to_bytes(8, "little") + header.encode() + bytes(8)
        forge(folder, "model.safetensors", raw)
        assert "no safetensors" in refusal(folder)

    def test_file_with_a_hole_of_a_terabyte(self, folder: Path) -> None:
        with open(folder / "model.safetensors", "r+b") as file:
            file.truncate(10**12)
        edit(folder, lambda d: d["files"]["model.safetensors"].update(size=10**12))
        assert "larger" in refusal(folder)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("hostile") / "run"
    save_run(vae_run(), folder)
    return folder, {name: (folder / name).read_bytes() for name in FILES}


def restore(folder: Path, files: dict[str, bytes]) -> None:
    for name, raw in files.items():
        (folder / name).write_bytes(raw)


def opens_or_refuses(folder: Path) -> None:
    try:
        run = load_run(folder)
    except InputError as error:
        message = str(error)
    else:
        assert isinstance(run, Run)
        return
    assert "\n" not in message
    assert str(folder) in message


@st.composite
def mutated(draw, raw: bytes) -> bytes:
    """`raw` with some bytes changed, cut or repeated."""
    data = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 12))
        data[at : at + length] = draw(st.binary(max_size=12))
    return bytes(data[: draw(st.sampled_from((len(data), len(data), len(data) // 2)))])


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from([10**30, 10**400, -1, "", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


class TestHostileFiles:
    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    @pytest.mark.parametrize("name", FILES)
    def test_any_bytes(self, hostile, name: str, data) -> None:
        folder, files = hostile
        restore(folder, files)
        (folder / name).write_bytes(data.draw(mutated(files[name])))
        opens_or_refuses(folder)

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    @pytest.mark.parametrize("name", FILES[1:])
    def test_any_bytes_with_the_right_checksum(self, hostile, name: str, data) -> None:
        folder, files = hostile
        restore(folder, files)
        forge(folder, name, data.draw(mutated(files[name])))
        opens_or_refuses(folder)

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_any_value_anywhere_in_the_description(self, hostile, data) -> None:
        folder, files = hostile
        restore(folder, files)
        document = node = json.loads(files["run.json"])
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = data.draw(st.sampled_from(keys))
            if not (isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans())):
                break
            node = node[key]
        node[key] = data.draw(json_values)
        (folder / "run.json").write_text(json.dumps(document), encoding="utf-8")
        opens_or_refuses(folder)

    def test_a_key_with_a_line_break_is_named_in_one_line(self, hostile) -> None:
        folder, files = hostile
        restore(folder, files)
        document = json.loads(files["run.json"])
        document["versions"] = {"tor\nch": None}
        (folder / "run.json").write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(InputError, match=r"versions\.tor\\nch is not text") as refused:
            load_run(folder)
        assert "\n" not in str(refused.value)


class TestSaving:
    @pytest.mark.parametrize("content", ["file", "folder", "damaged run"])
    def test_what_is_not_a_run_is_never_overwritten(self, content: str, tmp_path: Path) -> None:
        target = tmp_path / "thesis"
        if content == "file":
            target.write_text("mine")
        else:
            target.mkdir()
            (target / ("run.json" if content == "damaged run" else "text")).write_text("mine")
        with pytest.raises(StorageError, match="is not a run of vae-explorer: choose another"):
            save_run(ae_run(), target)
        assert "mine" in (target if content == "file" else next(target.iterdir())).read_text()
        assert os.listdir(tmp_path) == ["thesis"]

    def test_empty_folder_is_used(self, tmp_path: Path) -> None:
        (tmp_path / "run").mkdir()
        save_run(ae_run(), tmp_path / "run")
        assert_same(load_run(tmp_path / "run"), ae_run())

    @pytest.mark.parametrize(
        "change",
        [
            {"weights": {"w": np.array([np.nan])}},
            {"codes": {"latent": Codes(np.zeros((N + 1, 2), np.float32))}},
            {"maps": {"latent": {"pca": Map("pca", np.zeros((3, 2), np.float32))}}},
            {"labels": np.zeros(N, np.int64)},
            {"history": (EpochRecord(1, Measures(float("nan"), None), None),)},
            {"status": "asleep"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_run_that_could_not_be_opened_again_does_not_replace_one_that_can(
        self, folder: Path, change
    ) -> None:
        with pytest.raises(StorageError) as caught:
            save_run(replace(ae_run(), **change), folder)
        assert "was not saved: in the run, " in str(caught.value)
        assert_same(load_run(folder), vae_run())

    def test_file_is_written_in_one_step(self, tmp_path: Path) -> None:
        target = tmp_path / "report.json"
        (tmp_path / ".report.json.new-999999999-0123abcd").write_text("left by a kill")
        write_atomically(target, b"one")
        write_atomically(target, b"two")
        assert target.read_bytes() == b"two"
        assert os.listdir(tmp_path) == ["report.json"]
        with pytest.raises(StorageError, match="could not be written"):
            write_atomically(tmp_path / "none" / "report.json", b"")
