"""The verdict claims a difference only where the rule of the scores allows it."""

from __future__ import annotations

from typing import Any

import pytest

from vaeexplorer.cli.scorecard import print_scorecard
from vaeexplorer.regularity.verdict import (
    about,
    compare,
    comparison,
    instead_of_continuity,
    more_complete,
    more_continuous,
    warnings,
)
from vaeexplorer.report.quantities import SCORES


def scores(**changed: Any) -> dict[str, Any]:
    """Scores of a good model with `changed` keys, which are unique over both scores."""
    continuity = {"score": 0.5, "sd": 0.01, "C": 0.5, "C_sd": 0.01, "C20": 0.6, "C20_sd": 0.01}
    continuity |= {"gate": 1.0, "R2": 0.7, "A": 0.99, "J": 0.0}
    completeness = {"P": 0.8, "Q": 0.9, "law": changed.pop("law", "standard normal")}
    completeness |= {"others": {"fitted Gaussian": changed.pop("fitted", 0.85)}}
    completeness |= {"score": changed.pop("completeness", 0.85), "sd": 0.01}
    outer = {"latent_dim": 8, "n": 299, "data": "abc", "split": "def"}
    outer = {key: changed.pop(key, value) for key, value in outer.items()}
    return outer | {"continuity": continuity | changed, "completeness": completeness}


def test_a_clear_difference_in_both_measures_is_a_verdict() -> None:
    better, worse = scores(), scores(C=0.3, C20=0.4)
    assert more_continuous(better, worse) == 1
    assert more_continuous(worse, better) == -1
    assert compare(worse, better, ("AE", "VAE"))[0] == "VAE is more continuous than AE."


@pytest.mark.parametrize(
    "second",
    [
        scores(C=0.3),
        scores(C=0.3, C20=0.9),
        scores(C=0.47, C20=0.57),
        scores(C=0.3, C20=0.4, C_sd=0.1),
        scores(C=0.3, C20=0.4, gate=0.94),
    ],
    ids=["only C", "opposite", "within 3 sd", "uncertain", "gate"],
)
def test_anything_less_is_no_clear_difference(second: dict[str, Any]) -> None:
    assert more_continuous(scores(), second) == 0
    assert compare(scores(), second)[0].startswith("No clear difference")


def test_completeness_is_judged_by_three_deviations() -> None:
    assert more_complete(scores(), scores(completeness=0.6)) == 1
    assert more_complete(scores(completeness=0.6), scores()) == -1
    assert more_complete(scores(), scores(completeness=0.82)) == 0


def test_the_same_law_for_both_is_always_shown() -> None:
    sentences = compare(scores(fitted=0.61), scores(), ("AE", "VAE"))
    assert "Draws from the same fitted Gaussian score AE 0.61, VAE 0.85." in sentences


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"latent_dim": 10}, "latent dimensions"),
        ({"n": 5}, "images"),
        ({"data": "d"}, "data"),
        ({"split": "s"}, "held-out images"),
        ({"n": 5, "data": "d"}, "data and numbers of images"),
    ],
)
def test_what_must_not_be_compared_is_not(changed: dict[str, Any], named: str) -> None:
    (sentence,) = compare(scores(), scores(**changed))
    assert sentence.startswith("Not comparable")
    assert named in sentence
    # And nothing of what a comparison would have been unfair in.
    assert warnings(scores(), scores(**changed, C=0.3, gate=0.1, law="uniform")) == [sentence]
    said = comparison(scores(), scores(C=0.3, C20=0.4, completeness=0.3, **changed))
    assert said["more_continuous"] is said["more_complete"] is None


