"""Finding: an image by its number, or all images of a label by its name."""

from __future__ import annotations

import re

import numpy as np
from PySide6.QtCore import QCoreApplication, QObject

from vaeexplorer.gui.session.selecting import Selecting
from vaeexplorer.latent.selection import Selection
from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate

NAMED_LABELS = 12
"""Labels that a sentence names before it breaks off."""


class Finding(QObject):
    """Looks for images and brings them into view; what is not found is said in one sentence."""

    def __init__(self, session: Selecting) -> None:
        super().__init__(session)
        self._session = session

    def find(self, text: str) -> None:
        """Hold the image "#123" or "123", or select all of "label 7" or of a label's name."""
        if not text.strip():
            return
        slot = self._session.looked_at()
        exhibit = None if slot is None else self._session.slots[slot].exhibit
        if slot is None or exhibit is None:
            self._session.failed.emit(
                translate(
                    "Session", "There is no map to search: train a model or open a run first."
                )
            )
            return
        number = re.fullmatch(r"\s*#?\s*([0-9]{1,18})\s*", text)
        label = None if number else _label_called(text, exhibit.label_names)
        if number:
            self.find_image(slot, int(number[1]))
        elif label is None:
            self._session.failed.emit(_not_found(text, exhibit))
        else:
            if label in self._session.hidden_labels:
                self._session.hide_labels(self._session.hidden_labels - {label})
            self._session.select_label(label)

    def find_image(self, slot: int, index: int) -> None:
        """Hold image `index` of `slot`, here and where it is linked, and bring it into view."""
        exhibit = self._session.slots[slot].exhibit
        if exhibit is None:
            return
        source = exhibit.source
        if not 0 <= index < source.n:
            self._session.failed.emit(
                translate(
                    "Session", "There is no image #{index}: the images are #0 to #{last}."
                ).format(index=index, last=source.n - 1)
            )
        elif self._session.slots[slot].lift is None:
            self._session.failed.emit(
                translate("Session", "The map is still being made: search again in a moment.")
            )
        else:
            self._session.probe_image(slot, index)
            self._session.hold()
            self._session.framed.emit(Selection(source.fingerprint, source.n, np.array([index])))
            if self._session.hides(slot, index):
                self._session.failed.emit(
                    translate(
                        "Session", "Image #{index} has the label {label}, which is hidden."
                    ).format(index=index, label=exhibit.label_names[int(exhibit.labels[index])])
                )


def _label_called(text: str, names: tuple[str, ...]) -> int | None:
    """Index of the label that `text` names, with or without the word "label" before it."""
    plain = [name.casefold() for name in names]
    wanted = text.strip().casefold()
    for name in (wanted, re.sub(r"^label\s+", "", wanted)):
        if name in plain:
            return plain.index(name)
    return None


def _not_found(text: str, exhibit: Exhibit) -> str:
    if exhibit.labels is None:
        return translate(
            "Session", "These images have no labels: search for an image by its number, as #{last}."
        ).format(last=exhibit.source.n - 1)
    names = list(exhibit.label_names[:NAMED_LABELS])
    if len(exhibit.label_names) > NAMED_LABELS:
        names.append("...")
    return translate(
        "Session",
        'Nothing is called "{text}": search for an image by its number, or for one of '
        "the labels {names}.",
    ).format(text=text.strip(), names=", ".join(names))
