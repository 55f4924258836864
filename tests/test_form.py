"""The form that is made from a family's config: every setting has an editor, a label, a tooltip."""

from dataclasses import dataclass, fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPushButton, QWidget

from vaeexplorer.gui.turns import turns
from vaeexplorer.gui.widgets.form import SettingsRows, write_editor
from vaeexplorer.models import FAMILIES, settings
from vaeexplorer.models.base import SettingError
from vaeexplorer.models.options import check_settings, setting

MORE = ["body", "hidden widths", "likelihood", "variance", "grey levels", "binarise"]


@pytest.fixture
def page(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    return page


@pytest.fixture
def rows(page):
    form = QFormLayout(page)
    form.addRow("before", QWidget())
    made = SettingsRows(form, form.rowCount())
    form.addRow("after", QWidget())
    made.add_more()
    return made


def labels(page):
    """Labels of the visible rows, from top to bottom; the button's row has none."""
    form = page.layout()
    shown = [row for row in range(form.rowCount()) if form.isRowVisible(row)]
    found = [form.itemAt(row, QFormLayout.ItemRole.LabelRole) for row in shown]
    return [item.widget().text() if item else "" for item in found]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_setting_has_an_editor_that_starts_at_its_default(rows, family):
    config = FAMILIES[family].config
    rows.set_config(config)
    assert settings(family, rows.values()) == config()
    for about in fields(config):
        editor = rows.editor(about.name)
        assert editor.toolTip() == about.metadata["description"]
        assert editor.accessibleName() == about.metadata["label"]


@pytest.mark.parametrize("first", [None, "free_bits", "body"])
def test_basic_settings_stand_first_and_the_others_behind_a_button(rows, page, qtbot, first):
    rows.set_config(FAMILIES["vae"].config)
    if first:
        rows.editor(first)  # whoever wants one row before the others are seen
    assert labels(page) == ["before", "latent dimensions", "beta", "after", ""]
    rows.more.click()
    qtbot.waitUntil(lambda: not turns().busy())
    assert labels(page)[4:] == ["", *MORE, "warm-up", "free bits", "capacity"]
    rows.more.click()
    assert labels(page)[4:] == [""]


def test_what_was_typed_stays_when_the_family_changes(rows):
    rows.set_config(FAMILIES["vae"].config)
    for name, value in {"latent_dim": 3, "body": "conv", "hidden": (16, 8)}.items():
        write_editor(rows.editor(name), value)
    rows.set_config(FAMILIES["ae"].config)
    assert rows.values()["latent_dim"] == 3
    assert rows.values()["body"] == "conv"
    assert rows.values()["hidden"] == (16, 8)


@dataclass(frozen=True)
class Bounded:
    share: float = setting(0.5, "share", "A share.", minimum=0.001, maximum=1)
    kind: str = setting("a", "kind", "A kind.", choices=("a", "b", "c"), basic=True)
    count: int = setting(3, "count", "Acts with b and c.", minimum=1, needs=("kind", "b", "c"))


def test_numbers_keep_their_bounds_and_their_small_values(rows):
    rows.set_config(Bounded)
    for typed, held in {0.0: 0.001, 0.0125: 0.0125, 7.0: 1.0}.items():
        write_editor(rows.editor("share"), typed)
        assert rows.values()["share"] == held
    write_editor(rows.editor("share"), 0.0125)
    assert rows.editor("share").text() == "0.0125"


def test_a_setting_that_does_nothing_cannot_be_edited(rows):
    rows.set_config(Bounded)
    for kind, acts in {"b": True, "a": False, "c": True}.items():
        write_editor(rows.editor("kind"), kind)
        assert rows.editor("count").isEnabled() is acts


def test_a_list_that_is_none_is_refused_in_one_sentence(rows):
    rows.set_config(FAMILIES["ae"].config)
    write_editor(rows.editor("hidden"), "wide, wider")
    with pytest.raises(SettingError, match="hidden widths must be a list of whole numbers"):
        check_settings(FAMILIES["ae"].config(**rows.values()))


def test_tab_goes_through_the_rows_as_they_stand_and_on_behind_them(rows, page, qtbot):
    name, button = QLineEdit(), QPushButton("Train")
    page.layout().addRow("name", name)  # is there before the settings that stand above it
    page.layout().addRow(button)
    rows.behind = (button,)
    with qtbot.waitActive(page):
        page.show()
    rows.set_config(FAMILIES["vae"].config)
    rows.more.click()
    qtbot.waitUntil(lambda: not turns().busy())
    reached = [rows.editor("latent_dim")]
    reached[0].setFocus()
    while reached[-1] is not button and len(reached) < 30:
        QTest.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
        reached.append(page.focusWidget())
    heights = [one.y() for one in reached]
    assert heights == sorted(heights)
    assert reached[-2:] == [name, button]
    assert len(reached) > 8
