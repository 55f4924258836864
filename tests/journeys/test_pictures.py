"""What is on the screen is saved as a picture; the maps share the room."""

from xml.etree import ElementTree

import pytest
from PIL import Image
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QFileDialog, QMenu

from vaeexplorer.gui.widgets.picture_of import is_seen

pytestmark = pytest.mark.slow


@pytest.fixture
def saved_as(explorer, monkeypatch):
    """Save a widget under a name in a folder of this test, as the menu does."""

    def save(widget, path):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
        explorer.window.save_picture(widget, "picture")
        explorer.wait(lambda: not explorer.session.lanes.work.busy)

    return save


def test_the_window_is_saved_as_it_is_seen(explorer, saved_as, tmp_path):
    saved_as(explorer.window, tmp_path / "window")
    with Image.open(tmp_path / "window.png") as picture:
        assert picture.size == (1440, 900)
        assert len(set(picture.convert("RGB").get_flattened_data())) > 100


def test_a_panel_is_saved_as_lines_and_text(explorer, saved_as, tmp_path):
    saved_as(explorer.panel("dimensions"), tmp_path / "dimensions.svg")
    root = ElementTree.parse(tmp_path / "dimensions.svg").getroot()
    said = " ".join("".join(text.itertext()) for text in root.findall(".//{*}text"))
    assert root.tag.endswith("svg")
    assert "Reset all" in said
    # As large as on the screen, and so are its texts.
    width = explorer.panel("dimensions").width() / explorer.panel("dimensions").logicalDpiX()
    assert float(root.get("width").removesuffix("mm")) == pytest.approx(25.4 * width, rel=0.01)
    sizes = {float(text.get("font-size")) for text in root.findall(".//{*}text")}
    assert QFontInfo(explorer.window.font()).pixelSize() in sizes


def test_only_panels_that_are_seen_can_be_saved(explorer):
    docks = explorer.window.docks
    for key in ("runs", "scorecard"):
        explorer.window.show_panel(key)
        explorer.wait(lambda key=key: docks[key].widget() and is_seen(docks[key]))
    (menu,) = (
        menu
        for menu in explorer.window.menuBar().findChildren(QMenu)
        if menu.title() == "Save as a picture"
    )
    menu.aboutToShow.emit()
    enabled = {action.text() for action in menu.actions() if action.isEnabled()}
    assert enabled == {"The window...", "Probe", "Dimensions", "Scorecard"}


def test_a_folder_that_is_not_there_is_said(explorer, saved_as, tmp_path):
    saved_as(explorer.window, tmp_path / "nowhere" / "window.png")
    explorer.wait(lambda: explorer.told)
    assert "nowhere" in explorer.told[0]


def test_maps_share_the_room_evenly_and_can_be_made_larger(explorer):
    explorer.session.set_slot_count(4)
    explorer.wait(lambda: len({panel.width() for panel in explorer.window.maps}) <= 2)
    widths = [panel.width() for panel in explorer.window.maps]
    heights = [panel.height() for panel in explorer.window.maps]
    assert max(widths) - min(widths) <= 2
    assert max(heights) - min(heights) <= 2
    first = explorer.window.maps[0]
    splitter = first.parentWidget()
    splitter.setSizes([2 * widths[0] - 200, 200])
    assert first.width() > widths[0]
    explorer.session.set_slot_count(2)
    assert abs(explorer.window.maps[0].width() - explorer.window.maps[1].width()) <= 2
