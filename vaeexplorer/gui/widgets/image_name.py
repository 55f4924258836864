"""What an image is called: its number, and its label where it has one."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from vaeexplorer.run import Exhibit

translate = QCoreApplication.translate


def image_name(exhibit: Exhibit, index: int, *, in_sentence: bool = False) -> str:
    """Return "#12, label 7" for image `index` of `exhibit`, "#12" without labels.

    `in_sentence` gives "#12 (label 7)", for words that have commas of their own.
    """
    if exhibit.labels is None or index >= len(exhibit.labels):
        return f"#{index}"
    label = exhibit.label_names[int(exhibit.labels[index])]
    text = (
        translate("ImageName", "#{index} (label {label})")
        if in_sentence
        else translate("ImageName", "#{index}, label {label}")
    )
    return text.format(index=index, label=label)
