"""What the legend of each overlay says: entries, scale, and the definitions in its tooltip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from vaeexplorer.drawing.overlay_colours import DISTANCES, LESS, MORE, SPAN
from vaeexplorer.gui.widgets.map_draws import draw_near
from vaeexplorer.gui.widgets.map_ellipses import draw_outline
from vaeexplorer.gui.widgets.map_holes import (
    cross_lines,
    empty_colour,
    empty_tint,
    hole_near,
    unmapped_brush,
)
from vaeexplorer.gui.widgets.overlay_key import Entry, Key, Scale
from vaeexplorer.gui.widgets.overlay_layer import Overlay, middle
from vaeexplorer.gui.widgets.theme import colours
from vaeexplorer.jobs.draws import Draws, NoDraws
from vaeexplorer.jobs.ellipses import Ellipses, NoEllipses
from vaeexplorer.jobs.holes import Holes
from vaeexplorer.jobs.overlays import DecodeGrid

translate = QCoreApplication.translate

WIDE, NARROW = 1.5, 1 / 64
"""From so many times the map on, ellipses lie outside of what is seen; below, under their dots."""


def key_of(overlay: Overlay) -> Key:
    """Return the legend of `overlay`."""
    if isinstance(overlay, DecodeGrid):
        return Key(
            (Entry(translate("Overlay", "decodes of these places; faint: no data near")),),
            translate(
                "Overlay",
                "Each picture is what the model decodes at the place in its middle. Where no dot "
                "is near, the code of the place is a guess.",
            ),
        )
    if isinstance(overlay, Draws):
        return _draws_key(overlay)
    if isinstance(overlay, NoDraws):
        return _no_draws_key()
    if isinstance(overlay, Holes):
        return _holes_key(overlay)
    if isinstance(overlay, Ellipses):
        return _ellipses_key(overlay)
    if isinstance(overlay, NoEllipses):
        return _no_ellipses_key(overlay)
    words = translate(
        "Overlay", "change of the picture per standard deviation of z, median {median}"
    ).format(
        median=f"{overlay.median:.2f}"
        if overlay.median >= 0.01
        else translate("Overlay", "under 0.01")
    )
    tip = translate(
        "Overlay",
        "Root of the sum over pixels (in [0, 1]) of the squared change, for a step of one standard "
        "deviation of the codes. The scale is logarithmic and the same for all maps of these "
        "images: no colour is the mean of their medians, collapsed models left out.",
    )
    ends = (overlay.reference / SPAN, overlay.reference * SPAN)
    return Key((Entry(words),), tip, Scale((LESS, middle(), MORE), *(f"{end:.2g}" for end in ends)))


def told_at(overlay: Overlay | None, place: NDArray[np.float64], reach: float) -> str:
    """Return what there is to say of the draw within `reach` of `place`; empty: there is none."""
    if isinstance(overlay, Draws):
        number = draw_near(overlay, place, reach)
        if number is None:
            return ""
        rank = int((overlay.distances > overlay.distances[number]).sum()) + 1
        return translate(
            "Overlay",
            "Draw from the {law}: {distance:.2f} from the nearest real image, number {rank} of {n} "
            "(reconstructions: {real:.2f}). Click to put the probe there.",
        ).format(
            law=overlay.law,
            distance=overlay.distances[number],
            rank=rank,
            n=len(overlay.distances),
            real=overlay.real,
        )
    if isinstance(overlay, Holes):
        number = hole_near(overlay, place, reach)
        if number is None:
            return ""
        return translate(
            "Overlay",
            "Draw from the {law}: {times:.2f} times as far from every posterior as 99 % of what "
            "those of held-out images give. Click to put the probe there.",
        ).format(law=overlay.emptied.law, times=overlay.emptied.distances[number])
    return ""


def _draws_key(draws: Draws) -> Key:
    words = translate(
        "Overlay",
        "distance of {n} draws ({law}) to data; reconstructions {real:.1f}",
    ).format(n=len(draws.distances), law=draws.law, real=draws.real)
    tip = translate(
        "Overlay",
        "Codes drawn from the law that is chosen in Samples (Ctrl+D), each at the place of its "
        "nearest codes. Distance: root of the sum over pixels (in [0, 1]) of the squared "
        "difference between what the draw decodes to and the real image nearest to that; the same "
        "scale for all maps of these images. Ringed: the ten farthest. Click one to put the probe "
        "there.",
    )
    return Key((Entry(words),), tip, Scale(DISTANCES, "0", f"{draws.limit:.2g}"))


def _no_draws_key() -> Key:
    words = translate("Overlay", "draws --: this model has no codebook")
    tip = translate("Overlay", "Choose another law in Samples (Ctrl+D).")
    return Key((Entry(words),), tip)


def _holes_key(holes: Holes) -> Key:
    emptied = holes.emptied
    entries = [
        Entry(translate("Overlay", "far from every posterior"), _empty),
        Entry(
            translate("Overlay", "{share:.1f} % of the {law} lies in such holes").format(
                share=100 * emptied.share, law=emptied.law
            ),
            _mark,
        ),
    ]
    if holes.unmapped is not None:
        entries.insert(0, Entry(translate("Overlay", "no dot near: says nothing"), _unmapped))
    tip = translate(
        "Overlay",
        "Grey lines: empty on the map. No dot is near; maps tear where codes do not, so this says "
        "nothing about the model. On a map of two latent axes every place is a code.\n"
        "Colour: empty in latent space. The code of the place is farther from everything drawn "
        "from the posteriors of training images than 99 % of what is drawn from those of held-out "
        "images, in whitened active dimensions.\n"
        "Crosses: of 2,000 draws from the law that is chosen in Samples (Ctrl+D), those that are "
        "as far, each at the place of its nearest codes. About 1 % is unavoidable. Click one to "
        "put the probe there.",
    )
    return Key(tuple(entries), tip)


def _ellipses_key(shown: Ellipses) -> Key:
    count = len(shown.images)
    if shown.selected > count:
        which = translate("Overlay", "{count} of {n} selected posteriors").format(
            count=count, n=f"{shown.selected:,}"
        )
    elif shown.selected:
        which = translate("Overlay", "{count} selected posteriors").format(count=count)
    else:
        which = translate("Overlay", "{count} posteriors around").format(count=count)
    which += translate("Overlay", ", 1 and 2 standard deviations")
    overlap = "--" if shown.overlap is None else f"{shown.overlap:.2f}"
    told = translate("Overlay", "overlap {overlap}").format(overlap=overlap)
    if shown.reach > WIDE:
        told += translate("Overlay", "; {reach:.0f} times as wide as all dots").format(
            reach=shown.reach
        )
    elif shown.reach < NARROW:
        told += translate("Overlay", "; narrower than dots: zoom in")
    entries = (Entry(which, _ellipse), Entry(told))
    tip = translate(
        "Overlay",
        "Each ellipse is the posterior of one image as these axes show it. Of the selected images, "
        "else of those whose codes are nearest to what is held or hovered.\n"
        "Overlap: the Bhattacharyya coefficient, the integral of the root of the product of two "
        "densities, in all {size} latent dimensions; of each posterior with the one among all "
        "images that it overlaps with most, mean over those shown. 1: the same; 0: nothing in "
        "common, so that nothing holds the codes between them to anything.",
    ).format(size=shown.size)
    return Key(entries, tip)


def _no_ellipses_key(shown: NoEllipses) -> Key:
    if shown.why == "no posterior":
        words = translate("Overlay", "posteriors --: the codes of this model have no variance")
        tip = translate(
            "Overlay",
            "An autoencoder gives each image one code and says nothing of the codes around it.",
        )
    elif shown.why == "one dimension":
        words = translate("Overlay", "posteriors --: one latent dimension has no ellipses")
        tip = translate(
            "Overlay",
            "They are intervals of a line: Evidence (Ctrl+B) shows that of an image beside the "
            "true posterior, as p(z|x).",
        )
    else:
        words = translate("Overlay", "posteriors --: this map has no straight axes")
        tip = translate(
            "Overlay", "Choose PCA or two axes as the map: UMAP bends every ellipse away."
        )
    return Key((Entry(words),), tip)


def _ellipse(painter: QPainter, square: QRectF) -> None:
    draw_outline(painter, square.center(), square.width() / 4, QColor(colours().text))


def _empty(painter: QPainter, square: QRectF) -> None:
    painter.fillRect(square, empty_tint())


def _unmapped(painter: QPainter, square: QRectF) -> None:
    painter.fillRect(square, unmapped_brush(painter.device().devicePixelRatioF()))


def _mark(painter: QPainter, square: QRectF) -> None:
    painter.setPen(QPen(QColor(empty_colour()), 2))
    painter.drawLines(cross_lines(square.center()))
