"""The rows of the dimensions: kept when other codes come, filled by what a lane has found."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from vaeexplorer.data import Source
from vaeexplorer.gui.panels.dimensions import PAGE, DimensionsPanel
from vaeexplorer.gui.session import Session, planes
from vaeexplorer.gui.session.parts import describing
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.jobs.describing import describe_codes
from vaeexplorer.jobs.opening import exhibit_of
from vaeexplorer.latent.projection import pca_map
from vaeexplorer.regularity.information import dimension_order
from vaeexplorer.run import Codes, Exhibit
from vaeexplorer.storage import RunLibrary, load_run

SLOT = 1


@pytest.fixture
def session(tmp_path):
    session = Session(RunLibrary(tmp_path / "runs"))
    yield session
    session.close()


@pytest.fixture
def panel(session, qtbot):
    panel = DimensionsPanel(session)
    qtbot.addWidget(panel)
    return panel


@pytest.fixture
def put(session, panel, qtbot):
    """Put the bundled VAE into the active slot with codes of so many dimensions."""
    bundled = exhibit_of(load_run(default_pair_folders()[1]), "")

    def put_codes(size, seed=0):
        mean = np.random.default_rng(seed).normal(size=(bundled.source.n, size))
        codes = Codes(mean.astype(np.float32), np.full(mean.shape, -1, np.float32))
        session.put(SLOT, replace(bundled, codes={"z": codes}))
        wanted = describe_codes(codes)

        def shown():
            return [row.dimension for row in panel._rows] == np.argsort(
                -wanted.rates, kind="stable"
            )[:PAGE].tolist() and all(
                row._home == wanted.mean[row.dimension] for row in panel._rows
            )

        qtbot.waitUntil(shown)
        return list(panel._rows)

    return put_codes


def test_other_codes_of_as_many_dimensions_are_shown_by_the_same_rows(put):
    assert put(6, seed=1) == put(6, seed=0)


def test_codes_of_more_or_fewer_dimensions_keep_the_rows_that_both_have(put, panel):
    six = put(6)
    assert put(4) == six[:4]
    assert put(PAGE + 3)[:4] == six[:4]
    assert not panel._more.isHidden()
    panel._more.click()
    assert len(put(5)) == 5
    assert panel._more.isHidden()


def test_further_dimensions_are_shown_when_they_are_asked_for(put, panel, qtbot):
    put(PAGE + 3)
    panel._more.click()
    qtbot.waitUntil(lambda: len(panel._rows) == PAGE + 3)
    assert panel._more.isHidden()


def test_codes_are_gone_through_beside_the_thread_of_the_window(put, monkeypatch):
    threads = []

    def noting(codes):
        threads.append(threading.current_thread())
        return describe_codes(codes)

    monkeypatch.setattr(describing, "describe_codes", noting)
    put(3)
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def test_a_row_of_former_codes_moves_nothing(put, panel, session, monkeypatch):
    (row, *_) = put(3)
    told = []
    monkeypatch.setattr(session, "set_code", lambda *code: told.append(code))
    session.exhibit_changed.emit(SLOT, session.slots[SLOT].exhibit)
    row._edited(0.5)
    assert not told


def test_an_empty_slot_has_no_rows(put, panel, session):
    put(3)
    session.clear(SLOT)
    assert not panel._rows
    assert panel._legend.text() == "This slot is empty."


def test_the_axes_of_a_plane_are_chosen_from_a_sample_of_many_codes(session, monkeypatch):
    looked = []

    def noting(mean, log_variance):
        looked.append((len(mean), len(log_variance)))
        return dimension_order(mean, log_variance)

    monkeypatch.setattr(planes, "dimension_order", noting)
    n = 12 * planes.SAMPLE
    mean = np.random.default_rng(0).normal(size=(n, 3)) * (0.1, 2, 1)
    codes = Codes(mean.astype(np.float32), np.full(mean.shape, -1, np.float32))
    source = Source("random", None, {}, n, (1, 8, 8), "00" * 32)
    exhibit = Exhibit("many", source, {"z": codes}, {"z": {"pca": pca_map(codes.mean)}}, None, ())
    session.put(SLOT, exhibit)
    assert session.axes_of(SLOT) == (1, 2)
    assert looked == [(planes.SAMPLE, planes.SAMPLE)]
