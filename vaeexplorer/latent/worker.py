"""What the projection process does: serve the fits that `latent.process` asks for.

Messages are tuples of plain values, the first one naming the kind. To the process: ("warm-up",),
("fit", method, codes, settings) and ("stop",). From it: ("ready",) once, then for each fit any
number of ("progress", message, fraction, seconds_left, positions) and at last one of ("done",
method, positions, settings), ("failed", sentence, details) and ("stopped",). Fraction, seconds and
positions may be None.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.latent.layout import Layout
from vaeexplorer.latent.placing import Placing, sample_of
from vaeexplorer.latent.projection import Map, pca_map
from vaeexplorer.latent.umap_graph import fuzzy_graph, nearest_codes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NICENESS = 10

FRAME_S = 0.04
"""Seconds between two frames of a layout: as often as is worth drawing."""

SEARCH_SHARE = 0.3
"""Of the work of a UMAP map, the part before its layout; a guess, for the progress bar."""

FEW_EPOCHS, MANY_EPOCHS, MANY = 200, 500, 2_000
"""Epochs of a layout unless told, and the number of codes beyond which they are few.

umap-learn runs 500 up to 10,000 codes; beyond 2,000 they gain less than .002 in trustworthiness.
"""


FEWEST_MAPPED = 4
"""Codes that a sample has at least: with fewer there is no neighbourhood to keep."""


class _StoppedError(Exception):
    """The program wants no more of this fit."""


class _Teller:
    """Tells the program how the fit goes; raises _StoppedError where it has said to stop."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self.connection = connection
        self.stop = threading.Event()

    def __call__(
        self,
        message: str,
        fraction: float | None = None,
        seconds_left: float | None = None,
        positions: NDArray[np.float32] | None = None,
    ) -> None:
        if self.stop.is_set():
            raise _StoppedError
        self.connection.send(("progress", message, fraction, seconds_left, positions))


def main() -> int:
    """Serve fits until the program that started this process closes the connection or dies."""
    if os.isatty(0):
        print("The projection process is started by vae-explorer, not by hand.", file=sys.stderr)
        return 2
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Ctrl-C in the terminal reaches this process too; what it means is for the program to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    connection = _inherited_connection()
    tell = _Teller(connection)
    requests: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, requests, tell.stop), daemon=True).start()
    connection.send(("ready",))
    while True:
        _, method, codes, settings = requests.get()
        connection.send(_answer(tell, method, codes, settings))


def _inherited_connection() -> Connection[Any, Any]:
    if sys.platform == "win32":
        import msvcrt
        from multiprocessing.connection import PipeConnection

        return PipeConnection(msvcrt.get_osfhandle(0))
    handle = os.dup(0)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    return Connection(handle)


def _listen(
    connection: Connection[Any, Any],
    requests: SimpleQueue[tuple[Any, ...]],
    stop: threading.Event,
) -> None:
    """Receive requests; leave at once, in the midst of a fit too, when no more can come."""
    try:
        while True:
            request = connection.recv()
            if request[0] == "warm-up":
                _warm_up()
            elif request[0] == "stop":
                stop.set()
            else:
                stop.clear()
                requests.put(request)
    finally:
        os._exit(0)


def _warm_up() -> None:
    """Import in the background all that UMAP needs, and compile what was never compiled here."""

    def load() -> None:
        from scipy import optimize, sparse, spatial  # noqa: F401

        from vaeexplorer.latent import layout_kernel  # noqa: F401

    threading.Thread(target=load, daemon=True).start()


def _answer(
    tell: _Teller,
    method: str,
    codes: NDArray[np.float32],
    settings: Mapping[str, Any],
) -> tuple[Any, ...]:
    try:
        done = METHODS[method](codes, settings, tell)
        if not np.isfinite(done.positions).all():
            raise ArithmeticError("some positions are not finite numbers")
    except _StoppedError:
        return ("stopped",)
    except Exception as error:
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        return "failed", f"The {method} map failed: {why}.", traceback.format_exc()
    return "done", done.method, done.positions, dict(done.settings)


