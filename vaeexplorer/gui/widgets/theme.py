"""Light and dark palettes, the few colours that widgets paint with, and the text sizes."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from vaeexplorer.drawing.palette import SLOT_LETTERS as SLOT_LETTERS

GRID = 8
"""Spacing unit of all layouts, in pixels."""

FRAMED = ("QCheckBox", "QRadioButton", "QLineEdit", "QAbstractSpinBox")
DARKENED = 140
"""Fusion draws the frames of these in the colour of windows, darker by this (percent)."""

FRAME = "#646d7d"
"""What their frames are on dark: darker than its windows they were not to be seen."""


@dataclass(frozen=True)
class Colours:
    """One theme: surfaces from back to front, text, lines and the accent, as #rrggbb."""

    window: str
    surface: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    accent_text: str
    warning: str


LIGHT = Colours(
    window="#f3f4f6",
    surface="#ffffff",
    raised="#e9ebef",
    border="#d3d7de",
    text="#1b1f27",
    muted="#5a6373",
    accent="#1f6fb8",
    accent_text="#ffffff",
    warning="#9a4a00",
)
DARK = Colours(
    window="#1a1d23",
    surface="#12151a",
    raised="#262b34",
    border="#363d49",
    text="#e7eaf0",
    muted="#9ba5b5",
    accent="#5aa9ea",
    accent_text="#0c1016",
    warning="#f0a45c",
)


def is_dark() -> bool:
    """Whether the application's palette is a dark one."""
    return QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128


def colours() -> Colours:
    """Colours of the theme in force."""
    return DARK if is_dark() else LIGHT


def apply_theme(app: QApplication, choice: str) -> None:
    """Give `app` the "light" or the "dark" theme, or with "system" the one the system asks for."""
    if choice == "system":
        scheme = app.styleHints().colorScheme()
        choice = "dark" if scheme == Qt.ColorScheme.Dark else "light"
    theme = DARK if choice == "dark" else LIGHT
    # All widgets are polished in a third of the time that it takes from one style sheet to another.
    app.setStyleSheet("")
    app.setPalette(_palette(theme))
    if theme is DARK:
        for kind in FRAMED:
            app.setPalette(_framed_palette(), kind)
    app.setStyleSheet(_style_sheet(theme))


def _framed_palette() -> QPalette:
    """Return the dark palette with windows so light that frames, which Fusion darkens, are seen."""
    palette = _palette(DARK)
    palette.setColor(QPalette.ColorRole.Window, QColor(FRAME).lighter(DARKENED))
    return palette


def _palette(theme: Colours) -> QPalette:
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, name in (
        (roles.Window, theme.window),
        (roles.Base, theme.surface),
        (roles.AlternateBase, theme.window),
        (roles.Button, theme.raised),
        (roles.Mid, theme.border),
        (roles.Dark, theme.border),
        (roles.Light, theme.raised),
        (roles.Midlight, theme.raised),
        (roles.Shadow, theme.border),
        (roles.WindowText, theme.text),
        (roles.Text, theme.text),
        (roles.ButtonText, theme.text),
        (roles.BrightText, theme.text),
        (roles.PlaceholderText, theme.muted),
        (roles.ToolTipBase, theme.raised),
        (roles.ToolTipText, theme.text),
        (roles.Highlight, theme.accent),
        (roles.HighlightedText, theme.accent_text),
        (roles.Link, theme.accent),
        (roles.Accent, theme.accent),
    ):
        palette.setColor(role, QColor(name))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        faded = QColor(theme.muted)
        faded.setAlpha(140)
        palette.setColor(QPalette.ColorGroup.Disabled, role, faded)
    for role in (roles.Highlight, roles.Accent):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.border))
    return palette


