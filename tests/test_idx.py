"""IDX files open as published; whatever else stands in them is refused in one sentence."""

from __future__ import annotations

import contextlib
import gzip
import os
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vaeexplorer.data.dataset import InputError
from vaeexplorer.data.idx import is_idx, open_idx

IMAGES = np.arange(4 * 3 * 2, dtype=np.uint8).reshape(4, 3, 2)
LABELS = np.array([3, 7, 7, 3], np.uint8)
MEGABYTE = 1 << 20


def header(*axes: int, code: int = 0x08) -> bytes:
    return struct.pack(f">HBB{len(axes)}I", 0, code, len(axes), *axes)


def idx(values: np.ndarray) -> bytes:
    return header(*values.shape) + values.tobytes()


def packed(content: bytes) -> bytes:
    """Compress, without the hour: names of cases are made of it, and every process reads them."""
    return gzip.compress(content, mtime=0)


def put(path: Path, values: np.ndarray) -> Path:
    path.write_bytes(gzip.compress(idx(values)) if path.suffix == ".gz" else idx(values))
    return path


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    """A folder with the four standard names: 4 training and 3 held-out images."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    put(folder / "train-images-idx3-ubyte.gz", IMAGES)
    put(folder / "train-labels-idx1-ubyte.gz", LABELS)
    put(folder / "t10k-images-idx3-ubyte.gz", 255 - IMAGES[:3])
    put(folder / "t10k-labels-idx1-ubyte.gz", np.array([9, 3, 9], np.uint8))
    return folder


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to be overwritten by every example of a property."""
    return tmp_path_factory.mktemp("idx") / "scratch-images-idx3-ubyte"


def refusal(path: Path, reason: str | None = None) -> str:
    """The sentence that refuses `path` for a `reason`, checked to be one that names it."""
    with pytest.raises(InputError, match=reason) as caught:
        open_idx(path)
    message = str(caught.value)
    assert path.name in message
    assert message.endswith(".")
    assert ". " not in message
    assert "\n" not in message
    return message


@contextlib.contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 6 * MEGABYTE
    finally:
        tracemalloc.stop()


# What is read


@settings(deadline=None)
@given(
    shape=st.tuples(st.integers(2, 9), st.integers(1, 6), st.integers(1, 6)),
    seed=st.integers(0, 99),
    zipped=st.booleans(),
)
def test_images_come_back_as_written(
    shape: tuple[int, int, int], seed: int, zipped: bool, scratch: Path
) -> None:
    values = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    scratch.write_bytes(gzip.compress(idx(values)) if zipped else idx(values))
    data = open_idx(scratch)
    assert np.array_equal(data.images[:, 0], values)
    assert data.labels is None
    assert data.official_held_out is None


def test_colour_stands_on_the_second_axis_or_on_the_last(tmp_path: Path) -> None:
    colour = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    second = open_idx(put(tmp_path / "second", colour))
    last = open_idx(put(tmp_path / "last", colour.transpose(0, 2, 3, 1)))
    assert second.shape == last.shape == (3, 4, 5)
    assert second.source.fingerprint == last.source.fingerprint
    assert np.array_equal(last.images, colour)


@pytest.mark.parametrize("images", ["x-images-idx3-ubyte", "x-images.idx3-ubyte.gz"])
@pytest.mark.parametrize(
    "labels",
    [
        "x-labels-idx1-ubyte",
        "x-labels.idx1-ubyte",
        "x-labels-idx1-ubyte.gz",
        "x-labels.idx1-ubyte.gz",
    ],
)
def test_labels_are_found_beside_the_images(images: str, labels: str, tmp_path: Path) -> None:
    put(tmp_path / labels, LABELS)
    data = open_idx(put(tmp_path / images, IMAGES))
    assert data.label_names == ("3", "7")
    assert data.labels is not None
    assert data.labels.tolist() == [0, 1, 1, 0]


def test_labels_of_the_same_spelling_are_preferred(tmp_path: Path) -> None:
    put(tmp_path / "x-labels-idx1-ubyte", 100 + LABELS)
    put(tmp_path / "x-labels-idx1-ubyte.gz", LABELS)
    data = open_idx(put(tmp_path / "x-images-idx3-ubyte.gz", IMAGES))
    assert data.label_names == ("3", "7")


def test_a_file_of_the_folder_opens_by_itself(mnist: Path) -> None:
    data = open_idx(mnist / "t10k-images-idx3-ubyte.gz")
    assert data.name == "mnist/t10k"
    assert len(data) == 3
    assert data.label_names == ("3", "9")
    assert data.official_held_out is None


def test_the_four_standard_names_open_as_one_with_their_split(mnist: Path) -> None:
    data = open_idx(mnist)
    assert data.name == "mnist"
    assert data.source.path == str(mnist)
    assert (data.source.n, data.source.shape) == (7, (1, 3, 2))
    assert np.array_equal(data.images[:, 0], np.concatenate([IMAGES, 255 - IMAGES[:3]]))
    assert data.labels is not None
    names = [data.label_names[label] for label in data.labels]
    assert names == ["3", "7", "7", "3", "9", "3", "9"]
    assert data.split(0).train.tolist() == [0, 1, 2, 3]
    assert data.split(0).held_out.tolist() == [4, 5, 6]


