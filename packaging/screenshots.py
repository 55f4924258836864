"""Take the pictures of the window that the README shows.

    python packaging/screenshots.py [--out FOLDER]

Opens the real window without a screen, 1440x900, in light and in dark: with a held dot and the
cursor between two kinds of images, after a short training, and with the scorecard under the overlay
of local stretch. Takes a few minutes.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QBuffer, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

ROOT = Path(__file__).resolve().parents[1]
# How a window is opened, waited for and known to have decoded is written once, for benchmarks too.
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

from workbench import decoded, open_window, settle, wait  # noqa: E402

from vaeexplorer.gui.session import Session  # noqa: E402
from vaeexplorer.gui.window import Window  # noqa: E402

THEMES = ("light", "dark")
MOST_BYTES = 200_000
HELD, BEYOND = 159, 358
"""A 9, which is held, and a 5: the cursor is halfway between them on the map of the VAE."""
EPOCHS = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    too_large = []
    for name, scene in (("explore", hold_and_hover), ("train", train), ("compare", compare)):
        for theme in THEMES:
            with open_window(theme=theme) as (app, session, window):
                scene(app, session, window)
                settle(app, session)
                wait(app, lambda s=session: all(state.no_data for state in s.slots))
                path = out / f"{name}-{theme}.png"
                save(window, path)
                size = path.stat().st_size
                print(f"{path}: {size:,} bytes")
                if size > MOST_BYTES:
                    too_large.append(path.name)
    if too_large:
        print(f"More than {MOST_BYTES:,} bytes: {', '.join(too_large)}.", file=sys.stderr)
    return int(bool(too_large))


def hold_and_hover(app: QApplication, session: Session, window: Window) -> None:
    """Hold a dot of the VAE's map, then move the cursor halfway to a dot of another kind."""
    view = window.maps[1].view
    held, beyond = session.slots[1].lift.positions[[HELD, BEYOND]]
    hover(app, session, window, held)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.to_pixel(held).toPoint())
    hover(app, session, window, (held + beyond) / 2)


def train(app: QApplication, session: Session, window: Window) -> None:
    """Train a VAE with the panel open, wait for its map, and move the cursor to a dot."""
    window.show_panel("training")
    panel = window.docks["training"].widget()
    button = panel.train_button
    wait(app, lambda: button.isVisible() and button.isEnabled())
    before = session.slots[1].exhibit
    panel.epochs.setValue(EPOCHS)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    wait(app, lambda: session.slots[1].exhibit.run.created != before.run.created)
    # PCA comes with the run; what comes after it is the map to show.
    slot = session.slots[1]
    wait(app, lambda: len(slot.exhibit.maps["z"]) > 1 and slot.lift is not None)
    hover(app, session, window, slot.lift.positions[HELD])


def compare(app: QApplication, session: Session, window: Window) -> None:
    """Lay the local stretch over both maps, and show all scores below them."""
    window.show_panel("scorecard")
    session.overlays.choose("stretch")
    wait(app, lambda: all(panel.view.overlay.shown is not None for panel in window.maps))
    lanes = (session.lanes.overlay, session.lanes.map)
    wait(app, lambda: len(session.scores.by_slot) == 2 and not any(lane.busy for lane in lanes))


def hover(app: QApplication, session: Session, window: Window, place: NDArray[np.floating]) -> None:
    """Move the cursor to `place`, (2,), of the map of slot B, and wait for what it decodes."""
    view = window.maps[1].view

    def arrived() -> bool:
        probe = session.slots[1].probe
        if probe and np.linalg.norm(probe.position - place) < 2 * view.snap_distance:
            return decoded(session, window)
        # Again and again, from beside it: a map that glides to its new places takes no notice of a
        # mouse, and Qt none of one that is where it was, be it in the window before this one.
        pixel = view.to_pixel(place).toPoint()
        QTest.mouseMove(view, pixel + QPoint(4, 0))
        QTest.mouseMove(view, pixel)
        return False

    wait(app, arrived)


def save(window: Window, path: Path) -> None:
    """Save a picture of `window` in 256 colours: a third of the bytes, and the eye sees none."""
    buffer = QBuffer()
    window.grab().save(buffer, "PNG")
    picture = Image.open(io.BytesIO(bytes(buffer.data()))).convert("RGB")
    few = picture.quantize(256, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
