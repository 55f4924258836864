"""From a map on the screen to the clipboard, or to a file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QCoreApplication, QIODevice
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QFileDialog

from vaeexplorer.drawing.map_files import DrawnMap
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.widgets.theme import colours

if TYPE_CHECKING:
    from vaeexplorer.gui.panels.map import MapPanel
    from vaeexplorer.gui.window import Window

translate = QCoreApplication.translate


def export_map(window: Window, session: Session) -> None:
    """Ask for a file and write the map that is looked at there."""
    slot = session.looked_at()
    if slot is None:
        session.failed.emit(_nothing())
        return
    name = session.slots[slot].exhibit.name
    target, _ = QFileDialog.getSaveFileName(
        window,
        translate("Map", "Export the map: a picture, circles, or a table of positions"),
        translate("Map", "map of {name}.png").format(name=name.replace("/", "-")),
        translate("Map", "Picture (*.png);;Circles (*.svg);;Table of positions (*.csv)"),
    )
    if target:
        panel = window.maps[slot]
        png = partial(_png, picture(panel))
        session.map_files.write(slot, Path(target), drawn_map(panel, name), png)


def copy_map(window: Window, session: Session) -> None:
    """Put the map that is looked at on the clipboard, as a picture."""
    slot = session.looked_at()
    if slot is None:
        session.failed.emit(_nothing())
    else:
        QGuiApplication.clipboard().setImage(picture(window.maps[slot]))


def _nothing() -> str:
    return translate("Map", "There is no map yet: train a model or open a run first.")


def picture(panel: MapPanel) -> QImage:
    """Return the map of `panel` with its keys, as it is on the screen."""
    shown = (panel.view, panel.overlay_key, panel.key)
    parts = [widget for widget in shown if not widget.isHidden() and widget.height() > 0]
    ratio = panel.devicePixelRatioF()
    height = sum(part.height() for part in parts)
    image = QImage(
        round(panel.view.width() * ratio), round(height * ratio), QImage.Format.Format_RGB32
    )
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(colours().window))
    painter = QPainter(image)
    top = 0
    for part in parts:
        painter.drawPixmap(0, top, part.grab())
        top += part.height()
    painter.end()
    return image


def drawn_map(panel: MapPanel, title: str) -> DrawnMap:
    """Return what `panel` shows, called `title`, for files that are no pictures."""
    dots = panel.view.dots
    panel.view.grab()  # the view may not have been painted yet
    return DrawnMap(
        title=title,
        positions=dots.positions,
        colours=dots.dot_colours,
        shown=dots.visible,
        standing_out=dots.standing_out,
        frame=dots.frame,
        ink=colours().text,
        legend=panel.key.entries(),
        bar=panel.key.scale(),
    )


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return buffer.data().data()
