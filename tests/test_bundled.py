"""The digits are scikit-learn's, read without it; the shapes are what their factors say."""

from __future__ import annotations

import gzip
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vaeexplorer.data import bundled
from vaeexplorer.data.bundled import SHAPE_NAMES, SIZES, digits, draw_shapes, shapes
from vaeexplorer.data.dataset import Dataset, InputError


@pytest.fixture(scope="module")
def drawn() -> Dataset:
    return shapes(n=600, seed=1)


def test_digits_are_those_of_scikit_learn() -> None:
    data = digits()
    text = gzip.decompress(bundled._digits_file().read_bytes()).decode()
    rows = np.array([[int(number) for number in line.split(",")] for line in text.splitlines()])
    assert data.images.shape == (1797, 1, 8, 8)
    assert np.array_equal(np.rint(data.images.reshape(-1, 64) / 255 * 16), rows[:, :64])
    assert data.images.min() == 0
    assert data.images.max() == 255
    assert data.labels is not None
    assert np.array_equal(data.labels, rows[:, 64])
    assert data.label_names == tuple("0123456789")


def test_digits_are_the_ones_that_stored_runs_were_trained_on() -> None:
    assert digits().source.fingerprint == (
        "b8f6054dededc0561caea7e2402289755ead4f49b648b87acc8aa0c9f0e3d73a"
    )


def test_digits_load_without_scikit_learn_torch_or_scipy() -> None:
    script = (
        "import sys\n"
        "from vaeexplorer.data import open_data\n"
        "assert len(open_data('digits')) == 1797\n"
        "print([name for name in ('sklearn', 'torch', 'scipy', 'umap') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_digits_without_scikit_learn_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="install scikit-learn"):
        digits()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        # Without the hour: names of cases are made of these, and every process reads them.
        b"0,1,2",
        gzip.compress(b"0,1,2\n", mtime=0),
        gzip.compress(b"no digits", mtime=0),
        gzip.compress(b"0," * 65 * 1797, mtime=0)[:-20],
        gzip.compress((b"17," * 64 + b"0\n") * 1797, mtime=0),
        gzip.compress((b"0," * 64 + b"10\n") * 1797, mtime=0),
    ],
)
def test_damaged_digits_are_refused(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "digits.csv.gz"
    file.write_bytes(content)
    monkeypatch.setattr(bundled, "_digits_file", lambda: file)
    with pytest.raises(InputError, match=r"digits\.csv\.gz.*reinstall scikit-learn\.$"):
        digits()


def test_shapes_lie_where_their_factors_say(drawn: Dataset) -> None:
    pixels = drawn.images[:, 0] / 255
    mass = pixels.sum(axis=(1, 2))
    along = np.arange(32)
    x = (pixels.sum(axis=1) * along).sum(axis=1) / mass
    y = (pixels.sum(axis=2) * along).sum(axis=1) / mass
    np.testing.assert_allclose(x, drawn.factors["x"], atol=0.1)
    np.testing.assert_allclose(y, drawn.factors["y"], atol=0.1)
    np.testing.assert_allclose(mass, drawn.factors["size"] ** 2, rtol=0.03)


def test_shapes_of_one_subject_differ_in_place_and_rotation_only(drawn: Dataset) -> None:
    assert drawn.groups is not None
    assert drawn.labels is not None
    assert np.array_equal(np.bincount(drawn.groups), np.full(100, 6))
    for values in (drawn.labels, drawn.factors["size"]):
        first_of_subject = values[:: bundled.IMAGES_PER_SUBJECT]
        assert np.array_equal(values, first_of_subject[drawn.groups])
    for factor in ("x", "y"):
        assert len(np.unique(drawn.factors[factor])) == len(drawn)
    sizes = np.unique(drawn.factors["size"])
    assert len(sizes) == 100
    assert SIZES[0] <= sizes.min() < sizes.max() <= SIZES[1]


def test_shapes_have_balanced_labels_and_rotations_below_their_symmetry(drawn: Dataset) -> None:
    assert drawn.label_names == SHAPE_NAMES
    for label, period in enumerate((90, 120, 0)):
        rotations = drawn.factors["rotation"][drawn.labels == label]
        assert 198 <= len(rotations) <= 204
        assert rotations.min() >= 0
        assert period * 0.9 <= rotations.max() <= period


def draw(name: str, rotation: float) -> np.ndarray:
    place = np.array([15.5], np.float32)
    size, angle = np.array([10], np.float32), np.array([rotation], np.float32)
    image = draw_shapes(np.array([SHAPE_NAMES.index(name)]), place, place, size, angle)
    return image[0, 0].astype(int)


def test_shapes_turn_clockwise_by_their_rotation() -> None:
    assert np.abs(draw("triangle", 110) - np.rot90(draw("triangle", 20), k=-1)).max() <= 1


@pytest.mark.parametrize(("name", "period"), [("square", 90), ("triangle", 120)])
def test_shapes_come_back_onto_themselves(name: str, period: float) -> None:
    assert np.abs(draw(name, 10) - draw(name, 10 + period)).max() <= 1
    assert np.abs(draw(name, 10) - draw(name, 10 + period / 2)).max() > 100


def test_shapes_are_anti_aliased() -> None:
    square = (15.75, 15.5, 10, 0)  # from column 10.75 to column 20.75
    image = draw_shapes(np.array([0]), *(np.array([value], np.float32) for value in square))
    assert image[0, 0, 15, 10:13].tolist() == [0, 191, 255]
    assert image[0, 0, 15, 20:23].tolist() == [255, 64, 0]


def test_shapes_repeat_and_depend_on_their_seed() -> None:
    data = shapes(n=60, seed=7)
    # Pinned: a stored run must know its shapes again on another machine.
    assert data.source.fingerprint == (
        "f6a0d06b708eb3641a77c7282287f756f7bfb5fd77b7179cfe72753f16ec281b"
    )
    assert shapes(n=60, seed=8).source.fingerprint != data.source.fingerprint
    assert data.source.options == {"n": 60, "seed": 7}
    assert data.shape == (1, 32, 32)


@pytest.mark.parametrize("n", [2, 5, 7])
def test_shapes_can_be_few(n: int) -> None:
    assert len(shapes(n=n)) == n


@pytest.mark.parametrize(
    "options", [{"n": 1}, {"n": -5}, {"n": 200_001}, {"n": 2.5}, {"n": True}, {"seed": -1}]
)
def test_impossible_shapes_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"^[^\n]*shapes must be[^\n]*\.$"):
        shapes(**options)