def test_nothing_is_unfair_between_equals() -> None:
    assert warnings(scores(), scores(C=0.3, C20=0.4)) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"gate": 0.2}, "VAE carries 20 % of what 8 straight axes carry"),
        ({"law": "fitted Gaussian"}, "different laws (AE: standard normal, VAE: fitted Gaussian)"),
        ({"C": 0.3}, "C finds AE more even, C20 finds no clear difference."),
        ({"C": 0.3, "C20": 0.9}, "C finds AE more even, C20 finds VAE more even."),
    ],
    ids=["gate", "law", "one of both", "opposite"],
)
def test_what_is_unfair_is_said(changed: dict[str, Any], said: str) -> None:
    (sentence,) = warnings(scores(), scores(**changed), ("AE", "VAE"))
    assert said in sentence


def test_a_comparison_names_the_better_one() -> None:
    said = comparison(scores(C=0.3, C20=0.4), scores(completeness=0.6), ("AE", "VAE"))
    assert (said["with"], said["more_continuous"], said["more_complete"]) == ("AE", "VAE", "AE")
    assert said["verdict"] == compare(
        scores(C=0.3, C20=0.4), scores(completeness=0.6), ("AE", "VAE")
    )
    assert said["warnings"] == []


def test_a_collapsed_model_is_told_by_what_it_carries() -> None:
    sentences = about(scores(gate=0.2, C=0.99))
    assert sentences[0].startswith("The code carries 20 % of what 8 straight axes carry")
    of_one, *_ = about(scores(gate=0.2, latent_dim=1))
    assert of_one.startswith("The code carries 20 % of what 1 straight axis carries")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (scores(), None),
        (scores(gate=0.95), None),
        (scores(gate=0.9, C=1.0), "carries 90 %"),
        (scores() | {"snaps": True}, "codes snap"),
    ],
    ids=["good", "enough", "forgets", "snaps"],
)
def test_no_number_of_continuity_stands_where_it_would_mislead(
    told: dict[str, Any], said: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither in the table of the command nor in that of a report."""
    assert instead_of_continuity(told) == said
    shown = {f"-- {said}"} if said else {"0.500 ±0.010", "0.50 ± 0.01"}
    assert SCORES[0].text(told) in shown
    about = {"run": "VAE", "space": "z", "verdict": [], "comparison": None}
    print_scorecard([about | told | {"r2_train_minus_held_out": 0.0}])
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Cont"))
    assert row.removeprefix("Continuity").strip() in shown


def test_evenness_is_told_as_a_step() -> None:
    assert "2.0 times" in about(scores(C=0.25))[0]


def test_jumps_raise_an_alarm_above_a_fifth() -> None:
    assert not any("sudden" in sentence for sentence in about(scores(J=0.1)))
    assert any(
        sentence.startswith("30 % of the change is sudden") for sentence in about(scores(J=0.3))
    )


def test_what_is_not_finite_is_said_and_nothing_else_of_it() -> None:
    nothing = scores(A=None, J=None, C=0.0, gate=0.0)
    nothing["completeness"] |= {"P": 0.0, "Q": 0.0}
    even, full = about(nothing)
    assert even.endswith("what was decoded is not finite.")
    assert full.startswith("Draws from the standard normal decode to nothing that is finite")


def test_a_model_that_forgets_is_not_praised_for_showing_all_alike() -> None:
    collapsed = about(scores(gate=0.0, A=1.0, J=0.0))
    assert not any("alike" in sentence for sentence in collapsed)
    assert "than reconstructions are, or than images are from their mean;" in collapsed[-1]
    assert "than reconstructions are;" in about(scores())[-1]


@pytest.mark.parametrize(
    ("realism", "said"),
    [
        (0.998, "Less than 1 % of the draws from the standard normal are shown to be farther"),
        (0.804, "At least 19 % of the draws"),
        (0.6, "At least 40 % of the draws"),
    ],
)
def test_the_share_of_draws_that_are_farther_is_not_rounded_up(realism: float, said: str) -> None:
    near = scores()
    near["completeness"]["P"] = realism
    assert about(near)[-1].startswith(said)


def test_steps_that_change_nothing_are_no_fraction() -> None:
    assert about(scores(C=0.0, J=None))[0].startswith("No small step")
