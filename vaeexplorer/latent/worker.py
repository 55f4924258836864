"""What the projection process does: serve the fits that `latent.process` asks for.

Messages are tuples of plain values, the first one naming the kind. To the process: ("warm-up",)
and ("fit", method, codes, settings). From it: ("ready",) once, then for each fit any number of
("stage", text) and at last ("done", method, positions, settings) or ("failed", sentence, details).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.latent.projection import Map, pca_map

NICENESS = 10


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
    requests: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
    threading.Thread(target=_listen, args=(connection, requests), daemon=True).start()
    connection.send(("ready",))
    while True:
        _, method, codes, settings = requests.get()
        connection.send(_answer(connection, method, codes, settings))


def _inherited_connection() -> Connection[Any, Any]:
    if sys.platform == "win32":
        import msvcrt
        from multiprocessing.connection import PipeConnection

        return PipeConnection(msvcrt.get_osfhandle(0))
    handle = os.dup(0)
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    return Connection(handle)


def _listen(connection: Connection[Any, Any], requests: SimpleQueue[tuple[Any, ...]]) -> None:
    """Receive requests; leave at once, in the midst of a fit too, when no more can come."""
    try:
        while True:
            request = connection.recv()
            if request[0] == "warm-up":
                threading.Thread(target=_import_umap, daemon=True).start()
            else:
                requests.put(request)
    finally:
        os._exit(0)


def _import_umap() -> Any:
    import umap

    return umap


def _answer(
    connection: Connection[Any, Any],
    method: str,
    codes: NDArray[np.float32],
    settings: Mapping[str, Any],
) -> tuple[Any, ...]:
    try:
        done = METHODS[method](codes, settings, lambda stage: connection.send(("stage", stage)))
        if not np.isfinite(done.positions).all():
            raise ArithmeticError("some positions are not finite numbers")
    except Exception as error:
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        return "failed", f"The {method} map failed: {why}.", traceback.format_exc()
    return "done", done.method, done.positions, dict(done.settings)


def _fit_umap(
    codes: NDArray[np.float32], settings: Mapping[str, Any], report: Callable[[str], None]
) -> Map:
    report("loading UMAP")
    umap = _import_umap()
    report("computing")
    neighbours = min(settings["neighbours"], len(codes) - 1)
    mapper = umap.UMAP(
        n_neighbors=neighbours,
        min_dist=settings["min_dist"],
        n_epochs=settings["epochs"],
        random_state=settings["seed"],
        n_jobs=1,
    )
    positions = np.asarray(mapper.fit_transform(codes), np.float32)
    told = {**settings, "neighbours": neighbours, "version": umap.__version__}
    return Map("umap-learn", positions, told)


def _fit_pca(
    codes: NDArray[np.float32], settings: Mapping[str, Any], report: Callable[[str], None]
) -> Map:
    del settings
    report("computing")
    return pca_map(codes)


Fit = Callable[[NDArray[np.float32], Mapping[str, Any], Callable[[str], None]], Map]

METHODS: Mapping[str, Fit] = {"umap-learn": _fit_umap, "pca": _fit_pca}
"""How each method is computed, from codes, settings and a callback that takes the stage."""


if __name__ == "__main__":
    sys.exit(main())