def _fit_umap(codes: NDArray[np.float32], settings: Mapping[str, Any], tell: _Teller) -> Map:
    _warm_up()
    placing = _placing_of(codes, settings, tell)
    if placing is not None:
        codes = codes[placing.chosen]
    n = len(codes)
    told = _told(settings, placing)
    told["neighbours"] = min(settings["neighbours"], n - 1)
    if settings["epochs"] is None:
        told["epochs"] = MANY_EPOCHS if n <= MANY else FEW_EPOCHS
    for name, least in (("neighbours", 2), ("epochs", 1), ("seed", 0)):
        if told[name] < least:
            raise ValueError(f"{name} is {told[name]}, but it must be at least {least}")
    graph = _graph(codes.tobytes(), codes.shape[1], told["neighbours"], tell)
    start = pca_map(codes).positions
    layout = Layout(graph, start, told["epochs"], told["min_dist"], told["seed"])
    show = placing or _as_they_are
    _run(layout, tell, show)
    return Map("umap", show(layout.positions), told)


def _as_they_are(positions: NDArray[np.float32]) -> NDArray[np.float32]:
    return positions


def _told(settings: Mapping[str, Any], placing: Placing | None) -> dict[str, Any]:
    """Return the settings as they were meant, without a sample that is all codes."""
    told = dict(settings)
    told.pop("sample", None)
    return told if placing is None else {**told, "sample": len(placing.chosen)}


def _placing_of(
    codes: NDArray[np.float32], settings: Mapping[str, Any], tell: _Teller
) -> Placing | None:
    """Return how codes that are not mapped are placed; None where all are mapped."""
    count = settings.get("sample")
    if count is None or count >= len(codes):
        return None
    if count < FEWEST_MAPPED:
        raise ValueError(f"sample is {count}, but it must be at least {FEWEST_MAPPED}")
    tell("placing the images that are not mapped")
    return _placing(codes.tobytes(), codes.shape[1], count)


@lru_cache(maxsize=2)
def _placing(content: bytes, size: int, count: int) -> Placing:
    codes = np.frombuffer(content, np.float32).reshape(-1, size)
    return Placing(codes, sample_of(len(codes), count))


# What changes most often, min_dist and the seed, leaves the graph as it is. Two: slots take turns.
@lru_cache(maxsize=2)
def _graph(content: bytes, size: int, neighbours: int, tell: _Teller) -> csr_array[Any]:
    codes = np.frombuffer(content, np.float32).reshape(-1, size)
    message = "finding neighbours"
    began = time.monotonic()
    tell(message, 0.0)

    def report(share: float) -> None:
        fraction = SEARCH_SHARE * share
        left = (time.monotonic() - began) * (1 - fraction) / fraction
        tell(message, fraction, left)

    return fuzzy_graph(*nearest_codes(codes, neighbours, report))


def _run(
    layout: Layout,
    tell: _Teller,
    show: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> None:
    """Run all epochs, showing a frame about every `FRAME_S`."""
    # Not in the measure: no edge is due in the first epoch, and the kernel may need compiling.
    layout.run(1)
    began = shown = time.monotonic()
    epochs = 1
    while layout.done < layout.epochs:
        layout.run(epochs)
        now = time.monotonic()
        left = (now - began) * (layout.epochs - layout.done) / (layout.done - 1)
        fraction = SEARCH_SHARE + (1 - SEARCH_SHARE) * layout.done / layout.epochs
        tell("laying out", fraction, left, show(layout.positions))
        as_many = int(epochs * FRAME_S / max(now - shown, 1e-4))
        epochs = min(max(as_many, 1), 2 * epochs)
        shown = time.monotonic()


def _fit_umap_learn(codes: NDArray[np.float32], settings: Mapping[str, Any], tell: _Teller) -> Map:
    tell("loading UMAP")
    import umap

    placing = _placing_of(codes, settings, tell)
    if placing is not None:
        codes = codes[placing.chosen]
    tell("computing")
    neighbours = min(settings["neighbours"], len(codes) - 1)
    mapper = umap.UMAP(
        n_neighbors=neighbours,
        min_dist=settings["min_dist"],
        n_epochs=settings["epochs"],
        random_state=settings["seed"],
        n_jobs=1,
    )
    positions = np.asarray(mapper.fit_transform(codes), np.float32)
    told = {
        **_told(settings, placing),
        "neighbours": neighbours,
        "version": umap.__version__,
    }
    return Map("umap-learn", positions if placing is None else placing(positions), told)


def _fit_pca(codes: NDArray[np.float32], settings: Mapping[str, Any], tell: _Teller) -> Map:
    del settings
    tell("computing")
    return pca_map(codes)


Fit = Callable[[NDArray[np.float32], Mapping[str, Any], _Teller], Map]

METHODS: Mapping[str, Fit] = {
    "umap": _fit_umap,
    "umap-learn": _fit_umap_learn,
    "pca": _fit_pca,
}
"""How each method is computed, from codes, settings and what tells of its progress."""


if __name__ == "__main__":
    sys.exit(main())
