"""What holds for the whole house: its packages, its floors, its doors."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "vaeexplorer"
LONGEST_FILE = 400

pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def python(code):
    """Standard output of `code` in a fresh interpreter, far from the checkout."""
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT.anchor)
    assert result.returncode == 0, result.stderr
    return result.stdout


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_every_package_of_the_tree_is_in_the_wheel():
    packages = {module_name(path) for path in PACKAGE.rglob("__init__.py")}
    assert set(pyproject["tool"]["setuptools"]["packages"]) == packages | {"vaeexplorer_resources"}


def test_packaging_is_no_package():
    # With an __init__.py it would hide the library of that name.
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_nothing_outside_the_window_brings_qt():
    outside = [
        module_name(path)
        for path in sorted(PACKAGE.rglob("*.py"))
        if "gui" not in path.parts and path.name != "__main__.py"
    ]
    code = (
        f"import importlib, json, sys\nfor name in {outside}: importlib.import_module(name)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    loaded = json.loads(python(code).splitlines()[-1])
    assert "vaeexplorer.run" in loaded
    assert {"PySide6", "shiboken6", "pyqtgraph"} & set(loaded) == set()


@pytest.mark.parametrize(
    "code",
    [
        "import vaeexplorer",
        "from vaeexplorer.cli import main; call(main, '--help')",
        "from vaeexplorer.cli import main; call(main, '--version')",
    ],
)
def test_the_door_opens_at_once(code):
    call = (
        "import json, sys\n"
        "def call(main, *args):\n"
        "    sys.argv = ['vae-explorer', *args]\n"
        "    try: code = main()\n"
        "    except SystemExit as end: code = end.code\n"
        "    assert not code, code\n"
    )
    loaded = python(f"{call}{code}\nprint(json.dumps(sorted(sys.modules)))").splitlines()[-1]
    heavy = {"torch", "PySide6", "pyqtgraph", "umap", "numba", "sklearn", "scipy", "numpy"}
    assert heavy & set(json.loads(loaded)) == set()


def test_the_window_draws_before_anything_heavy_is_imported():
    first = ["data", "drawing", "latent"]
    names = [
        module_name(path)
        for folder in first
        for path in sorted((PACKAGE / folder).rglob("*.py"))
        if path.name not in ("layout_kernel.py", "raster_kernel.py", "process.py")
    ]
    code = (
        f"import importlib, json, sys\nfor name in {[*names, 'vaeexplorer.run']}:\n"
        "    importlib.import_module(name)\nprint(json.dumps(sorted(sys.modules)))"
    )
    loaded = json.loads(python(code).splitlines()[-1])
    assert {"torch", "umap", "numba", "sklearn", "scipy"} & set(loaded) == set()


def test_no_file_is_too_long():
    files = [*PACKAGE.rglob("*.py"), *(ROOT / "packaging").glob("*.py")]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}
