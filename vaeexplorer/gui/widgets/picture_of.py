"""A widget as a picture file: what is on the screen, as PNG or as SVG."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtWidgets import QWidget


def picture_of(widget: QWidget, suffix: str) -> bytes:
    """Return `widget` as it stands on the screen, as a file of the kind that `suffix` names.

    ".svg" gives lines and text as such, whatever the widget draws from pixels stays pixels; any
    other suffix gives a PNG.
    """
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if suffix.lower() == ".svg":
        _render_svg(widget, buffer)
    else:
        widget.grab().save(buffer, "PNG")
    buffer.close()
    return content.data()


def is_seen(widget: QWidget) -> bool:
    """Whether any of it is on the screen: to Qt docks behind others are visible, too."""
    return not widget.visibleRegion().isEmpty()


def with_suffix(path: str) -> Path:
    """Return `path`, as a PNG where it names no kind of picture."""
    target = Path(path)
    known = target.suffix.lower() in (".png", ".svg")
    return target if known else target.with_name(target.name + ".png")


def _render_svg(widget: QWidget, buffer: QBuffer) -> None:
    from PySide6.QtSvg import QSvgGenerator  # late: nothing else needs it

    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(widget.size())
    generator.setViewBox(widget.rect())
    # As on the screen: at the usual 72 dots per inch texts are smaller than their room.
    generator.setResolution(widget.logicalDpiX())
    generator.setTitle(widget.accessibleName() or widget.windowTitle())
    widget.render(generator)