def test_a_folder_may_hold_plain_and_zipped_copies(mnist: Path) -> None:
    zipped = open_idx(mnist).source
    for file in list(mnist.iterdir()):
        file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
    assert open_idx(mnist).source == zipped


def test_a_folder_with_one_set_opens_what_is_there(mnist: Path) -> None:
    (mnist / "t10k-images-idx3-ubyte.gz").unlink()
    data = open_idx(mnist)
    assert len(data) == 4
    assert data.label_names == ("3", "7")
    (mnist / "train-labels-idx1-ubyte.gz").unlink()
    assert open_idx(mnist).labels is None


def test_source_path_is_absolute(mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(mnist)
    assert open_idx(Path()).source.path == str(mnist)


# What is refused


def truncated_gzip() -> bytes:
    return packed(idx(IMAGES))[:-9]


def corrupt_gzip() -> bytes:
    content = bytearray(packed(idx(IMAGES)))
    content[-6] ^= 0xFF  # in the checksum, so that only its check can notice
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (packed(b""), "is empty"),
        (b"\0", "is not an IDX file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "is not an IDX file"),
        (b"\0\0\x07\x03" + bytes(99), "is not an IDX file"),
        (packed(b"some text"), "is not an IDX file"),
        (header(4, 3, 2, code=0x0D) + bytes(96), "holds 32-bit floats"),
        (idx(LABELS), "holds labels, not images"),
        (header(2, 2) + bytes(4), "holds values with 2 axes"),
        (header(4, 3, 2)[:-1], "ends inside its header"),
        (idx(IMAGES)[:-1], "is truncated: .* 23 of 24 are there"),
        (packed(idx(IMAGES)[:-1]), "is truncated"),
        (idx(IMAGES) + b"\0", "goes on after"),
        (packed(idx(IMAGES) + b"\0"), "goes on after"),
        (truncated_gzip(), "is a damaged or truncated gzip file"),
        (corrupt_gzip(), "is a damaged or truncated gzip file"),
        (packed(idx(IMAGES)) + b"more", "is a damaged or truncated gzip file"),
        (b"\x1f\x8b", "is a damaged or truncated gzip file"),
        (header(0, 3, 2), "holds no images"),
        (idx(IMAGES[:1]), "holds 1 image,"),
        (header(4, 0, 2), "only sides from 1"),
        (header(2, 1, 2000) + bytes(4000), "only sides from 1"),
        (header(2, 2, 4, 5) + bytes(80), "neither grey nor colour"),
    ],
)
def test_bad_files_are_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "bad file"
    path.write_bytes(content)
    refusal(path, reason)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    "axes",
    [
        (2**32 - 1, 28, 28),
        (2**32 - 1, 2**32 - 1, 2**32 - 1),
        (2**32 - 1, 3, 1024, 1024),
        (2**18, 28, 28),
    ],
)
def test_claimed_sizes_cost_no_memory(axes: tuple[int, ...], zipped: bool, tmp_path: Path) -> None:
    content = header(*axes) + bytes(1000)
    path = tmp_path / "huge"
    path.write_bytes(gzip.compress(content) if zipped else content)
    with little_memory():
        refusal(path)


def test_a_long_file_that_is_too_short_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(header(2**17, 32, 32))
    os.truncate(path, 64 * MEGABYTE)
    with little_memory():
        refusal(path, "is truncated")


def test_labels_that_claim_to_be_many_cost_no_memory(tmp_path: Path) -> None:
    put(tmp_path / "x-images-idx3-ubyte", IMAGES)
    (tmp_path / "x-labels-idx1-ubyte.gz").write_bytes(gzip.compress(header(2**31) + bytes(9)))
    with little_memory(), pytest.raises(InputError, match=r"x-labels-idx1-ubyte\.gz"):
        open_idx(tmp_path / "x-images-idx3-ubyte")


def test_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(idx(IMAGES))
        for _ in range(64):
            file.write(bytes(MEGABYTE))
    with little_memory():
        refusal(path, "goes on after")


@pytest.mark.parametrize("n", [0, 3, 5])
def test_labels_that_disagree_with_images_are_refused(n: int, tmp_path: Path) -> None:
    put(tmp_path / "x-labels-idx1-ubyte", np.zeros(n, np.uint8))
    images = put(tmp_path / "x-images-idx3-ubyte", IMAGES)
    message = refusal(images)
    assert f"'{tmp_path / 'x-labels-idx1-ubyte'}' holds {n} labels for the 4 images" in message


