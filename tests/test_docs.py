"""What the documents say is so: links, pictures, commands, options, packages, formats, numbers."""

from __future__ import annotations

import importlib.util
import json
import math
import re
import shlex
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image

from vaeexplorer import cli
from vaeexplorer.jobs.bundled import default_pair_folders
from vaeexplorer.models import FAMILIES
from vaeexplorer.storage import runs_folder

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.png"))
BOOTSTRAP = ["python3", "packaging/bootstrap.py"]
# Half of the last digit that is printed, and as much again for the rounding of another processor.
TOLERANCE = 0.01


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    path = ROOT / "packaging" / "bootstrap.py"
    spec = importlib.util.spec_from_file_location("bootstrap", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def lines_to_type(document: Path) -> list[list[str]]:
    """The words of every line in the code blocks of `document`."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text_of(document), flags=re.DOTALL | re.MULTILINE)
    return [shlex.split(line) for block in blocks for line in block.splitlines() if line.strip()]


def first_column(table: str) -> list[str]:
    """What stands in backquotes in the first column of a Markdown table."""
    return re.findall(r"`([^`]+)`", " ".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE)))


def options_of(command: Any) -> set[str]:
    """Every option of `command` and of the commands under it."""
    options = {option for parameter in command.params for option in parameter.opts}
    return options.union(*map(options_of, getattr(command, "commands", {}).values()))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_exist(document: Path) -> None:
    targets = re.findall(r"(?:\]\(|src=\"|srcset=\")([^)\"#]+)", text_of(document))
    for target in targets:
        assert "://" in target or (document.parent / target).exists(), target


def test_every_picture_is_shown_in_light_and_dark_and_is_small() -> None:
    shown = set(re.findall(r"docs/pictures/([\w-]+\.png)", text_of(README)))
    assert shown == {picture.name for picture in PICTURES}
    assert {name.replace("-dark", "-light") for name in shown} <= shown
    for picture in PICTURES:
        assert picture.stat().st_size < 200_000
        with Image.open(picture) as image:
            assert image.size == (1440, 900)


def test_the_readme_opens_with_what_it_is_for_a_picture_and_the_two_commands() -> None:
    text = text_of(README)
    opening = text.split("<picture>")[0].strip().splitlines()
    assert len([line for line in opening[1:] if line]) == 3
    assert text.index("<picture>") < text.index("## Two commands")
    assert lines_to_type(README)[:2] == [[*BOOTSTRAP, "run"], [*BOOTSTRAP, "test"]]


OF_A_LAW = {
    "a-samples-mixture-7.png",
    "a-draws-mixture-7.png",
    "a-draws-mixture-7-dark.png",
}
"""Drawn from the law that README asks for."""


@pytest.mark.slow
@pytest.mark.usefixtures("_one_thread")
def test_every_command_of_the_readme_works_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In their order and in one folder; only the number of epochs is cut down."""
    opened = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vaeexplorer.gui.app.run", lambda paths: opened.append(paths) or 0)
    commands = [line[3:] for line in lines_to_type(README) if line[:3] == [*BOOTSTRAP, "run"]]
    for words in commands:
        quick = ["--epochs", "1"] if words[:1] == ["train"] else []
        monkeypatch.setattr(sys, "argv", ["vae-explorer", *words, *quick])
        capsys.readouterr()
        assert cli.main() == 0, words
        if "--json" in words:
            assert json.loads(capsys.readouterr().out)
        if words[:1] == ["report"]:
            check_report_folder(tmp_path / words[words.index("--out") + 1], "--law" in words)
    assert opened == [[], ["my-ae", "my-vae"]]
    named = {words[0] for words in commands if words}
    assert named == set(typer.main.get_command(cli.app).commands)


def check_report_folder(folder: Path, of_a_law: bool) -> None:
    """The files are those that docs/formats.md names, for each run; some for `--law` only."""
    told = first_column(text_of(ROOT / "docs" / "formats.md").split("## A report")[1])
    assert set(told) > OF_A_LAW
    told = [name for name in told if of_a_law or name not in OF_A_LAW]
    expected = {name for name in told if not name.startswith("a-")}
    for letter in "ab":
        expected |= {letter + name[1:] for name in told if name.startswith("a-")}
    assert {file.name for file in folder.iterdir()} == expected


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_options_that_are_named_exist(document: Path) -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text_of(document)))
    assert named <= options_of(typer.main.get_command(cli.app)) | {"--help"}


def test_the_help_of_train_names_every_family() -> None:
    """It cannot read the table, which imports torch."""
    parameters = typer.main.get_command(cli.app).commands["train"].params
    described = next(one.help for one in parameters if one.name == "family")
    assert set(re.findall(r"\w+", described.split(":")[1])) == set(FAMILIES)