def _style_sheet(theme: Colours) -> str:
    return f"""
    QToolTip {{ color: {theme.text}; background: {theme.raised}; border: 1px solid {theme.border};
        padding: 4px; }}
    QMainWindow::separator {{ background: {theme.border}; width: 1px; height: 1px; }}
    QToolBar {{ border: 0; border-bottom: 1px solid {theme.border}; padding: 4px 8px;
        spacing: 8px; }}
    QStatusBar {{ border-top: 1px solid {theme.border}; color: {theme.muted}; }}
    QStatusBar::item {{ border: 0; }}
    QDockWidget {{ font-weight: 600; }}
    QDockWidget::title {{ padding: 6px 8px; background: {theme.window};
        border-bottom: 1px solid {theme.border}; }}
    QPushButton, QToolBar QToolButton {{ padding: 4px 12px; border: 1px solid {theme.border};
        border-radius: 4px; background: {theme.surface}; }}
    QPushButton:hover, QToolBar QToolButton:hover {{ border-color: {theme.accent}; }}
    QPushButton:focus, QToolBar QToolButton:focus {{ border: 1px solid {theme.accent}; }}
    QPushButton:pressed, QPushButton:checked, QToolBar QToolButton:pressed,
        QToolBar QToolButton:checked {{ background: {theme.raised}; }}
    QPushButton:checked {{ border-color: {theme.accent}; }}
    QPushButton:disabled {{ color: {theme.muted}; background: {theme.window}; }}
    QPushButton[primary="true"] {{ background: {theme.accent}; color: {theme.accent_text};
        border-color: {theme.accent}; font-weight: 600; }}
    QPushButton[primary="true"]:focus {{ border: 2px solid {theme.text}; }}
    QPushButton[primary="true"]:disabled {{ background: {theme.raised}; color: {theme.muted};
        border-color: {theme.border}; }}
    QToolBar QToolButton[mode] {{ padding: 4px 7px; border-radius: 0; }}
    QToolBar QToolButton[mode="later"] {{ border-left: 0; }}
    QToolBar QToolButton[mode]:checked {{ border: 1px solid {theme.accent};
        background: {theme.raised}; }}
    QLineEdit[search="true"] {{ padding: 4px 8px; border: 1px solid {theme.border};
        border-radius: 4px; background: {theme.surface}; }}
    QLineEdit[search="true"]:focus {{ border-color: {theme.accent}; }}
    QToolButton[chip="true"] {{ border: 1px solid transparent; border-radius: 4px;
        padding: 2px 3px; background: transparent; color: {theme.text}; }}
    QToolButton[chip="true"][hides="true"] {{ color: {theme.muted}; }}
    QToolButton[chip="true"]:hover, QToolButton[chip="true"]:focus {{
        border-color: {theme.accent}; }}
    QToolButton[choice="true"] {{ border: 1px solid {theme.border}; border-radius: 4px;
        padding: 3px 10px; background: {theme.surface}; }}
    QToolButton[choice="true"]:checked {{ background: {theme.accent};
        color: {theme.accent_text}; border-color: {theme.accent}; font-weight: 600; }}
    QToolButton[choice="true"]:focus {{ border-color: {theme.accent}; }}
    QToolButton[choice="true"]:checked:focus, QToolBar QToolButton[mode]:checked:focus {{
        border-color: {theme.text}; }}
    QProgressBar {{ border: 0; border-radius: 3px; background: {theme.raised}; height: 6px;
        max-height: 6px; }}
    QProgressBar::chunk {{ background: {theme.accent}; border-radius: 3px; }}
    QTabBar::tab {{ padding: 6px 14px; border: 0; border-top: 2px solid transparent;
        color: {theme.muted}; background: transparent; }}
    QTabBar::tab:hover {{ color: {theme.text}; }}
    QTabBar::tab:selected {{ color: {theme.text}; border-top-color: {theme.accent};
        background: {theme.surface}; }}
    QTabBar::tab:selected:focus {{ color: {theme.accent}; background: {theme.raised}; }}
    QTreeView::item {{ padding: 3px 4px; }}
    QHeaderView::section {{ padding: 3px 7px; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QLabel[muted="true"] {{ color: {theme.muted}; }}
    QLabel[warning="true"] {{ color: {theme.warning}; }}
    QLabel[heading="true"] {{ font-weight: 600; }}
    QLabel[hint="true"] {{ color: {theme.text}; background: {theme.raised};
        border: 1px solid {theme.border}; border-radius: 4px; padding: 4px 12px; }}
    """


def tabular(font: QFont) -> QFont:
    """Return a copy of `font` whose digits all have one width, where it has such digits."""
    font = QFont(font)
    if hasattr(font, "setFeature"):
        font.setFeature(QFont.Tag("tnum"), 1)
    return font