def test_images_in_place_of_labels_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "x-labels-idx1-ubyte", IMAGES)
    with pytest.raises(InputError, match=r"x-labels-idx1-ubyte' holds .* 3 axes, not labels"):
        open_idx(put(tmp_path / "x-images-idx3-ubyte", IMAGES))


def remove_training_labels(folder: Path) -> None:
    (folder / "train-labels-idx1-ubyte.gz").unlink()


def remove_all_images(folder: Path) -> None:
    for file in folder.glob("*images*"):
        file.unlink()


def make_sizes_differ(folder: Path) -> None:
    put(folder / "t10k-images-idx3-ubyte.gz", IMAGES[:3, :2])


def make_it_ambiguous(folder: Path) -> None:
    (folder / "t10k-images-idx3-ubyte.gz").rename(folder / "other-images-idx3-ubyte.gz")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (remove_training_labels, "has no labels beside it"),
        (remove_all_images, "holds no IDX images"),
        (make_sizes_differ, r"differ in size \(1 x 3 x 2 and 1 x 2 x 2\)"),
        (make_it_ambiguous, "holds several sets of images"),
    ],
)
def test_unclear_folders_are_refused(
    spoil: Callable[[Path], None], reason: str, mnist: Path
) -> None:
    spoil(mnist)
    refusal(mnist, reason)


def test_what_cannot_be_opened_is_refused(
    mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal(tmp_path / "gone", "No such file")
    refusal(tmp_path / ("x" * 300), "cannot be read")
    with pytest.raises(InputError, match="cannot be read"):
        open_idx(Path("null\0character"))

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    # The tests may run as root, whom no permission stops.
    monkeypatch.setattr(Path, "open", denied)
    refusal(mnist / "train-images-idx3-ubyte.gz", "Permission denied")
    monkeypatch.setattr(os, "listdir", denied)
    refusal(mnist, "Permission denied")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    path = tmp_path / "x-images-idx3-ubyte"
    os.mkfifo(path)
    refusal(path, "is not a file")
    assert not is_idx(path)


def opens_or_is_refused(path: Path) -> None:
    with contextlib.suppress(InputError):
        assert len(open_idx(path)) >= 2


@settings(deadline=None)
@given(
    content=st.binary(max_size=64), start=st.sampled_from([b"", b"\0\0\x08\x03", b"\x1f\x8b\x08"])
)
@example(content=b"", start=b"\0\0\x08\x03")
def test_any_bytes_open_or_are_refused(content: bytes, start: bytes, scratch: Path) -> None:
    scratch.write_bytes(start + content)
    opens_or_is_refused(scratch)
    is_idx(scratch)


@settings(deadline=None)
@given(axes=st.lists(st.integers(0, 5), max_size=5), body=st.integers(0, 300), zipped=st.booleans())
def test_any_small_header_opens_or_is_refused(
    axes: list[int], body: int, zipped: bool, scratch: Path
) -> None:
    content = header(*axes) + bytes(body)
    scratch.write_bytes(gzip.compress(content) if zipped else content)
    opens_or_is_refused(scratch)


@settings(deadline=None)
@given(kept=st.integers(0, 200), zipped=st.booleans())
def test_any_truncation_is_refused(kept: int, zipped: bool, scratch: Path) -> None:
    whole = gzip.compress(idx(IMAGES)) if zipped else idx(IMAGES)
    scratch.write_bytes(whole[: kept % len(whole)])
    refusal(scratch)


@settings(deadline=None)
@given(position=st.integers(0, 60), flip=st.integers(1, 255), zipped=st.booleans())
def test_any_damaged_byte_opens_or_is_refused(
    position: int, flip: int, zipped: bool, scratch: Path
) -> None:
    whole = bytearray(gzip.compress(idx(IMAGES)) if zipped else idx(IMAGES))
    whole[position % len(whole)] ^= flip
    scratch.write_bytes(whole)
    opens_or_is_refused(scratch)


# What is recognised


def test_idx_data_are_recognised(mnist: Path, tmp_path: Path) -> None:
    assert is_idx(mnist)
    assert is_idx(mnist / "train-images-idx3-ubyte.gz")
    assert is_idx(mnist / "train-labels-idx1-ubyte.gz")
    assert is_idx(put(tmp_path / "any name", IMAGES))
    assert is_idx(put(tmp_path / "any name.gz", IMAGES))


def test_other_things_are_not_recognised(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    (run / "broken.gz").write_bytes(b"\x1f\x8b\x08")
    for path in (run, run / "run.json", run / "broken.gz", run / "gone", run / "null\0character"):
        assert not is_idx(path)


# Real data


@pytest.mark.external_data
def test_mnist_opens_with_its_official_split(external_data: Path) -> None:
    data = open_idx(external_data / "mnist")
    assert data.images.shape == (70_000, 1, 28, 28)
    assert data.label_names == tuple("0123456789")
    assert data.labels is not None
    assert data.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert data.labels[60_000:60_010].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.array_equal(data.split(0).held_out, np.arange(60_000, 70_000))
    assert 33 < data.images[:60_000].mean() < 34
