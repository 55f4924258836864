"""The part of torch that the start goes without: there when it is asked for, and afterwards."""

import subprocess
import sys
from pathlib import Path

import pytest

from vaeexplorer.gui.postponed import POSTPONED, import_postponed, postpone

BEGIN = """
import inspect, sys
from vaeexplorer.gui.postponed import POSTPONED, import_postponed, postpone
postpone()
import numpy, torch
from vaeexplorer.models import FAMILIES, build, restore

def size_without_memory():
    with torch.device("meta"):
        return torch.linalg.eigvals(torch.empty(3, 5, 5)).shape

def put_off():
    return type(sys.modules[POSTPONED]).__name__ == "_Postponed"
"""


def run(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_models_and_generators_are_made_without_it_and_it_comes_at_last() -> None:
    """And then the same is drawn. One process for all: to start one takes seconds."""
    run(
        BEGIN
        + """
for family in FAMILIES:
    model = build(family, {}, (1, 8, 8), torch.zeros(1, 8, 8))
    weights = {name: one.numpy() for name, one in model.state_dict().items()}
    restored = restore(family, {}, (1, 8, 8), weights)
    for key, other in zip(model.state_dict(), restored.state_dict().values(), strict=True):
        assert torch.equal(model.state_dict()[key], other)
assert put_off()
from vaeexplorer.gui.postponed import let_generators_be_made
let_generators_be_made()
drawn = torch.randn(3, generator=torch.Generator().manual_seed(0))
assert put_off()
import_postponed()
assert not put_off() and torch._meta_registrations is sys.modules[POSTPONED]
let_generators_be_made()
assert torch.equal(drawn, torch.randn(3, generator=torch.Generator().manual_seed(0)))
assert size_without_memory() == (3, 5)
"""
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's list of what is loaded")
def test_the_libraries_of_torch_are_there_before_its_import_would_load_them() -> None:
    """With the GIL held, that is: the window would stand still for a third of a second."""
    run("""
import sys
from pathlib import Path
from vaeexplorer.gui import postponed

def loaded():
    return "libtorch_python" in Path("/proc/self/maps").read_text()

before = []
made = postponed.let_generators_be_made
def begin():
    before.append((loaded(), "torch" in sys.modules))
    made()

postponed.let_generators_be_made = begin
assert not loaded()
postponed.import_torch()
assert before == [(True, False)]
import torch
assert torch.ones(2).sum() == 2
""")


@pytest.mark.slow
def test_whoever_asks_for_it_before_gets_it() -> None:
    run(
        BEGIN
        + """
from torch._meta_registrations import meta_index_Tensor
assert not put_off() and callable(meta_index_Tensor)
assert size_without_memory() == (3, 5)
"""
    )


@pytest.mark.slow
def test_a_thread_that_needs_all_of_torch_waits_for_one_that_imports_it() -> None:
    run("""
import sys, threading
from vaeexplorer.gui.postponed import POSTPONED, complete_torch, postpone
postpone()
complete_torch()
assert "torch" not in sys.modules
begun = threading.Event()

class Noting:
    def find_spec(self, name, path=None, target=None):
        if name == "torch.nn":
            begun.set()

def importing():
    import torch

sys.meta_path.insert(0, Noting())
thread = threading.Thread(target=importing)
thread.start()
assert begun.wait(120)
complete_torch()
thread.join()
import torch
assert type(torch._meta_registrations).__name__ == "module"
with torch.device("meta"):
    assert torch.linalg.eigvals(torch.empty(3, 5, 5)).shape == (3, 5)
""")


@pytest.mark.slow
def test_a_start_that_goes_without_it_decodes_and_scores() -> None:
    benchmarks = Path(__file__).with_name("benchmarks")
    run(f"""
import sys
sys.path.append({str(benchmarks)!r})
import workbench
from vaeexplorer.gui.postponed import POSTPONED, postpone
postpone()
with workbench.open_window() as (app, session, window):
    workbench.settle(app, session)
    assert type(sys.modules[POSTPONED]).__name__ == "module"
""")


def test_where_torch_is_already_nothing_is_put_off() -> None:
    import torch  # noqa: F401

    there = sys.modules[POSTPONED]
    postpone()
    import_postponed()
    assert sys.modules[POSTPONED] is there
