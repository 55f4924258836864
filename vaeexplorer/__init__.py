"""vae-explorer: see whether the latent space of an autoencoder is continuous and complete.

`score` and `explore` are the door for scripts and notebooks: they take any Python object that
encodes and decodes. Importing this package imports nothing heavy: neither torch nor Qt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vaeexplorer.gui.exploring import Exploration

__version__ = "0.1.0"
__all__ = ["__version__", "explore", "score"]

MOST_SHOWN = 4


def score(
    images: Any, models: Mapping[str, Any], labels: Any = None, laws: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Score the latent spaces of models that were not trained here.

    Parameters
    ----------
    images
        numpy array or torch tensor, (n, height, width) or (n, channels, height, width): uint8, or
        floats in [0, 1], which are rounded to 256 levels. One image in six is held out, as for data
        without a split of its own.
    models
        By name, objects with `encode(x)`, which gives the mean, (batch, size), or the mean and the
        log variance; and `decode(z)`, which gives images. x are float32 tensors in [0, 1], (batch,
        channels, height, width), or numpy arrays for models that take those. An attribute
        `prior = "standard normal"` declares a prior; without one, a Gaussian is fitted.
    labels
        One whole number or text per image, or None. They change no score.
    laws
        Further laws that codes are drawn from, fitted to the codes of training images: "gaussian",
        "mixture:1" to "mixture:20". Completeness under each stands under
        ["completeness"]["others"], by what the law is called.

    Returns
    -------
    list of dict
        The objects of `vae-explorer score --json`, one per model; "family" and "folder" are None.

    Raises
    ------
    ValueError
        Something does not fit; the message is one sentence.
    """
    from vaeexplorer.jobs.external import score_models

    return score_models(images, models, labels, laws)


def explore(
    images: Any,
    labels: Any = None,
    models: Mapping[str, Any] | None = None,
    block: bool = True,
) -> Exploration | None:
    """Open the window on models that were not trained here, up to four side by side.

    Parameters
    ----------
    images, labels, models
        As for `score`.
    block
        True: return when the window is closed. False: return at once an object with `close()`,
        where an event loop runs, as in IPython after `%gui qt`.

    Raises
    ------
    ValueError
        Something does not fit; the message is one sentence.
    RuntimeError
        There is no display, or this is not the main thread.
    """
    import threading

    from vaeexplorer.cli import has_display
    from vaeexplorer.data.dataset import InputError

    if not has_display():
        raise RuntimeError("There is no display to open a window on; score() needs none.")
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("A window can be opened from the main thread only.")
    if models is not None and len(models) > MOST_SHOWN:
        raise InputError(f"Up to {MOST_SHOWN} models are shown side by side, not {len(models)}.")
    from vaeexplorer.jobs.external import exhibits_of

    exhibits = exhibits_of(images, models or {}, labels)
    from vaeexplorer.gui.exploring import Exploration  # after torch, which Windows wants first

    exploration = Exploration(exhibits)
    if not block:
        return exploration
    exploration.wait()
    return None
