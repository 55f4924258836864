"""A small plot in the colours of the theme. Imported late: pyqtgraph takes a third of a second."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QShowEvent

from vaeexplorer.drawing.numbers import typeset
from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.theme import colours

AXIS_WIDTH = 52
TITLE_HEIGHT = 30

pg.setConfigOptions(antialias=True)


class Plot(pg.GraphicsView):
    """Axes, a title, and nothing that reacts to the mouse. Whoever makes one says how to `_draw`.

    It has those parts of pyqtgraph that are seen: a PlotWidget has menus and a form, too, and takes
    five times as long to make. They are made and drawn in turns of their own (gui/turns.py), once
    somebody sees the plot.
    """

    _stale = _waits = False
    _dressed: tuple[object, ...] = ()
    box: pg.ViewBox | None = None

    def __init__(
        self, title: str, across: str = "", up: str = "", *, logarithmic: bool = False
    ) -> None:
        super().__init__()
        self._title = title
        self._labels = {"bottom": across, "left": up}
        self._logarithmic = logarithmic
        self._axes: dict[str, pg.AxisItem] = {}
        self._items: list[pg.GraphicsObject] = []
        self.setAccessibleName(title)
        for part in (self, self.viewport()):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys would do nothing here
        self.setMinimumWidth(150)
        self.setBackground(colours().surface)
        self.redraw()

    def sizeHint(self) -> QSize:
        # That of its scene would change once there is something in it.
        return QSize(256, 192)

    # --- when ---------------------------------------------------------------------------------

    @property
    def up_to_date(self) -> bool:
        """Whether it shows what it was last given."""
        return not (self._stale or turns().busy(self))

    def redraw(self) -> None:
        """Draw anew soon: as soon as it is seen, and it is its turn."""
        self._stale = True
        if self.isVisible():
            turns().add(self, "draw", self._take_turn)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.box is not None and self.isVisible():
            self._waits = True  # all plots of a panel are resized at once
            turns().add(self, "paint", self._paint_now)

    def _paint_now(self) -> None:
        self._waits = False
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._waits:
            QPainter(self.viewport()).fillRect(event.rect(), QColor(colours().surface))
        else:
            super().paintEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # pyqtgraph sets a palette of its own while it is being made.
        if event.type() == QEvent.Type.PaletteChange and self.box is not None:
            self.redraw()

    def _take_turn(self) -> None:
        if not self.isVisible():
            return
        if self.box is None:
            self._make()
            self.redraw()
            return
        self._stale = False
        self._dress()
        self._draw()
        for axis in self._axes.values():
            axis.setVisible(bool(self._items))  # numbers beside nothing mean nothing

    # --- what ---------------------------------------------------------------------------------

    def _make(self) -> None:
        """Make what every plot has."""
        grid = self.centralLayout
        self.box = pg.ViewBox(enableMouse=False, enableMenu=False)
        grid.setSpacing(0)
        grid.setContentsMargins(1, 1, 1, 1)
        self._head = pg.LabelItem()
        self._head.setMaximumHeight(TITLE_HEIGHT)
        grid.setRowFixedHeight(0, TITLE_HEIGHT)
        # Over the whole plot: over the axes alone a title of three words has no room.
        self._place(self._head, 0, 0, columns=2)
        self._place(self.box, 1, 1)
        grid.setRowStretchFactor(1, 100)
        grid.setColumnStretchFactor(1, 100)
        for side, place in (("left", (1, 0)), ("bottom", (2, 1))):
            axis = self._axes[side] = _Axis(side)
            axis.enableAutoSIPrefix(False)
            # Minor ticks take most of the time that drawing an axis takes.
            axis.setStyle(maxTickLevel=0)
            axis.linkToView(self.box)
            axis.hide()  # until something is drawn
            if self._labels[side]:
                axis.setLabel(self._labels[side])
            self._place(axis, *place)
        # Axes that grow with their numbers would move the plot under the eyes.
        self._axes["left"].setWidth(AXIS_WIDTH)
        self._axes["bottom"].setLogMode(self._logarithmic)

    def _place(self, part: pg.GraphicsWidget, row: int, column: int, columns: int = 1) -> None:
        """Put a part into the layout, and say to Python, too, whose it is from now on."""
        part.setParentItem(self.centralWidget)
        self.centralLayout.addItem(part, row, column, 1, columns)

    def _dress(self) -> None:
        """Take over the colours of the theme, and the title.

        Only if they are others: title and axes are laid out anew by it, even by what they have.
        """
        theme = colours()
        if self._dressed == (theme, self._title):
            return
        self._dressed = theme, self._title
        self.setBackground(theme.surface)
        self._head.setText(self._title, color=theme.text, size="9pt")
        for axis in self._axes.values():
            axis.setPen(theme.border)
            axis.setTextPen(theme.muted)

    def set_title(self, title: str) -> None:
        """Let it be called `title`, from the next drawing on."""
        self._title = title
        self.setAccessibleName(title)

    def name_axes(self, across: str, up: str) -> None:
        """Let the axes be called so, from the next drawing on."""
        self._labels = {"bottom": across, "left": up}
        for side, axis in self._axes.items():
            axis.setLabel(self._labels[side])

    def add(self, item: pg.GraphicsObject, *, ranged: bool = True) -> None:
        """Draw `item`; unless it is `ranged`, axes that find their ranges leave it out."""
        assert self.box is not None
        self.box.addItem(item, not ranged)
        self._items.append(item)

    def clear(self) -> None:
        """Take away all that `add` has brought."""
        assert self.box is not None
        while self._items:
            self.box.removeItem(self._items.pop())

    def _draw(self) -> None:
        """Draw what it was last given, with `box` and `add`."""
        raise NotImplementedError


class _Axis(pg.AxisItem):
    """An axis whose numbers look as they do elsewhere in the window."""

    def tickStrings(  # noqa: N802
        self, values: list[float], scale: float, spacing: float
    ) -> list[str]:
        return [typeset(tick) for tick in super().tickStrings(values, scale, spacing)]

    def logTickStrings(  # noqa: N802
        self, values: list[float], scale: float, spacing: float
    ) -> list[str]:
        # Those of pyqtgraph are 1, 10¹, 10².
        return [f"{10 ** (value * scale):,g}" for value in values]
