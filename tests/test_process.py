"""The projection process: it maps, can be stopped at any time, and is never left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from finishing import finish

from vaeexplorer.data.dataset import InputError
from vaeexplorer.latent.placing import sample_of
from vaeexplorer.latent.process import ProjectionProcess, UmapSettings, _await_answer
from vaeexplorer.latent.projection import ProjectionError, pca_map

DEADLINE_S = 30.0

posix = pytest.mark.skipif(os.name != "posix", reason="stops and kills by POSIX signals")


def random_codes(n=200, size=8):
    return np.random.default_rng(0).normal(size=(n, size)).astype(np.float32)


def is_gone(pid):
    """Whether no such process is left; one that ended but is nobody's to bury counts as gone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False


def wait_until_gone(pid):
    deadline = time.monotonic() + DEADLINE_S
    while not is_gone(pid) and time.monotonic() < deadline:
        pass
    assert is_gone(pid)


@pytest.fixture
def process():
    process = ProjectionProcess()
    yield process
    process.close()


@pytest.fixture(scope="module")
def umap_learn_process():
    """The reference without the half minute that its compilation takes; for few codes only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_DISABLE_JIT", "1")
        process = ProjectionProcess()
        finish(process.fit(random_codes(), "pca"))
    yield process
    process.close()


@pytest.fixture(scope="module")
def umap_process():
    """A process whose kernel is loaded, for fits that none of the tests ends."""
    process = ProjectionProcess()
    process.start()
    yield process
    process.close()


def test_a_fit_reports_and_returns_the_map(process):
    codes = random_codes()
    map_, reports = finish(process.fit(codes, "pca"))
    assert map_.method == "pca"
    np.testing.assert_allclose(map_.positions, pca_map(codes).positions, atol=1e-5)
    assert reports[-1].message == "computing"
    assert all(report.fraction is None for report in reports)
    elapsed = [report.elapsed_s for report in reports]
    assert elapsed == sorted(elapsed)


def test_one_process_serves_many_fits(process):
    process.start()
    first = process.pid
    for size in (3, 4):
        finish(process.fit(random_codes(size=size), "pca"))
    assert process.pid == first


@pytest.mark.slow
def test_umap_says_how_it_was_told_and_repeats_with_its_seed(umap_process):
    settings = UmapSettings(neighbours=5, min_dist=0.2, epochs=30, seed=3)
    map_, reports = finish(umap_process.fit(random_codes(300), settings=settings))
    again, _ = finish(umap_process.fit(random_codes(300), settings=settings))
    other, _ = finish(umap_process.fit(random_codes(300), settings=replace(settings, seed=4)))
    assert map_.method == "umap"
    assert map_.settings == {"neighbours": 5, "min_dist": 0.2, "epochs": 30, "seed": 3}
    assert map_.positions.tobytes() == again.positions.tobytes() != other.positions.tobytes()
    assert {"finding neighbours", "laying out"} <= {report.message for report in reports}


@pytest.mark.parametrize(("n", "epochs"), [(1_000, 500), (2_001, 200)])
def test_few_codes_get_more_epochs_unless_told(umap_process, n, epochs):
    map_, _ = finish(umap_process.fit(random_codes(n, 2)))
    assert map_.settings["epochs"] == epochs


def test_a_map_grows_in_frames_and_its_end_is_foreseen(umap_process):
    codes = random_codes(2_000)
    map_, reports = finish(umap_process.fit(codes, settings=UmapSettings(epochs=500)))
    frames = [report for report in reports if report.positions is not None]
    assert len(frames) >= 5
    for frame in frames:
        assert frame.positions.shape == (2_000, 2)
        assert frame.positions.dtype == np.float32
    assert len({frame.positions.tobytes() for frame in frames}) == len(frames)
    fractions = [report.fraction for report in reports if report.fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1] <= 1
    assert all(frame.seconds_left >= 0 for frame in frames)
    # The last frames are all but the map.
    moved = np.abs(frames[-1].positions - map_.positions).max()
    assert moved < np.abs(frames[0].positions - map_.positions).max()


def test_a_sample_is_mapped_and_the_others_are_placed_by_their_nearest_codes(umap_process):
    codes = random_codes(300, 5)
    settings = UmapSettings(neighbours=5, epochs=30, sample=100)
    map_, reports = finish(umap_process.fit(codes, settings=settings))
    assert map_.settings["sample"] == 100
    chosen = sample_of(300, 100)
    alone, _ = finish(umap_process.fit(codes[chosen], settings=replace(settings, sample=None)))
    np.testing.assert_array_equal(map_.positions[chosen], alone.positions)
    other = np.setdiff1d(np.arange(300), chosen)[0]
    distances = np.linalg.norm(codes[chosen] - codes[other], axis=1)
    near = np.argsort(distances)[:3]
    weights = 1 / distances[near]
    expected = weights @ alone.positions[near] / weights.sum()
    np.testing.assert_allclose(map_.positions[other], expected, rtol=1e-4)
    frames = [report.positions for report in reports if report.positions is not None]
    assert all(frame.shape == (300, 2) for frame in frames)


def test_a_sample_that_is_all_codes_is_no_sample(umap_process):
    settings = UmapSettings(neighbours=5, epochs=30, sample=50)
    map_, _ = finish(umap_process.fit(random_codes(50, 5), settings=settings))
    assert "sample" not in map_.settings


@pytest.mark.slow
def test_another_layout_of_the_same_sample_places_and_searches_nothing_again(umap_process):
    codes = random_codes(3_000, 16)
    settings = UmapSettings(epochs=20, sample=1_000)
    first = [report.message for report in finish(umap_process.fit(codes, settings=settings))[1]]
    assert "finding neighbours" in first
    for change in ({"seed": 1}, {"min_dist": 0.5}, {"epochs": 21}):
        fit = umap_process.fit(codes, settings=replace(settings, **change))
        assert "finding neighbours" not in [report.message for report in finish(fit)[1]]


def test_another_layout_of_the_same_codes_does_not_look_for_neighbours_again(umap_process):
    codes = random_codes(300)
    found = []
    for settings in (
        UmapSettings(epochs=10),
        UmapSettings(epochs=10, min_dist=0.5, seed=8),
        UmapSettings(epochs=10, neighbours=7),
    ):
        _, reports = finish(umap_process.fit(codes, settings=settings))
        found.append("finding neighbours" in {report.message for report in reports})
    assert found[1:] == [False, True]


def clusters(*places, n=20, size=3):
    return np.repeat(np.float32(places)[:, None], n * size).reshape(-1, size)


@pytest.mark.parametrize(
    "codes",
    [
        pytest.param(random_codes(4), id="four"),
        pytest.param(random_codes(5), id="five"),
        pytest.param(random_codes(12), id="fewer than neighbours"),
        pytest.param(random_codes(100, 1), id="one dimension"),
        pytest.param(random_codes(100, 2), id="two dimensions"),
        pytest.param(random_codes(100, 512), id="many dimensions"),
        pytest.param(np.repeat(random_codes(10), 30, axis=0), id="many of each"),
        pytest.param(clusters(0, 1), id="two places"),
        pytest.param(random_codes(200) * np.float32([1] + [0] * 7), id="on a line"),
        pytest.param(random_codes(200) * np.float32(1e-30), id="tiny"),
        pytest.param(random_codes(200) * np.float32(1e14), id="huge"),
        pytest.param(random_codes(200) + np.float32(1e4), id="far from the origin"),
    ],
)
def test_whatever_the_codes_there_is_a_map(umap_process, codes):
    map_, _ = finish(umap_process.fit(codes, settings=UmapSettings(epochs=50)))
    assert map_.method == "umap"
    assert map_.positions.shape == (len(codes), 2)
    assert np.isfinite(map_.positions).all()
    assert np.ptp(map_.positions, axis=0).min() > 0
    assert map_.settings["neighbours"] == min(15, len(codes) - 1)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (UmapSettings(min_dist=5), "min_dist is 5, but it must be from 0 to 1"),
        (UmapSettings(neighbours=1), "neighbours is 1, but it must be at least 2"),
        (UmapSettings(epochs=0), "epochs is 0, but it must be at least 1"),
        (UmapSettings(seed=-1), "seed is -1, but it must be at least 0"),
    ],
)
def test_settings_that_mean_nothing_are_one_sentence(umap_process, settings, sentence):
    with pytest.raises(ProjectionError) as caught:
        finish(umap_process.fit(random_codes(30), settings=settings))
    assert str(caught.value) == f"The umap map failed: {sentence}."


@pytest.mark.slow
def test_closing_a_layout_ends_it_within_a_tenth_of_a_second(process):
    process.start()
    endless = UmapSettings(epochs=1_000_000)
    seconds = []
    for _ in range(3):
        fit = process.fit(random_codes(300), settings=endless)
        while next(fit).positions is None:
            pass
        started = time.monotonic()
        fit.close()
        seconds.append(time.monotonic() - started)
    assert min(seconds) < 0.1
    assert finish(process.fit(random_codes(), "pca"))[0].method == "pca"


class Talkative:
    """Stands for a child that has said much since it was last listened to."""

    def __init__(self, *messages):
        self.messages = list(messages)

    def receive(self, timeout_s):
        return self.messages.pop(0) if self.messages else None


def test_a_slow_reader_gets_the_newest_frame_and_no_older_one():
    frames = [np.full((4, 2), number, np.float32) for number in range(2)]
    told = [("progress", "laying out", number / 3, 3 - number, frames[number]) for number in (0, 1)]
    child = Talkative(*told, ("progress", "nearly", 0.9, 0.1, None), ("done",))
    conversation = _await_answer(child, "starting", time.monotonic())
    report = next(conversation)
    assert (report.message, report.fraction, report.seconds_left) == ("nearly", 0.9, 0.1)
    assert report.positions is frames[1]
    with pytest.raises(StopIteration) as stop:
        next(conversation)
    assert stop.value.value == ("done",)


@pytest.mark.slow
def test_the_reference_maps_and_repeats_with_its_seed(umap_learn_process):
    settings = UmapSettings(neighbours=5, epochs=10, seed=3)
    codes = random_codes(30)
    map_, reports = finish(umap_learn_process.fit(codes, "umap-learn", settings))
    again, _ = finish(umap_learn_process.fit(codes, "umap-learn", settings))
    assert map_.method == "umap-learn"
    assert map_.positions.shape == (30, 2)
    assert map_.positions.tobytes() == again.positions.tobytes()
    told = dict(map_.settings)
    assert told.pop("version")
    assert told == {"neighbours": 5, "min_dist": 0.1, "epochs": 10, "seed": 3}
    stages = [report.message for report in reports]
    assert stages[-1] == "computing"
    assert "loading UMAP" in stages


def test_few_codes_have_fewer_neighbours_by_the_reference_too(umap_learn_process):
    fit = umap_learn_process.fit(random_codes(4), "umap-learn", UmapSettings(epochs=2))
    assert finish(fit)[0].settings["neighbours"] == 3


def test_what_the_reference_refuses_is_one_sentence_and_the_process_stays(umap_learn_process):
    fit = umap_learn_process.fit(random_codes(30), "umap-learn", UmapSettings(min_dist=5.0))
    next(fit)
    pid = umap_learn_process.pid
    with pytest.raises(ProjectionError, match="min_dist") as caught:
        finish(fit)
    assert "\n" not in str(caught.value)
    assert finish(umap_learn_process.fit(random_codes(30), "pca"))[0].method == "pca"
    assert umap_learn_process.pid == pid


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        pytest.param(random_codes(1), "fewer than 4 codes", id="one"),
        pytest.param(random_codes(2), "fewer than 4 codes", id="two"),
        pytest.param(random_codes(3), "fewer than 4 codes", id="few"),
        pytest.param(np.ones((50, 8), np.float32), "all codes are equal", id="constant"),
    ],
)
def test_codes_that_umap_cannot_tell_apart_get_a_pca_map_that_says_so(process, codes, reason):
    map_, _ = finish(process.fit(codes))
    assert map_.method == "pca"
    assert map_.settings["fallback"] == reason
    assert process.pid is None


def test_codes_that_are_not_numbers_are_refused_at_once(process):
    codes = random_codes()
    codes[5, 2] = np.nan
    with pytest.raises(InputError, match="not finite"):
        next(process.fit(codes))
    assert process.pid is None


def test_an_unknown_method_is_refused(process):
    with pytest.raises(ValueError, match="tsne"):
        next(process.fit(random_codes(), "tsne"))


def test_a_second_fit_at_the_same_time_is_refused_and_harms_nothing(process):
    fit = process.fit(random_codes(), "pca")
    next(fit)
    with pytest.raises(ProjectionError, match="being computed"):
        next(process.fit(random_codes(), "pca"))
    assert finish(fit)[0].method == "pca"


@posix
def test_closing_a_fit_ends_its_process_and_the_next_fit_gets_a_new_one(process):
    finish(process.fit(random_codes(), "pca"))
    pid = process.pid
    os.kill(pid, signal.SIGSTOP)  # so that it never answers
    fit = process.fit(random_codes(), "pca")
    assert next(fit).message == "computing"
    assert next(fit).message == "computing"
    fit.close()
    assert is_gone(pid)
    assert process.pid is None
    assert finish(process.fit(random_codes(), "pca"))[0].method == "pca"
    assert process.pid != pid


@posix
def test_a_killed_process_is_noticed_and_the_next_fit_works(process):
    finish(process.fit(random_codes(), "pca"))
    os.kill(process.pid, signal.SIGSTOP)
    fit = process.fit(random_codes(), "pca")
    next(fit)
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ProjectionError, match=r"ended unexpectedly \(signal 9\)") as caught:
        finish(fit)
    assert str(caught.value).count(".") == 1
    assert finish(process.fit(random_codes(), "pca"))[0].method == "pca"


@posix
def test_a_process_that_died_between_two_fits_is_replaced_unseen(process):
    finish(process.fit(random_codes(), "pca"))
    pid = process.pid
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # until it is dead, not yet buried
    assert finish(process.fit(random_codes(), "pca"))[0].method == "pca"


@posix
def test_nothing_is_left_after_close(process):
    process.start()
    finish(process.fit(random_codes(), "pca"))
    pid = process.pid
    process.close()
    with pytest.raises(ProcessLookupError):  # not even a zombie
        os.kill(pid, 0)
    process.close()
    with pytest.raises(ProjectionError, match="closed"):
        finish(process.fit(random_codes(), "pca"))


def test_close_ends_a_fit_that_is_under_way(process):
    fit = process.fit(random_codes(), "pca")
    next(fit)
    process.close()
    with pytest.raises(ProjectionError):
        finish(fit)


@posix
def test_a_forgotten_owner_leaves_no_process():
    process = ProjectionProcess()
    finish(process.fit(random_codes(), "pca"))
    pid = process.pid
    del process
    assert is_gone(pid)


@posix
def test_it_runs_at_low_priority_and_ignores_ctrl_c(process):
    finish(process.fit(random_codes(), "pca"))
    assert os.getpriority(os.PRIO_PROCESS, process.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    os.kill(process.pid, signal.SIGINT)
    pid = process.pid
    finish(process.fit(random_codes(), "pca"))
    assert process.pid == pid


def test_it_prints_nothing_on_our_streams(process, monkeypatch, capfd):
    monkeypatch.setenv("PYTHONVERBOSE", "1")  # what else would fill the terminal
    finish(process.fit(random_codes(5), "pca"))
    process.close()
    assert capfd.readouterr() == ("", "")


def test_modules_in_the_current_folder_are_not_mistaken_for_ours(process, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    monkeypatch.chdir(tmp_path)
    assert finish(process.fit(random_codes(), "pca"))[0].method == "pca"


UNGUARDED = """
import numpy as np
from vaeexplorer.latent.process import ProjectionProcess
print("script runs", flush=True)
process = ProjectionProcess()
fit = process.fit(np.eye({n}, dtype=np.float32), {method!r})
for report in fit:
    if {stop_at!r} == report.message:
        break
