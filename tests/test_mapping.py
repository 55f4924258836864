"""Encoding a data set and mapping its codes: what a run holds afterwards."""

import numpy as np
import pytest
import torch
from finishing import finish

from vaeexplorer.data.dataset import Dataset, InputError, Source, fingerprint
from vaeexplorer.jobs.mapping import check_map, encode, project
from vaeexplorer.latent.process import FitProgress, UmapSettings
from vaeexplorer.latent.projection import Map
from vaeexplorer.models.base import CodeSpace, Posterior
from vaeexplorer.run import Config, Run


def make_dataset(n=2_500):
    images = np.random.default_rng(0).integers(0, 256, (n, 1, 4, 4)).astype(np.uint8)
    source = Source("shapes", None, {}, n, (1, 4, 4), fingerprint(images))
    labels = np.arange(n, dtype=np.int64) % 3
    return Dataset("noise", images, source, labels, ("a", "b", "c"))


def make_run(dataset):
    return Run("run", Config("ae"), dataset.source, 0, "finished", "", (), {}, 1, {})


def space_of_pixels(size, log_variance=True, sizes_seen=None):
    """A space whose posterior mean is the first `size` pixels of an image."""

    def encoder(images):
        if sizes_seen is not None:
            sizes_seen.append(len(images))
        mean = images.flatten(1)[:, :size]
        return Posterior(mean, mean - 7 if log_variance else None)

    return CodeSpace(size, encoder, lambda z: z)


@pytest.fixture
def dataset():
    return make_dataset()


FRAME = np.ones((2_500, 2), np.float32)


class RecordingProcess:
    """Stands for the projection process: remembers what it is asked, and answers at once."""

    def __init__(self):
        self.asked = []
        self.closed_early = False

    def fit(self, codes, method, settings):
        self.asked.append((codes.shape, method, settings))
        try:
            yield FitProgress("computing", None, 12.3)
            yield FitProgress("laying out", 0.5, 13.3, 7.0, FRAME)
        except GeneratorExit:
            self.closed_early = True
            raise
        return Map(method, np.zeros((len(codes), 2), np.float32), {"seed": 0})


def test_every_image_is_encoded_as_a_number_from_zero_to_one(dataset):
    run, _ = finish(encode(make_run(dataset), {"z": space_of_pixels(5)}, dataset))
    expected = dataset.images.reshape(2_500, 16)[:, :5] / np.float32(255)
    codes = run.codes["z"]
    assert codes.mean.dtype == np.float32
    np.testing.assert_allclose(codes.mean, expected, atol=1e-6)
    np.testing.assert_allclose(codes.log_variance, expected - 7, atol=1e-5)


def test_deterministic_codes_have_no_variance(dataset):
    space = space_of_pixels(5, log_variance=False)
    run, _ = finish(encode(make_run(dataset), {"z": space}, dataset))
    assert run.codes["z"].log_variance is None


def test_images_are_encoded_in_chunks_of_fixed_size_and_reported(dataset):
    seen = []
    _, reports = finish(encode(make_run(dataset), {"z": space_of_pixels(3, True, seen)}, dataset))
    assert seen == [1_024, 1_024, 452]
    assert [report.fraction for report in reports] == [1_024 / 2_500, 2_048 / 2_500, 1.0]
    assert reports[-1].seconds_left == 0


def test_an_encoded_run_keeps_labels_and_all_that_it_was(dataset):
    before = make_run(dataset)
    run, _ = finish(encode(before, {"z": space_of_pixels(3)}, dataset))
    np.testing.assert_array_equal(run.labels, dataset.labels)
    assert run.label_names == ("a", "b", "c")
    assert (run.name, run.config, run.source) == (before.name, before.config, before.source)
    assert before.codes == {}


@pytest.mark.parametrize(("size", "method"), [(1, "axes"), (2, "axes"), (3, "pca"), (16, "pca")])
def test_each_space_has_its_quick_map_at_once(dataset, size, method):
    spaces = {"main": space_of_pixels(size), "other": space_of_pixels(4)}
    run, _ = finish(encode(make_run(dataset), spaces, dataset))
    assert list(run.maps["main"]) == [method]
    assert run.maps["main"][method].method == method
    assert run.maps["main"][method].positions.shape == (2_500, 2)
    assert list(run.maps["other"]) == ["pca"]


def test_no_images_are_refused_in_one_sentence():
    empty = make_dataset(0)
    with pytest.raises(InputError, match="no codes"):
        finish(encode(make_run(empty), {"z": space_of_pixels(3)}, empty))


