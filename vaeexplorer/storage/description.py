"""run.json: what a run is, in words and numbers, written and read with every type checked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from vaeexplorer.data.dataset import InputError, Source
from vaeexplorer.run import Config, EpochRecord, Measures, Run
from vaeexplorer.storage.exchange import MARK
from vaeexplorer.storage.fields import DamagedError, Fields, damaged

FORMAT = 1
LARGEST_DESCRIPTION = 2**26
"""Bytes; a hundred times a long history."""

STATUSES = ("finished", "stopped", "training")
_MOST_VALUES_PER_IMAGE = 2**24


@dataclass(frozen=True)
class FileRecord:
    """Size in bytes and SHA-256 in hex of a file beside run.json."""

    size: int
    sha256: str


@dataclass(frozen=True)
class SpaceRecord:
    """What codes.npz holds of a space: its latent dimensions, and whether log variances too."""

    size: int
    has_log_variance: bool


@dataclass(frozen=True)
class Description:
    """What run.json says.

    Attributes
    ----------
    run
        The Run without its arrays.
    spaces
        Spaces with codes, the main one first.
    maps
        Settings by space and method.
    has_labels
        Whether codes.npz holds labels.
    files
        The files beside run.json by name.
    epochs
        Epochs done.
    """

    run: Run
    spaces: Mapping[str, SpaceRecord]
    maps: Mapping[str, Mapping[str, Mapping[str, Any]]]
    has_labels: bool
    files: Mapping[str, FileRecord]
    epochs: int

    @property
    def latent_dim(self) -> int | None:
        """Latent dimensions of the run; None where only the family's default says it."""
        told = self.run.config.model.get("latent_dim")
        if isinstance(told, int):
            return told
        return next((space.size for space in self.spaces.values()), None)


def description_bytes(run: Run, files: Mapping[str, FileRecord]) -> bytes:
    """run.json of `run`, whose other files are `files`."""
    source, config = run.source, run.config
    return to_bytes(
        {
            "format": MARK,
            "format_version": FORMAT,
            "name": printable(run.name),
            "status": run.status,
            "created": run.created,
            "config": {**vars(config), "model": dict(config.model)},
            "data": {**vars(source), "options": dict(source.options)},
            "split_seed": run.split_seed,
            "threads": run.threads,
            "versions": dict(run.versions),
            "label_names": list(run.label_names),
            "codes": {
                space: {
                    "size": codes.mean.shape[-1],
                    "log_variance": codes.log_variance is not None,
                }
                for space, codes in run.codes.items()
            },
            "maps": {
                space: {method: dict(made.settings) for method, made in maps.items()}
                for space, maps in run.maps.items()
            },
            "labels": run.labels is not None,
            "files": {name: vars(record) for name, record in files.items()},
            "history": [_epoch_object(record) for record in run.history],
        }
    )


def printable(name: str) -> str:
    """`name` without lone surrogates, which file names may have and nothing can print."""
    return name.encode("utf-8", "replace").decode("utf-8")


def to_bytes(document: Mapping[str, Any]) -> bytes:
    """JSON of `document`; ValueError where it holds what JSON cannot."""
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1, default=_plain)
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    # Lone surrogates (paths that are no text) become \udcXX, which is JSON's way to say them too.
    return text.encode("utf-8", "backslashreplace") + b"\n"


def parse(file: Path, raw: bytes, *, with_history: bool = True) -> Description:
    """Read run.json; of the history, which is most of it, only the end if not asked for.

    Raises
    ------
    InputError
        It is damaged, not ours, or of a newer format.
    """
    top = Fields(file, load_document(file, raw), "")
    maps = top.object("maps")
    spaces = top.object("codes")
    epochs = top.objects("history")
    run = Run(
        name=top.text("name"),
        config=_config(top.object("config")),
        source=_source(top.object("data")),
        split_seed=top.integer("split_seed"),
        status=top.choice("status", STATUSES),
        created=top.text("created"),
        history=tuple(_epoch(record) for record in (epochs if with_history else epochs[-1:])),
        weights={},
        threads=top.integer("threads"),
        versions=top.object("versions").texts(),
        label_names=top.text_items("label_names"),
    )
    description = Description(
        run=run,
        spaces={name: _space(spaces.object(name)) for name in spaces.keys},
        maps={
            space: {method: maps.object(space).free(method) for method in maps.object(space).keys}
            for space in maps.keys
        },
        has_labels=top.boolean("labels"),
        files={name: _file(top.object("files").object(name)) for name in top.object("files").keys},
        epochs=len(epochs),
    )
    _check_agreement(file, description)
    return description