print(process.pid, flush=True)
{then}
"""


def start_script(folder, n, stop_at, then, method="pca"):
    script = folder / "unguarded.py"
    script.write_text(UNGUARDED.format(n=n, method=method, stop_at=stop_at, then=then))
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_works_from_a_script_without_a_main_guard(tmp_path):
    with start_script(tmp_path, n=9, stop_at="", then="process.close()") as script:
        output, errors = script.communicate(timeout=DEADLINE_S)
    assert script.returncode == 0
    assert errors == ""
    assert output.splitlines()[:-1] == ["script runs"]


@posix
@pytest.mark.parametrize(
    ("n", "stop_at"),
    [
        pytest.param(9, "", id="idle"),
        # Principal axes of 3,000 dimensions take seconds.
        pytest.param(3_000, "computing", id="computing"),
    ],
)
def test_it_ends_when_its_program_is_killed(tmp_path, n, stop_at):
    with start_script(tmp_path, n, stop_at, then="input()") as script:
        script.stdout.readline()
        pid = int(script.stdout.readline())
        assert not is_gone(pid)
        script.kill()
        wait_until_gone(pid)


@posix
def test_it_ends_with_a_program_that_forgets_to_close_it(tmp_path):
    with start_script(tmp_path, n=9, stop_at="", then="") as script:
        output, errors = script.communicate(timeout=DEADLINE_S)
    assert (script.returncode, errors) == (0, "")
    assert is_gone(int(output.splitlines()[-1]))


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_started_by_hand_it_says_what_it_is():
    ours, theirs = os.openpty()
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "vaeexplorer.latent.worker"],
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert ran.returncode == 2
    assert "not by hand" in ran.stderr


@pytest.mark.slow
def test_the_compiled_reference_repeats_bit_for_bit_and_stops_while_it_computes(process):
    process.start()
    codes = random_codes(200)
    map_, _ = finish(process.fit(codes, "umap-learn"))
    again, _ = finish(process.fit(codes, "umap-learn"))
    assert map_.positions.tobytes() == again.positions.tobytes()
    pid = process.pid
    fit = process.fit(random_codes(5_000), "umap-learn")
    while next(fit).message != "computing":
        pass
    next(fit)
    fit.close()
    assert is_gone(pid)


@posix
@pytest.mark.slow
def test_the_reference_that_compiles_ends_when_its_program_is_killed(tmp_path):
    # UMAP holds the GIL of its process for long stretches.
    with start_script(tmp_path, 1_000, "computing", "input()", "umap-learn") as script:
        script.stdout.readline()
        pid = int(script.stdout.readline())
        assert not is_gone(pid)
        script.kill()
        wait_until_gone(pid)
