"""What the scores say in words, and when one model is clearly better than another.

Works on the JSON objects of the scores (`Continuity.as_dict`, `Completeness.as_dict`), so that a
stored report can be judged again. Imports nothing heavy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

GATE_NEEDED = 0.95
JUMPS_ALARM = 0.2
DEVIATIONS = 3.0

Scores = Mapping[str, Any]
"""{"latent_dim", "n", "data", "split", "continuity": {...}, "completeness": {...}}.

"snaps": True is there where decoding snaps to a codebook, "scored" where something else than
pictures is.
"""


def about(scores: Scores) -> list[str]:
    """Sentences on one latent space."""
    continuity, completeness = scores["continuity"], scores["completeness"]
    evenness = _about_jumps if scores.get("snaps") else _about_continuity
    scored = scores.get("scored")
    return [
        *([] if scored is None else [f"The pictures that are scored are {scored}."]),
        *evenness(continuity, scores["latent_dim"]),
        _about_completeness(completeness, reconstructs=continuity["gate"] >= GATE_NEEDED),
    ]


def _about_continuity(continuity: Mapping[str, Any], latent_dim: int) -> list[str]:
    if continuity["A"] is None:
        return ["Continuity does not exist here: what was decoded is not finite."]
    if continuity["gate"] < GATE_NEEDED:
        # Where little is shown all is alike: that would be no praise.
        sentences = [
            f"The code carries {_percent(continuity['gate'])} of what {_straight(latent_dim)}, "
            "too little to speak of continuity."
        ]
    else:
        sentences = [
            _about_steps(continuity["C"]),
            f"{100 * continuity['A']:.0f} of 100 small steps give a picture as alike as the 5 % "
            "most alike pairs.",
        ]
    if continuity["J"] is not None and continuity["J"] > JUMPS_ALARM:
        sentences.append(
            f"{_percent(continuity['J'])} of the change is sudden: jumps, or ripples finer than "
            "a tenth of a standard deviation."
        )
    return sentences


def _about_steps(evenness: float) -> str:
    if not evenness > 0:
        return "No small step near or between codes changes the picture."
    return (
        "Near and between codes a small step changes the picture "
        f"{1 / math.sqrt(evenness):.1f} times as much as if the same pictures lay on straight "
        "lines."
    )


def _about_completeness(completeness: Mapping[str, Any], *, reconstructs: bool) -> str:
    law = completeness["law"]
    if not (completeness["P"] or completeness["Q"]):
        return f"Draws from the {law} decode to nothing that is finite and of a kind in the data."
    # Draws are held against images around their mean too, which counts where reconstructions
    # are no nearer to real images than that.
    than = "" if reconstructs else ", or than images are from their mean"
    # A bound is not rounded up.
    farther = math.floor(100 * (1 - completeness["P"]) + 1e-9)
    found = (
        f"At least {farther} % of the draws from the {law} decode to something"
        if farther
        else f"Less than 1 % of the draws from the {law} are shown to be"
    )
    return (
        f"{found} farther from every real image than reconstructions are{than}; "
        f"{_percent(completeness['Q'])} of the kinds of images are reached."
    )


def _about_jumps(continuity: Mapping[str, Any], latent_dim: int) -> list[str]:
    """Say what a codebook is: between two of its codes there is nothing to be even."""
    del latent_dim
    jumps = continuity["J"]
    measured = "" if jumps is None else f": {_percent(jumps)} of the change is sudden"
    return [f"Codes snap to a codebook, so that pictures change by jumps{measured}."]


def withheld(scores: Scores) -> Literal["forgets", "snaps"] | None:
    """Why a number of continuity would mislead; None where it may stand.

    C rises as a code forgets, and between two codes of a codebook there is nothing to be even.
    """
    if scores["continuity"]["gate"] < GATE_NEEDED:
        return "forgets"
    return "snaps" if scores.get("snaps") else None


def instead_of_continuity(scores: Scores) -> str | None:
    """Say what stands where a number of continuity would mislead; None where it may stand."""
    reason = withheld(scores)
    if reason == "forgets":
        return f"carries {_percent(scores['continuity']['gate'])}"
    return "codes snap" if reason else None


def not_comparable(first: Scores, second: Scores) -> str | None:
    """Sentence on why the two must not be compared; None if they may be."""
    different = [
        what
        for key, what in (
            ("data", "data"),
            ("split", "held-out images"),
            ("n", "numbers of images"),
            ("latent_dim", "numbers of latent dimensions"),
        )
        if first.get(key) != second.get(key)
    ]
    if not different:
        return None
    return f"Not comparable: the scores are on different {_listed(different)}."


def more_continuous(first: Scores, second: Scores) -> int:
    """1 if `first` is clearly more continuous, -1 if `second` is, 0 if neither.

    Clearly: C and C20 both differ by more than 3 standard deviations of the difference, in the
    same direction, both gates are at least .95, and no codes snap to a codebook.
    """
    if withheld(first) or withheld(second):
        return 0
    one, other = first["continuity"], second["continuity"]
    signs = {_clear_sign(one, other, key, f"{key}_sd") for key in ("C", "C20")}
    return signs.pop() if len(signs) == 1 else 0


def more_complete(first: Scores, second: Scores) -> int:
    """1 if `first` is clearly more complete under its own law, -1 if `second`, 0 if neither.

    Clearly: by more than 3 standard deviations of the difference.
    """
    return _clear_sign(first["completeness"], second["completeness"], "score", "sd")


def compare(first: Scores, second: Scores, names: tuple[str, str] = ("A", "B")) -> list[str]:
    """Sentences that compare two latent spaces, or the one that says why they cannot be.

    What makes such a comparison unfair is said by `warnings`.
    """
    obstacle = not_comparable(first, second)
    if obstacle is not None:
        return [obstacle]
    return [
        _winner(names, more_continuous(first, second), "continuous"),
        _winner(names, more_complete(first, second), "complete"),
        *_under_the_same_laws(first["completeness"], second["completeness"], names),
    ]


def warnings(first: Scores, second: Scores, names: tuple[str, str] = ("A", "B")) -> list[str]:
    """Sentences on what is unfair in comparing the two; empty if nothing is.

    Different data, n or latent dimensions, beside which nothing else counts; different laws of the
    draws; a code that carries too little, or snaps to a codebook; C and C20 that disagree.
    """
    obstacle = not_comparable(first, second)
    if obstacle is not None:
        return [obstacle]
    both = tuple(zip(names, (first, second), strict=True))
    return [
        *(
            f"{name} carries {_percent(scores['continuity']['gate'])} of what "
            f"{_straight(scores['latent_dim'])}, too little to judge its continuity."
            for name, scores in both
            if scores["continuity"]["gate"] < GATE_NEEDED
        ),
        *(
            f"{name} snaps codes to a codebook: its continuity is no measure of evenness."
            for name, scores in both
            if scores.get("snaps")
        ),
        *_disagreement(first["continuity"], second["continuity"], names),
        *_different_laws(first["completeness"], second["completeness"], names),
    ]


def comparison(
    first: Scores, second: Scores, names: tuple[str, str] = ("A", "B")
) -> dict[str, Any]:
    """JSON object of what `compare` and `warnings` say of `second` against `first`.

    "with" names the first; "more_continuous" and "more_complete" name the better of the two, or
    are None where there is no clear difference or no comparison.
    """
    comparable = not_comparable(first, second) is None
    signs = {
        "more_continuous": more_continuous(first, second) if comparable else 0,
        "more_complete": more_complete(first, second) if comparable else 0,
    }
    better = {0: None, 1: names[0], -1: names[1]}
    return {
        "with": names[0],
        **{key: better[sign] for key, sign in signs.items()},
        "verdict": compare(first, second, names),
        "warnings": warnings(first, second, names),
    }


def _disagreement(
    one: Mapping[str, Any], other: Mapping[str, Any], names: tuple[str, str]
) -> list[str]:
    """Both measures are needed: C sees sharpness and ripples that nobody sees, C20 does not."""
    signs = [_clear_sign(one, other, key, f"{key}_sd") for key in ("C", "C20")]
    if signs[0] == signs[1]:
        return []
    words = {1: f"finds {names[0]} more even", -1: f"finds {names[1]} more even"}
    said = [words.get(sign, "finds no clear difference") for sign in signs]
    return [f"C and C20 disagree: C {said[0]}, C20 {said[1]}."]


def _different_laws(
    one: Mapping[str, Any], other: Mapping[str, Any], names: tuple[str, str]
) -> list[str]:
    if one["law"] == other["law"]:
        return []
    return [
        f"Draws are from different laws ({names[0]}: {one['law']}, {names[1]}: {other['law']}): "
        "only the columns with the same law for both compare decoders."
    ]


def _winner(names: tuple[str, str], sign: int, word: str) -> str:
    if sign == 0:
        return f"No clear difference: neither {names[0]} nor {names[1]} is more {word}."
    better, worse = names if sign > 0 else reversed(names)
    return f"{better} is more {word} than {worse}."


def _under_the_same_laws(
    first: Mapping[str, Any], second: Mapping[str, Any], names: tuple[str, str]
) -> list[str]:
    """Only the same law for both tells a better decoder from a better declared prior."""
    return [
        f"Draws from the same {law} score {names[0]} {_score(first['others'][law])}, "
        f"{names[1]} {_score(second['others'][law])}."
        for law in first["others"]
        if law in second["others"]
    ]


def _clear_sign(one: Mapping[str, Any], other: Mapping[str, Any], key: str, sd: str) -> int:
    difference = one[key] - other[key]
    if abs(difference) <= DEVIATIONS * math.hypot(one[sd], other[sd]):
        return 0
    return 1 if difference > 0 else -1


def _listed(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _straight(size: int) -> str:
    return "1 straight axis carries" if size == 1 else f"{size} straight axes carry"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _score(value: float) -> str:
    return f"{value:.2f}"
