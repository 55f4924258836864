"""Images that a script or a notebook hands over."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vaeexplorer.data.dataset import Dataset, InputError, Source, fingerprint

KIND = "images"
"""`Source.kind` of such images: they cannot be found again once the script has ended."""


def images_in_memory(images: Any, labels: Any = None, name: str = "images") -> Dataset:
    """Make a data set of arrays.

    Parameters
    ----------
    images
        numpy array or torch tensor, (n, height, width) or (n, channels, height, width): uint8, or
        floats in [0, 1], which are rounded to 256 levels.
    labels
        One whole number or text per image, or None.
    name
        What the window calls it.

    Raises
    ------
    InputError
        They are none of that; the message is one sentence.
    """
    pixels = _pixels(_array(images, "images"))
    indices, names = (None, ()) if labels is None else _labels(labels, len(pixels))
    _, channels, height, width = pixels.shape
    shape = channels, height, width
    source = Source(KIND, None, {}, len(pixels), shape, fingerprint(pixels))
    return Dataset(name, pixels, source, indices, names)


def _array(values: Any, what: str) -> NDArray[Any]:
    """Return `values`, which may be a tensor on any device, as an array."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InputError(f"The {what} must be one array, and they are not: {error}.") from error
    return array


def _pixels(images: NDArray[Any]) -> NDArray[np.uint8]:
    """uint8, (n, channels, height, width)."""
    if images.dtype == object:
        raise InputError("The images must be one array of numbers, not a list of objects.")
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim != 4 or 0 in images.shape:
        raise InputError(
            "The images must be of the shape (n, height, width) or (n, channels, height, width), "
            f"not {images.shape}."
        )
    if images.shape[1] not in (1, 3):
        raise InputError(
            f"The images have {images.shape[1]} channels, and 1 or 3 are shown: their shape must "
            "be (n, height, width) or (n, channels, height, width)."
        )
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    if not np.issubdtype(images.dtype, np.floating):
        raise InputError(f"The images must be uint8, or floats in [0, 1], not {images.dtype}.")
    lowest, highest = float(images.min()), float(images.max())
    if not (lowest >= 0 and highest <= 1):
        finite = np.isfinite(lowest) and np.isfinite(highest)
        found = f"from {lowest:.4g} to {highest:.4g}" if finite else "not all finite"
        raise InputError(f"Images of floats must be in [0, 1], and these are {found}.")
    return np.ascontiguousarray(np.rint(images * 255).astype(np.uint8))


def _labels(labels: Any, n: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Index of each image's label, and the names of the labels in their order."""
    array = _array(labels, "labels")
    if array.dtype == object and all(isinstance(label, str) for label in array.flat):
        array = array.astype(np.str_)  # as tables have their columns of texts
    if array.shape != (n,):
        raise InputError(f"There must be one label per image, ({n},), not {array.shape}.")
    if array.dtype.kind not in "iubUS":
        what = "a mixture of objects" if array.dtype == object else array.dtype
        raise InputError(f"The labels must be whole numbers or texts, not {what}.")
    names, indices = np.unique(array, return_inverse=True)
    return indices.astype(np.int64), tuple(str(name) for name in names.tolist())