def load_document(file: Path, raw: bytes) -> dict[str, Any]:
    """Return the JSON object of run.json, known to be ours and of a format that we read."""
    try:
        document = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise DamagedError(file, "it is no JSON") from error
    if not isinstance(document, dict) or document.get("format") != MARK:
        raise InputError(f"{file} was not written by vae-explorer: choose the folder of a run.")
    version = document.get("format_version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        damaged(file, "format_version is not a number from 1")
    if version > FORMAT:
        raise InputError(
            f"{file} was written by a newer vae-explorer (format {version}): update to open it."
        )
    if b"\\u" in raw:  # no other way to say a lone surrogate in UTF-8
        _refuse_broken_text(file, document)
    return document


def _epoch_object(record: EpochRecord) -> dict[str, Any]:
    held_out = None if record.held_out is None else vars(record.held_out)
    return {"epoch": record.epoch, "train": vars(record.train), "held_out": held_out}


def _config(fields: Fields) -> Config:
    return Config(
        family=fields.text("family"),
        model=fields.free("model"),
        epochs=fields.integer("epochs", minimum=1),
        batch_size=fields.integer("batch_size"),
        learning_rate=fields.number("learning_rate"),
        seed=fields.integer("seed"),
    )


def _source(fields: Fields) -> Source:
    shape = fields.integer_items("shape")
    if len(shape) != 3 or math.prod(shape) > _MOST_VALUES_PER_IMAGE:
        fields.wrong("shape", "channels, height and width of an image")
    options = fields.free("options")
    if any(isinstance(value, dict | tuple) for value in options.values()):
        fields.wrong("options", "made of single values")
    return Source(
        kind=fields.text("kind"),
        path=fields.text_or_none("path"),
        options=options,
        n=fields.integer("n", minimum=1),
        shape=(shape[0], shape[1], shape[2]),
        fingerprint=fields.text("fingerprint"),
    )


def _epoch(fields: Fields) -> EpochRecord:
    held_out = fields.object_or_none("held_out")
    return EpochRecord(
        epoch=fields.integer("epoch", minimum=1),
        train=_measures(fields.object("train")),
        held_out=None if held_out is None else _measures(held_out),
    )


def _measures(fields: Fields) -> Measures:
    return Measures(fields.number("distortion"), fields.number_or_none("rate"))


def _space(fields: Fields) -> SpaceRecord:
    return SpaceRecord(fields.integer("size", minimum=1), fields.boolean("log_variance"))


def _file(fields: Fields) -> FileRecord:
    return FileRecord(fields.integer("size"), fields.text("sha256"))


def _check_agreement(file: Path, description: Description) -> None:
    spaces, told = description.spaces, description.run.config.model.get("latent_dim")
    for space, methods in description.maps.items():
        if space not in spaces:
            damaged(file, f"it has a map of the space {space} but no codes")
        for name in (space, *methods):
            if not name or "/" in name:
                damaged(file, f"{name!r} cannot name a space or a map")
    sizes = [record.size for record in spaces.values()]
    if isinstance(told, int) and len(sizes) == 1 and sizes != [told]:
        damaged(file, f"its codes have {sizes[0]} dimensions and its model {told}")


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no place in run.json")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse_broken_text(file: Path, document: dict[str, Any]) -> None:
    """Refuse lone surrogates, which nothing can print; a path may have them."""
    data = document.get("data")
    if isinstance(data, dict):
        document = {**document, "data": {**data, "path": None}}
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        damaged(file, "it holds broken text")
