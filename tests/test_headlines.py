"""What stands above a map that has no scores."""

from vaeexplorer.gui.widgets.headlines import no_headlines


def test_every_reason_for_no_scores_has_its_own_line_and_says_what_to_do():
    told = [no_headlines(state) for state in ("too few", "no images", "no model", "failed")]
    assert len({line for line, _ in told}) == len({about for _, about in told}) == len(told)
    assert all(line and about for line, about in told)


def test_nothing_is_said_while_scores_are_to_come():
    for state in ("empty", "loading", "measuring", "comparing", "scored"):
        assert no_headlines(state) == ("", "")