def test_the_families_are_those_of_the_table() -> None:
    families, likelihoods = text_of(ROOT / "docs" / "families.md").split("## Likelihoods")
    assert first_column(families) == list(FAMILIES)
    choices = FAMILIES["vae"].config.__dataclass_fields__["likelihood"].metadata["choices"]
    assert first_column(likelihoods) == list(choices)
    titles = [family.title for family in FAMILIES.values()]
    assert f"{', '.join(titles[:-1])} and {titles[-1]}" in " ".join(text_of(README).split())


def test_files_that_are_named_exist() -> None:
    for document in DOCUMENTS:
        for name in re.findall(
            r"`((?:packaging|vaeexplorer|resources|tests|docs)/[\w./]+)`", text_of(document)
        ):
            assert (ROOT / name).exists() or "NAME" in name, (document.name, name)


def test_the_readme_says_what_is_needed(bootstrap: ModuleType) -> None:
    pyproject = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    assert pyproject["project"]["requires-python"] == ">=3.11"
    assert "Python 3.11 or newer" in text_of(README)
    first, second = [line[3:] for line in lines_to_type(README) if line[0] == "apt-get"]
    assert set(first) == {"python3-venv", *bootstrap.QT_LIBRARIES.values()}
    assert set(second) == set(bootstrap.X11_LIBRARIES.values())


def test_runs_are_kept_where_the_readme_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from platformdirs.macos import MacOS
    from platformdirs.unix import Unix

    text = text_of(README)
    monkeypatch.setenv("VAEEXPLORER_HOME", "/anywhere")
    assert runs_folder() == Path("/anywhere/runs")
    assert "`VAEEXPLORER_HOME`" in text
    monkeypatch.delenv("VAEEXPLORER_HOME")
    assert runs_folder().parts[-2:] == ("vae-explorer", "runs")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    for system in (Unix, MacOS):
        parent = Path(system("vae-explorer", appauthor=False).user_data_dir).parent
        assert f"`~/{parent.relative_to(Path.home()).as_posix()}`" in text


def test_the_floors_are_those_that_are_held() -> None:
    """The table of docs/architecture.md has the order that import-linter checks."""
    pyproject = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    layers = pyproject["tool"]["importlinter"]["contracts"][0]["layers"]
    held = [name for layer in layers for name in re.split(r"\W+", layer)]
    assert ["__main__", *first_column(text_of(ROOT / "docs" / "architecture.md"))] == held


def test_a_run_on_disk_has_the_keys_and_arrays_that_are_described() -> None:
    text = text_of(ROOT / "docs" / "formats.md").split("## A report")[0]
    description, arrays = text.split("**`codes.npz`**")
    keys, names = set(), set()
    for folder in default_pair_folders():
        keys |= set(json.loads((folder / "run.json").read_text(encoding="utf-8")))
        with np.load(folder / "codes.npz", allow_pickle=False) as stored:
            names |= {re.sub(r"/.*", "", name) for name in stored.files}
    assert set(first_column(description)) == keys
    assert {re.sub(r"/.*", "", name) for name in first_column(arrays)} == names


def test_contributing_fits_one_screen() -> None:
    lines = text_of(ROOT / "CONTRIBUTING.md").splitlines()
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 100


def test_the_scores_of_the_default_pair_are_those_that_are_printed(
    default_pair_scores: dict[str, dict[str, Any]],
) -> None:
    text = text_of(ROOT / "docs" / "scores.md")
    table = text.split("<!-- default pair -->")[1].split("<!-- end -->")[0]
    rows = re.findall(r"^\| `(.+?)` \| .+ \| ([\d.]+) \| ([\d.]+) \|$", table, re.MULTILINE)
    assert len(rows) == table.count("\n| `") >= 10
    for key, *printed in rows:
        for scores, number in zip(default_pair_scores.values(), printed, strict=True):
            value: Any = scores
            for part in key.split("."):
                value = value[part]
            assert value == pytest.approx(float(number), abs=TOLERANCE), key


def test_what_is_read_from_the_scores_is_in_the_scores(
    default_pair_scores: dict[str, dict[str, Any]],
) -> None:
    text = " ".join(text_of(ROOT / "docs" / "scores.md").split())
    ae, vae = default_pair_scores["ae"], default_pair_scores["vae"]
    steps = [1 / math.sqrt(scores["continuity"]["C"]) for scores in (ae, vae)]
    assert f"1/√C = {steps[0]:.1f} times" in text
    assert f"{steps[1]:.1f} times in the VAE" in text
    assert f"{100 * (1 - ae['completeness']['P']):.0f} % of its draws" in text
    assert ae["completeness"]["law"] == "fitted Gaussian"
