import base64
import csv
import io
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from vaeexplorer.drawing import map_files
from vaeexplorer.drawing.dot_field import Frame
from vaeexplorer.drawing.map_files import DrawnMap, as_csv, as_svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(n=6, **changes):
    positions = np.stack([np.arange(n), np.arange(n)], axis=1).astype(np.float32)
    colours = np.tile(np.array([[255, 0, 0]], np.uint8), (n, 1))
    frame = Frame((200, 100), (2.0, 2.0), 20.0, 6.0, 0.85, 0xFFFFFFFF)
    whole = DrawnMap(
        "AE <1>", positions, colours, np.ones(n, bool), None, frame, "#1b1f27",
        (("zero", "#3f90da"), ("a & b", "#ffa90e")),
    )  # fmt: skip
    return replace(whole, **changes)


def parsed(map_):
    return ElementTree.fromstring(as_svg(map_))


def circles(map_):
    # The legend has two.
    return parsed(map_).findall(f".//{SVG}g[@id='dots']//{SVG}circle")


def test_dots_in_view_are_circles_where_they_are_seen():
    found = circles(drawn())
    places = [(float(c.get("cx")), float(c.get("cy"))) for c in found]
    # The sixth lies above the upper edge, and so much that nothing of it is seen.
    assert places == [(60.0, 90.0), (80.0, 70.0), (100.0, 50.0), (120.0, 30.0), (140.0, 10.0)]
    assert {c.get("r") for c in found} == {"3"}
    assert {c.get("fill") for c in found} == {"#ff0000"}


def test_nothing_is_in_the_file_that_common_viewers_do_not_understand():
    kinds = {element.tag.removeprefix(SVG) for element in parsed(drawn()).iter()}
    assert kinds == {"svg", "rect", "text", "g", "circle"}


def test_hidden_dots_and_dots_without_a_place_are_left_out():
    positions = drawn().positions.copy()
    positions[1] = np.nan
    shown = np.array([1, 1, 0, 1, 1, 1], bool)
    assert len(circles(drawn(positions=positions, shown=shown))) == 3


def test_what_does_not_stand_out_fades():
    groups = parsed(drawn(standing_out=np.arange(6) < 2)).findall(f".//{SVG}g[@id='dots']/{SVG}g")
    assert [g.get("opacity") for g in groups] == ["0.25", "1"]
    assert [len(g) for g in groups] == [3, 2]


def test_title_and_legend_are_text_whatever_they_hold():
    texts = [text.text for text in parsed(drawn()).iter(f"{SVG}text")]
    assert texts == ["AE <1>", "zero", "a & b"]


def test_a_colour_bar_stands_in_place_of_the_legend():
    root = parsed(drawn(legend=(), bar=("rate, nats", "2.8", "6.6")))
    assert [text.text for text in root.iter(f"{SVG}text")] == ["AE <1>", "rate, nats 2.8", "6.6"]
    assert len(list(root.iter(f"{SVG}stop"))) > 8


def test_many_dots_become_one_picture(monkeypatch):
    monkeypatch.setattr(map_files, "VECTOR_DOTS", 3)
    (image,) = parsed(drawn()).iter(f"{SVG}image")
    data = base64.b64decode(image.get("href").partition(",")[2])
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    assert pixels.shape == (200, 400, 4)
    # The colour of a dot that does not cover all is not darkened by what it lets through.
    assert pixels[100, 200].tolist() == pytest.approx([255, 0, 0, 217], abs=1)
    assert pixels[5, 5, 3] == 0


def test_the_table_has_a_line_for_every_dot():
    positions = np.array([[0.5, -1.25], [1e-7, 2e6]], np.float32)
    text = as_csv(positions, np.array([1, 0]), ('say "7"', "a,b"), np.array([True, False]))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["label"] for row in rows] == ["a,b", 'say "7"']
    assert [row["shown"] for row in rows] == ["1", "0"]
    places = np.array([[row["x"], row["y"]] for row in rows], np.float32)
    np.testing.assert_allclose(places, positions, rtol=1e-6)


def test_without_labels_their_column_is_empty():
    lines = as_csv(np.zeros((2, 2), np.float32), None, (), np.ones(2, bool)).splitlines()
    assert lines == ["index,label,x,y,shown", "0,,0,0,1", "1,,0,0,1"]
