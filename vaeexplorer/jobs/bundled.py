"""What ships with the program: the only module that reads the package `vaeexplorer_resources`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def resource(name: str) -> Path:
    """Path of the bundled file or folder `name`, given with forward slashes.

    The package is always installed as ordinary files (wheel, editable, frozen folder), so this
    is a real path, which readers of folders and Qt need.
    """
    return Path(str(files("vaeexplorer_resources"))).joinpath(*name.split("/"))


def default_pair_folders() -> tuple[Path, Path]:
    """Run folders of the pair that opens when nothing else is named: the AE and the VAE."""
    return resource("default_pair/ae"), resource("default_pair/vae")
