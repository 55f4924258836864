"""A person looks at the worst places of each model, and goes there."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from vaeexplorer.jobs.opening import decode_pixels

pytestmark = pytest.mark.slow


@pytest.fixture
def critic(explorer):
    """A person with the panel open, once both models have been judged."""
    explorer.window.show_panel("worst")
    explorer.wait(lambda: len(explorer.session.worst_places.by_slot) == 2)
    return explorer


def shown(explorer, slot):
    return explorer.panel("worst").slots[slot]


def test_places_are_shown_with_their_numbers_the_worst_first(critic):
    for slot in range(2):
        found = critic.session.worst_places.by_slot[slot]
        for tiles, places in (
            (shown(critic, slot).steps, found.steps),
            (shown(critic, slot).draws, found.draws),
        ):
            texts = [button.text() for button in tiles.buttons]
            assert texts == [f"{place.amount:.1f} \N{MULTIPLICATION SIGN}" for place in places]
            assert all(button.isVisible() for button in tiles.buttons)
        space = critic.session.slots[slot].exhibit.spaces["z"]
        for place in (*found.steps, *found.draws):
            np.testing.assert_array_equal(place.pictures[0], decode_pixels(space, place.z[None])[0])
    assert "fitted Gaussian" in shown(critic, 0)._titles[1].text()
    assert "standard normal" in shown(critic, 1)._titles[1].text()


@pytest.mark.parametrize("kind", ["steps", "draws"])
def test_a_click_takes_the_probe_there_and_holds_it(critic, kind):
    critic.wait_for_the_maps()
    place = getattr(critic.session.worst_places.by_slot[0], kind)[2]
    button = getattr(shown(critic, 0), kind).buttons[2]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    critic.wait(critic.decoded)
    np.testing.assert_array_equal(critic.probe(0).z, place.z)
    assert critic.session.slots[0].held is critic.probe(0)
    assert critic.session.active == 0


def test_what_leaves_a_slot_takes_its_places_along(critic):
    critic.session.clear(1)
    assert shown(critic, 1)._reason.text() == "This slot is empty."
    assert not shown(critic, 1).steps.isVisible()
    critic.session.set_slot_count(3)
    assert shown(critic, 0).steps.isVisible()
    assert shown(critic, 2)._reason.text() == "This slot is empty."
    critic.session.put(1, critic.session.slots[0].exhibit)
    assert "loading" in shown(critic, 1)._reason.text()
    critic.wait(lambda: 1 in critic.session.worst_places.by_slot)
    first, again = (critic.session.worst_places.by_slot[slot].draws[0] for slot in range(2))
    np.testing.assert_array_equal(first.z, again.z)


def test_nothing_is_looked_for_before_anybody_asks(explorer):
    explorer.wait(lambda: set(explorer.session.scores.states.values()) == {"scored"})
    assert explorer.session.worst_places.by_slot == {}
    assert not list(explorer.session.worst_places._stops)


def test_of_a_model_that_never_changes_the_picture_no_steps_are_promised(critic):
    part, found = shown(critic, 1), critic.session.worst_places.by_slot[1]
    assert "even steps" in part._titles[0].text()
    part.show_found(replace(found, steps=()), "")
    assert part._titles[0].text() == "steepest steps --: no step changes the picture"
    assert part.steps.buttons == []