def test_a_model_that_diverged_is_refused_in_one_sentence(dataset):
    def encoder(images):
        return Posterior(torch.full((len(images), 3), torch.nan), None)

    with pytest.raises(InputError, match="not finite"):
        finish(encode(make_run(dataset), {"z": CodeSpace(3, encoder, lambda z: z)}, dataset))


def test_the_map_of_every_space_that_needs_one_is_added(dataset):
    spaces = {"upper": space_of_pixels(6), "flat": space_of_pixels(2), "lower": space_of_pixels(4)}
    encoded, _ = finish(encode(make_run(dataset), spaces, dataset))
    process = RecordingProcess()
    settings = UmapSettings(seed=5)
    run, reports = finish(project(encoded, process, "umap-learn", settings))
    assert process.asked == [
        ((2_500, 6), "umap-learn", settings),
        ((2_500, 4), "umap-learn", settings),
    ]
    assert {name: set(maps) for name, maps in run.maps.items()} == {
        "upper": {"pca", "umap-learn"},
        "flat": {"axes"},
        "lower": {"pca", "umap-learn"},
    }
    assert run.maps["upper"]["pca"] is encoded.maps["upper"]["pca"]
    assert set(encoded.maps["upper"]) == {"pca"}
    assert [report.message for report in reports] == [
        "mapping upper: computing (12 s)",
        "mapping upper: laying out",
        "mapping lower: computing (12 s)",
        "mapping lower: laying out",
    ]
    assert [report.space for report in reports] == ["upper", "upper", "lower", "lower"]


def test_a_run_of_one_space_does_not_name_it(dataset):
    encoded, _ = finish(encode(make_run(dataset), {"z": space_of_pixels(6)}, dataset))
    _, reports = finish(project(encoded, RecordingProcess()))
    assert [report.message for report in reports] == [
        "mapping: computing (12 s)",
        "mapping: laying out",
    ]
    assert [report.space for report in reports] == ["z", "z"]


def test_a_map_is_shown_while_it_grows(dataset):
    encoded, _ = finish(encode(make_run(dataset), {"z": space_of_pixels(6)}, dataset))
    _, (before, frame) = finish(project(encoded, RecordingProcess()))
    assert (before.fraction, before.seconds_left, before.positions) == (None, None, None)
    assert (frame.fraction, frame.seconds_left) == (0.5, 7.0)
    assert frame.positions is FRAME


def test_the_map_is_umap_unless_another_one_is_asked_for(dataset):
    encoded, _ = finish(encode(make_run(dataset), {"z": space_of_pixels(6)}, dataset))
    process = RecordingProcess()
    run, _ = finish(project(encoded, process))
    assert process.asked == [((2_500, 6), "umap", None)]
    assert run.maps["z"]["umap"].method == "umap"


def test_cancelling_the_job_ends_the_fit_at_once(dataset):
    encoded, _ = finish(encode(make_run(dataset), {"z": space_of_pixels(6)}, dataset))
    process = RecordingProcess()
    job = project(encoded, process)
    next(job)
    job.close()
    assert process.closed_early


@pytest.mark.parametrize(
    ("method", "settings", "n", "size"),
    [
        ("umap", UmapSettings(), 100, 3),
        ("umap-learn", UmapSettings(neighbours=99), 100, 3),
        ("umap", UmapSettings(neighbours=10, sample=11), 100, 3),
        ("pca", UmapSettings(neighbours=500), 10, 3),
        ("axes", UmapSettings(), 10, 2),
    ],
)
def test_settings_that_make_a_map_are_taken(method, settings, n, size):
    assert check_map(method, settings, n, size) is None


@pytest.mark.parametrize(
    ("method", "settings", "n", "size", "words"),
    [
        ("umap", UmapSettings(neighbours=100), 100, 3, "100 neighbours.*100 images"),
        ("umap", UmapSettings(neighbours=20, sample=20), 100, 3, "20 neighbours.*20 images"),
        ("umap-learn", UmapSettings(), 100, 2, "latent axes"),
        ("axes", UmapSettings(), 100, 8, "these codes have 8"),
    ],
)
def test_settings_that_make_no_map_are_refused_in_one_sentence(method, settings, n, size, words):
    with pytest.raises(InputError, match=words) as caught:
        check_map(method, settings, n, size)
    assert str(caught.value).count(".") == 1
