"""Models of others: scored, and made into exhibits, from the arrays that a script hands over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vaeexplorer.data.dataset import Dataset, InputError
from vaeexplorer.data.memory import images_in_memory
from vaeexplorer.jobs.mapping import encode_spaces
from vaeexplorer.jobs.scoring import Grounds, score_space, with_comparisons
from vaeexplorer.models.base import LatentSpace, float_images
from vaeexplorer.models.external import TRIED, external_space
from vaeexplorer.regularity.law_names import OF_CODEBOOKS, LawError, components_of
from vaeexplorer.run import Exhibit, result_of

SPACE = "z"


def score_models(
    images: Any, models: Mapping[str, Any], labels: Any = None, laws: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Score every model on `images`, as `score_runs` does; see `vaeexplorer.score`."""
    laws = _checked(laws)
    dataset = images_in_memory(images, labels)
    spaces = _spaces(dataset, models)
    split, grounds = dataset.split(0), Grounds()
    scored = []
    for name, space in spaces.items():
        job = score_space(space, dataset, split, with_secondary=True, grounds=grounds, laws=laws)
        scores = result_of(job)
        about = {"run": name, "folder": None, "space": SPACE, "family": None}
        scored.append({**about, **scores})
    return with_comparisons(scored)


def _checked(laws: Sequence[str]) -> list[str]:
    """Return `laws`, each once; InputError where one is none, or not for models of others."""
    names = list(dict.fromkeys([laws] if isinstance(laws, str) else laws))
    for law in names:
        try:
            components_of(str(law))
        except LawError as error:
            raise InputError(str(error)) from error
        if law in OF_CODEBOOKS:
            raise InputError(f"{law!r} is a law of a codebook, and these models have none.")
    return names


def exhibits_of(images: Any, models: Mapping[str, Any], labels: Any = None) -> list[Exhibit]:
    """Encode `images` with every model, and map the codes in the way that takes no time.

    Raises
    ------
    InputError
        Images, labels or a model do not fit, or some codes are not finite.
    """
    dataset = images_in_memory(images, labels)
    return [_exhibit(name, space, dataset) for name, space in _spaces(dataset, models).items()]


def _exhibit(name: str, space: LatentSpace, dataset: Dataset) -> Exhibit:
    spaces = {SPACE: space}
    codes, maps = result_of(encode_spaces(spaces, dataset))
    return Exhibit(
        name=name,
        source=dataset.source,
        codes=codes,
        maps=maps,
        labels=dataset.labels,
        label_names=dataset.label_names,
        dataset=dataset,
        spaces=spaces,
    )


def _spaces(dataset: Dataset, models: Mapping[str, Any]) -> dict[str, LatentSpace]:
    if not isinstance(models, Mapping) or not models:
        raise InputError('The models must be given by their names, as models={"mine": model}.')
    few = float_images(dataset.batch(slice(TRIED)))
    return {str(name): external_space(model, few, str(name)) for name, model in models.items()}
