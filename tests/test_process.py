"""The projection process: it maps, can be stopped at any time, and is never left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from vaeexplorer.data.dataset import InputError
from vaeexplorer.latent.process import ProjectionProcess, UmapSettings
from vaeexplorer.latent.projection import ProjectionError, pca_map

DEADLINE_S = 30.0

posix = pytest.mark.skipif(os.name != "posix", reason="stops and kills by POSIX signals")


def random_codes(n=200, size=8):
    return np.random.default_rng(0).normal(size=(n, size)).astype(np.float32)


def finish(fit):
    """The map that a fit returns, and what it reported on the way."""
    reports = []
    while True:
        try:
            reports.append(next(fit))
        except StopIteration as stop:
            return stop.value, reports


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
def umap_process():
    """Real UMAP without the half minute that its compilation takes; for few codes only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_DISABLE_JIT", "1")
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


def test_umap_maps_and_repeats_with_its_seed(umap_process):
    settings = UmapSettings(neighbours=5, epochs=10, seed=3)
    map_, reports = finish(umap_process.fit(random_codes(30), settings=settings))
    again, _ = finish(umap_process.fit(random_codes(30), settings=settings))
    assert map_.method == "umap-learn"
    assert map_.positions.shape == (30, 2)
    assert map_.positions.tobytes() == again.positions.tobytes()
    told = dict(map_.settings)
    assert told.pop("version")
    assert told == {"neighbours": 5, "min_dist": 0.1, "epochs": 10, "seed": 3}
    stages = [report.message for report in reports]
    assert stages[-1] == "computing"
    assert "loading UMAP" in stages


def test_few_codes_have_fewer_neighbours(umap_process):
    map_, _ = finish(umap_process.fit(random_codes(4), settings=UmapSettings(epochs=2)))
    assert map_.method == "umap-learn"
    assert map_.settings["neighbours"] == 3


def test_what_umap_refuses_is_one_sentence_and_the_process_stays(umap_process):
    fit = umap_process.fit(random_codes(30), settings=UmapSettings(min_dist=5.0))
    next(fit)
    pid = umap_process.pid
    with pytest.raises(ProjectionError, match="min_dist") as caught:
        finish(fit)
    assert "\n" not in str(caught.value)
    assert finish(umap_process.fit(random_codes(30), "pca"))[0].method == "pca"
    assert umap_process.pid == pid


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
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
def test_compiled_umap_repeats_bit_for_bit_and_stops_while_it_computes(process):
    process.start()
    codes = random_codes(200)
    map_, _ = finish(process.fit(codes))
    again, _ = finish(process.fit(codes))
    assert map_.positions.tobytes() == again.positions.tobytes()
    pid = process.pid
    fit = process.fit(random_codes(5_000))
    while next(fit).message != "computing":
        pass
    next(fit)
    fit.close()
    assert is_gone(pid)


@posix
@pytest.mark.slow
def test_umap_that_compiles_ends_when_its_program_is_killed(tmp_path):
    # UMAP holds the GIL of its process for long stretches.
    with start_script(tmp_path, 1_000, "computing", "input()", "umap-learn") as script:
        script.stdout.readline()
        pid = int(script.stdout.readline())
        assert not is_gone(pid)
        script.kill()
        wait_until_gone(pid)
