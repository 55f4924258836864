"""What every test stands on: no screen, a home of its own, and nothing left behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot
    from trained_vaes import Trained

# Before anything imports Qt, and torch: see cli.main.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")  # see gui.app.create_application
if "PYTEST_XDIST_WORKER" in os.environ:
    # The other processes have the other cores; what a test starts inherits this.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

PATIENCE_MS = 240_000

settings.register_profile("default", max_examples=100, deadline=None)
settings.register_profile("ci", max_examples=300, deadline=None)
settings.register_profile("deep", max_examples=10_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def external_data() -> Path:
    """The folder of real data, holding mnist/."""
    folder = os.environ.get("VAEEXPLORER_DATA")
    if not folder:
        pytest.skip("VAEEXPLORER_DATA does not name the folder of real data")
    return Path(folder)


@pytest.fixture(scope="module")
def _one_thread() -> Iterator[None]:
    """Compute on one thread, here and in child processes: two on a busy machine wait in turns."""
    import torch  # late: most tests need none

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session", autouse=True)
def _home_of_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep fixtures of the whole session away from the user's own runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VAEEXPLORER_HOME", str(tmp_path_factory.mktemp("session-home")))
        yield


@pytest.fixture(scope="session")
def default_pair_scores() -> dict[str, dict[str, Any]]:
    """Score the models that ship with the program, by family."""
    from vaeexplorer.data import find_data
    from vaeexplorer.jobs.bundled import default_pair_folders
    from vaeexplorer.jobs.scoring import Grounds, score_space
    from vaeexplorer.models import restore
    from vaeexplorer.run import result_of
    from vaeexplorer.storage import load_run

    runs = [load_run(folder) for folder in default_pair_folders()]
    dataset = find_data(runs[0].source)
    assert dataset is not None
    split = dataset.split(runs[0].split_seed)
    grounds = Grounds()
    scores: dict[str, dict[str, Any]] = {}
    for run in runs:
        model = restore(run.config.family, run.config.model, run.source.shape, run.weights)
        steps = score_space(
            model.spaces()["z"], dataset, split, with_secondary=True, grounds=grounds
        )
        scores[run.config.family] = result_of(steps)
    return scores


@pytest.fixture(scope="session")
def digits_vae() -> Trained:
    """The VAE of the default pair."""
    from trained_vaes import Trained

    from vaeexplorer.data import open_data
    from vaeexplorer.jobs.bundled import default_pair_folders
    from vaeexplorer.jobs.scoring import ground_of
    from vaeexplorer.models import restore
    from vaeexplorer.storage import load_run

    run = load_run(default_pair_folders()[1])
    model = restore(run.config.family, run.config.model, run.source.shape, run.weights)
    digits = open_data("digits")
    return Trained(model.spaces()["z"], ground_of(digits, digits.split(run.split_seed)))


@pytest.fixture(scope="session")
def mnist_vae(external_data: Path) -> Trained:
    """A VAE trained on MNIST as published."""
    from trained_vaes import mnist_of, published_vae

    return published_vae(mnist_of(external_data))


@pytest.fixture(scope="module")
def trained_vae(request: pytest.FixtureRequest) -> Trained:
    """The VAE that the test names: one of trained_vaes.SETTINGS."""
    fixture: Trained = request.getfixturevalue(request.param)
    return fixture


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test a data folder and settings of its own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("VAEEXPLORER_HOME", str(home))
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QSettings, QStandardPaths

        QStandardPaths.setTestModeEnabled(True)
        for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
            QSettings.setPath(kind, QSettings.Scope.UserScope, str(home / "settings"))
    return home


@pytest.fixture
def qtbot(qtbot: QtBot) -> QtBot:
    """Give what is waited for the time that it takes on a busy machine: that is no test of it."""
    for wait in ("waitUntil", "waitSignal", "waitSignals"):
        setattr(qtbot, wait, partial(getattr(qtbot, wait), timeout=PATIENCE_MS))
    return qtbot


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread running or, where it used qtbot, a window alive."""
    threads = set(threading.enumerate())
    windows = _windows() if "qtbot" in request.fixturenames else None
    yield
    left = [t for t in threading.enumerate() if t not in threads and not t.daemon]
    for thread in left:
        thread.join(timeout=10)
    alive = [thread.name for thread in left if thread.is_alive()]
    assert not alive, f"threads still running: {alive}"
    if windows is not None:
        more = _windows_after_deletion(windows)
        assert not more, f"windows still alive: {more}"


def _windows() -> list[object]:
    from PySide6.QtWidgets import QApplication

    return list(QApplication.topLevelWidgets())


def _windows_after_deletion(before: list[object]) -> list[object]:
    """Top-level widgets that were not there `before`, once Qt and Python have cleaned up."""
    from PySide6.QtCore import QCoreApplication, QEvent

    for clean in (lambda: None, gc.collect):
        clean()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        more = [window for window in _windows() if window not in before]
        if not more:
            return []
    return more
