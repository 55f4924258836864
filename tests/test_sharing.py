import threading

import pytest

from vaeexplorer.drawing import sharing
from vaeexplorer.drawing.sharing import shared, worth_sharing


@pytest.fixture(autouse=True)
def _rested(monkeypatch):
    monkeypatch.setattr(sharing, "_resting", 0)


def test_all_parts_come_in_their_order_whoever_computed_them():
    for count in (1, 2, 7):
        assert shared(count, lambda number: number * number) == [k * k for k in range(count)]


def test_another_thread_begins_at_the_end():
    here = threading.get_ident()
    last_begun = threading.Event()

    def compute(number):
        if number == 3:
            last_begun.set()
        elif number == 0:
            assert last_begun.wait(10)
        return threading.get_ident()

    who = shared(4, compute)
    assert who[0] == here
    assert who[3] != here


def test_nobody_waits_for_a_thread_that_does_not_get_on_and_it_is_left_alone_for_a_while():
    here = threading.get_ident()
    let_go = threading.Event()

    def compute(number):
        if threading.get_ident() != here:
            assert let_go.wait(10)
        return number

    assert shared(4, compute) == [0, 1, 2, 3]
    assert not worth_sharing()
    let_go.set()
    assert any(worth_sharing() for _ in range(sharing.REST))
