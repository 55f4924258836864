"""Train a model: what on, what kind, how long; and how it is going."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vaeexplorer.data import Dataset
from vaeexplorer.drawing.numbers import written
from vaeexplorer.gui.session import Session
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.form import SettingsRows
from vaeexplorer.gui.widgets.messages import ProgressStrip
from vaeexplorer.gui.widgets.reconstructions import COLUMNS
from vaeexplorer.gui.widgets.scroll_area import ScrollArea
from vaeexplorer.gui.widgets.slot_box import SlotBox
from vaeexplorer.gui.widgets.theme import GRID, SLOT_LETTERS
from vaeexplorer.gui.widgets.training_view import TrainingView
from vaeexplorer.run import Config, Measures, PairProgress, Progress, TrainingProgress

translate = QCoreApplication.translate

MAX_SEED = 999_999
FORM_WIDTH, EPOCHS_WIDTH, SEED_WIDTH = 312, 64, 56
LIVE_SIZE = 590, 64
"""What curves and pictures need at least."""
PAIR = ("ae", "vae")
"""Families that are trained together, for slots A and B."""


class TrainingPanel(QWidget):
    """A form on the left, learning curves in the middle, reconstructions on the right."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._families: Mapping[str, object] = {}
        self._pairs: dict[int, NDArray[np.uint8]] = {}
        self._said: dict[int, str] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID, GRID, GRID)
        row.setSpacing(2 * GRID)
        row.addWidget(self._side())
        row.addLayout(self._view(), 1)
        session.families_loaded.connect(self._offer_families)
        session.data_opened.connect(self._show_data)
        session.progressed.connect(self._show_progress)
        session.ended.connect(self._show_end)
        session.slots_changed.connect(self.slot.offer)
        session.activated.connect(self._suggest_slot)
        self.slot.offer(len(session.slots))
        self._suggest_slot(session.active)
        if session.families:
            self._offer_families(session.families)
        if session.dataset is not None:
            self._show_data(session.dataset)
        self._enable()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.settings.order_tabs()

    def _side(self) -> QWidget:
        side = QWidget(self)
        side.setFixedWidth(FORM_WIDTH)
        scroll, page = ScrollArea(takes_keys=False), QWidget()
        outer = QVBoxLayout(side)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll, 1)
        outer.addLayout(self._buttons())
        scroll.setWidget(page)
        self._fill_form(page)
        return side

    def _fill_form(self, page: QWidget) -> None:
        # A choice that gets its parent later costs ten times as much.
        self.data = QComboBox(page)
        self.data.setAccessibleName(translate("Training", "Data to train on"))
        for name in ("digits", "shapes"):
            self.data.addItem(name, name)
        self.data.activated.connect(self._open_data)
        self.family = QComboBox(page)
        self.family.setAccessibleName(translate("Training", "Family of the model"))
        self.family.currentIndexChanged.connect(self._show_family)
        self.slot = SlotBox(page)
        self.name = QLineEdit()
        self.name.setPlaceholderText(translate("Training", "automatic"))
        self.setFocusProxy(self.data)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(6)
        form = QFormLayout()
        column.addLayout(form)
        column.addStretch()
        form.setVerticalSpacing(6)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(translate("Training", "data"), self.data)
        form.addRow(translate("Training", "family"), self.family)
        self.settings = SettingsRows(form, form.rowCount())
        form.addRow(translate("Training", "epochs"), self._epochs_and_seed())
        form.addRow(translate("Training", "show in"), self.slot)
        form.addRow(translate("Training", "name"), self.name)
        self.settings.add_more()
        self.settings.behind = self.train_button, self.both_button, self.stop_button

    def _epochs_and_seed(self) -> QHBoxLayout:
        """Make one row of both, so that the whole form is seen beside the tabs of other panels."""
        self.epochs, self.seed = QSpinBox(), QSpinBox()
        self.epochs.setRange(1, 10_000)
        self.epochs.setValue(60)
        self.epochs.setMinimumWidth(EPOCHS_WIDTH)
        self.epochs.setAccessibleName(translate("Training", "Epochs"))
        self.seed.setRange(0, MAX_SEED)
        self.seed.setMinimumWidth(SEED_WIDTH)
        self.seed.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.seed.setToolTip(
            translate(
                "Training",
                "Where initial weights, the order of images and noise come from: the same seed "
                "trains the same model.",
            )
        )
        seed = QLabel(translate("Training", "seed"))
        seed.setBuddy(self.seed)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for part in (self.epochs, seed, self.seed):
            row.addWidget(part, 0 if part is seed else 1)
        return row

    def _buttons(self) -> QHBoxLayout:
        self.train_button = QPushButton(translate("Training", "Train"))
        self.train_button.setProperty("primary", True)
        self.train_button.clicked.connect(self.train)
        self.stop_button = QPushButton(translate("Training", "Stop"))
        self.stop_button.setToolTip(
            translate("Training", "End now: what has been learned is kept, shown and saved.")
        )
        self.stop_button.clicked.connect(self._stop)
        self.both_button = QPushButton(translate("Training", "AE + VAE"))
        self.both_button.clicked.connect(self.train_both)
        row = QHBoxLayout()
        row.addWidget(self.train_button, 1)
        row.addWidget(self.both_button)
        row.addWidget(self.stop_button)
        return row

    def _view(self) -> QVBoxLayout:
        self.strip = ProgressStrip(keeps_room=True)
        self.numbers = QLabel()
        self.numbers.setWordWrap(True)  # a line of five layers must not widen the window
        self.numbers.setProperty("muted", True)
        # May be cut off: what two models say must not decide how narrow the window can be.
        self.numbers.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._story = QLabel()
        self._story.setWordWrap(True)
        self._story.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._story.setProperty("muted", True)
        self._stack = QStackedWidget()
        self._stack.setMinimumSize(*LIVE_SIZE)  # it comes later: nothing is to move then
        self._stack.addWidget(self._story)
        turns().add(self, "live", self._add_live)
        column = QVBoxLayout()
        column.addWidget(self._stack, 1)
        column.addWidget(self.numbers)
        self.warning = QLabel()
        self.warning.setWordWrap(True)
        self.warning.setProperty("warning", True)
        self.warning.hide()
        column.addWidget(self.warning)
        column.addWidget(self.strip)
        return column

    def _add_live(self) -> None:
        """Make what shows how a training is going, unless it is there."""
        if self._stack.count() > 1:
            return
        live = TrainingView()
        self.curves, self.pictures = live.curves, live.pictures
        self._stack.addWidget(live)

    def _show_live(self) -> None:
        self._add_live()
        self._stack.setCurrentIndex(1)

    def _offer_families(self, families: Mapping[str, object]) -> None:
        self._families = families
        before = self.family.blockSignals(True)
        for key, family in families.items():
            self.family.addItem(family.title, key)
        self.family.setCurrentIndex(-1)
        self.family.blockSignals(before)
        self.family.setCurrentIndex(max(0, self.family.findData("vae")))
        self._enable()

    def _show_family(self) -> None:
        family = self._families.get(self.family.currentData())
        if family is not None:
            self.settings.set_config(family.config)
            self._offer_epochs(fitted=family.fit is not None)
            self._tell_story()

    def _offer_epochs(self, *, fitted: bool) -> None:
        self.epochs.setEnabled(not fitted)
        self.epochs.setToolTip(
            translate("Training", "This family is fitted at once: epochs do not matter.")
            if fitted
            else translate("Training", "How often the training goes through all images.")
        )

    def _tell_story(self) -> None:
        family = self._families.get(self.family.currentData())
        story = "" if family is None else f"{family.title}: {family.story}"
        hint = translate(
            "Training",
            "Press Train: learning curves and reconstructions of held-out images appear here "
            "while the model learns. When it ends its map replaces the one in the chosen slot.",
        )
        self._story.setText(f"{story}\n\n{hint}")

    def _suggest_slot(self, active: int) -> None:
        """Offer to fill the active slot where it is empty: nothing is replaced then."""
        if self._session.slots[active].exhibit is None:
            self.slot.setCurrentIndex(active)

    def _open_data(self, index: int) -> None:
        what = self.data.itemData(index)
        # Until it has been read, the form names what Train would take now.
        if self._session.dataset is not None:
            self._show_data(self._session.dataset)
        self._session.open_data(what)

    def _show_data(self, dataset: Dataset) -> None:
        what = dataset.source.path or dataset.source.kind
        index = self.data.findData(what)
        if index < 0:
            self.data.addItem(dataset.name, what)
            index = self.data.count() - 1
        self.data.setCurrentIndex(index)
        channels, height, width = dataset.shape
        self.data.setToolTip(
            translate("Training", "{n} images, {width} x {height}, {channels} channels").format(
                n=len(dataset), width=width, height=height, channels=channels
            )
        )
        self._enable()

    def train(self) -> None:
        """Start a training with what the form says."""
        if not self.train_button.isEnabled():
            return
        family = self.family.currentData()
        config = Config(
            family=family,
            model=self.settings.values(),
            epochs=self.epochs.value() if self.epochs.isEnabled() else 1,
            seed=self.seed.value(),
        )
        self._session.training.begin(config, self.name.text().strip(), self.slot.currentIndex())
        settings = self._families[family].config(**config.model)
        self._begin(config.epochs, settings.nats(self._session.dataset.shape))

    def train_both(self) -> None:
        """Train an AE and a VAE with what the form says, as far as each has such a setting."""
        if not self.both_button.isEnabled():
            return
        wanted = self.settings.values()
        configs, names = [], []
        for key in PAIR:
            family = self._families[key]
            model = {
                name: value
                for name, value in wanted.items()
                if name in family.config.__dataclass_fields__
            }
            configs.append(Config(key, model, self.epochs.value(), seed=self.seed.value()))
            given = self.name.text().strip()
            names.append(f"{given}, {family.title}" if given else "")
        self._session.training.begin_both(tuple(configs), tuple(names))
        self._begin(self.epochs.value(), "", models=2)

    def _begin(self, epochs: int, nats: str, models: int = 1) -> None:
        """Make room for what a training will report."""
        self._show_live()
        self.curves.start(epochs, models)
        self.pictures.show_pair(None)
        self._pairs, self._said = {}, {}
        self.numbers.setText("")
        self.numbers.setToolTip(nats)
        self._warn("")
        self.strip.show_progress(Progress(translate("Training", "Starting")))
        self._enable()

    def _stop(self) -> None:
        if self.stop_button.hasFocus():
            self.setFocus()
        self.stop_button.setEnabled(False)
        self._session.training.stop()

    def _enable(self) -> None:
        training = self._session.training.running
        verbs = self.train_button, self.both_button, self.stop_button
        has_keys = any(verb.hasFocus() for verb in verbs)
        ready = bool(self._families) and self._session.dataset is not None
        self.train_button.setEnabled(ready and not training)
        self.train_button.setToolTip(
            "" if ready else translate("Training", "Models and data are loading")
        )
        self.both_button.setEnabled(ready and not training and self.epochs.isEnabled())
        self.both_button.setToolTip(
            translate(
                "Training",
                "Train an AE and a VAE with this body and seed on the same batches, an epoch each "
                "in turn, and show them in slots A and B.",
            )
        )
        self.stop_button.setEnabled(training)
        if has_keys and not any(verb.hasFocus() for verb in verbs):
            # Qt gives the keys of what can no longer be pressed to what comes next: to a map's.
            (self.stop_button if training else self.train_button).setFocus()

    def _show_progress(self, job: str, progress: Progress) -> None:
        if job != "train":
            return
        self.strip.show_progress(progress)
        if isinstance(progress, PairProgress):
            self._show_part(progress.part, progress.model, paired=True)
        else:
            self._show_part(progress, 0, paired=False)

    def _show_part(self, progress: Progress, model: int, *, paired: bool) -> None:
        """Show how far one model is: the only one, or one of a pair."""
        self._warn(getattr(progress, "warning", self.warning.text()))
        if not isinstance(progress, TrainingProgress) or progress.snapshot is None:
            return
        self._show_live()
        history = progress.snapshot.history
        self.curves.show_history(history, model)
        if progress.reconstructions is not None:
            self._pairs[model] = progress.reconstructions
            self.pictures.show_pair(_joined(self._pairs) if paired else progress.reconstructions)
        remark = f"   {progress.remark}" if progress.remark else ""
        letter = f"{SLOT_LETTERS[model]}: " if paired else ""
        self._said[model] = letter + _numbers(history[-1].held_out or history[-1].train) + remark
        epoch = (
            translate("Training", "solid: held-out, dashed: training.   Epoch {epoch}:")
            if paired
            else translate(
                "Training",
                "solid: held-out images, dashed: training.   Epoch {epoch}, held-out images:",
            )
        ).format(epoch=progress.epoch)
        self.numbers.setText(f"{epoch}  {'      '.join(self._said.values())}")

    def _warn(self, sentence: str) -> None:
        self.warning.setText(sentence)
        self.warning.setVisible(bool(sentence))

    def _show_end(self, job: str) -> None:
        if job == "train":
            self.strip.hide()
            if not self.numbers.text():  # it was stopped, or failed, before there were curves
                self._stack.setCurrentIndex(0)
            self._enable()


def _numbers(last: Measures) -> str:
    """Return what was measured last, in words."""
    parts = [translate("Training", "distortion {value}").format(value=written(last.distortion, 1))]
    if last.rate is not None and last.elbo is not None:
        parts.append(translate("Training", "rate {value}").format(value=written(last.rate, 1)))
        parts.append(
            translate("Training", "\N{MINUS SIGN}ELBO {value} nats").format(
                value=written(-last.elbo, 1)
            )
        )
    return "   ".join(parts)


def _joined(pairs: Mapping[int, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return the first four images of each model: a row of A above a row of B."""
    return np.concatenate([pairs[model][:, :COLUMNS] for model in sorted(pairs)], axis=1)
