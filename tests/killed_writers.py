"""Writers that are killed on purpose: `python killed_writers.py every-step|any-moment FOLDER`.

A process of its own that forks, so that the killed ones share its imports and start at once.
Prints how many it killed; fails where a folder holds neither the former run nor the new one.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from itertools import count, cycle
from pathlib import Path

import safetensors.numpy  # noqa: F401  (what a fork imports late costs it time and file opens)
from sample_runs import ae_run, assert_same, vae_run

from vaeexplorer.run import Run
from vaeexplorer.storage import RunLibrary, load_run, save_run

CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir")
KILLED = 77


def die_before(step: int, root: Path) -> None:
    """End this process, as a kill would, before its `step`-th change to the disk."""
    steps = count(1)

    def hook(event: str, args: tuple) -> None:
        opened = event == "open" and str(args[0]).startswith(str(root))
        if (opened or event in CHANGES) and next(steps) == step:
            os._exit(KILLED)

    sys.addaudithook(hook)


def in_fork(action: Callable[[], object]) -> int:
    pid = os.fork()
    if pid == 0:
        action()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def check(root: Path, allowed: list[Run | None]) -> None:
    """The one place in `root` holds one of `allowed` (None: nothing), and nothing lies beside."""
    listed = RunLibrary(root).list()
    assert [entry for entry in os.listdir(root) if entry.startswith(".")] == []
    assert len(listed) == len(os.listdir(root)) <= 1
    assert all(one.problem is None for one in listed), listed
    found = load_run(listed[0].path) if listed else None
    names = [None if run is None else run.name for run in allowed]
    assert (found and found.name) in names, (found, names)
    if found is not None:
        assert_same(found, next(run for run in allowed if run and run.name == found.name))


def every_step(root: Path) -> int:
    a, b = vae_run("A"), ae_run("B")
    library = RunLibrary(root)
    actions: dict[str, tuple[Callable[[], object], list[Run | None], bool]] = {
        "save": (lambda: save_run(b, root / "run"), [a, b], True),
        "save first": (lambda: save_run(b, root / "run"), [None, b], False),
        "add": (lambda: library.add(b), [None, b], False),
        "rename": (lambda: library.rename(root / "run", "B"), [a, vae_run("B")], True),
        "delete": (lambda: library.delete(root / "run"), [a, None], True),
    }
    killed = 0
    for action, allowed, needs_former in actions.values():
        for step in count(1):
            for one in library.list():
                library.delete(one.path)
            if needs_former:
                save_run(a, root / "run")

            def attempt(action: Callable = action, step: int = step) -> None:
                die_before(step, root)
                action()

            if in_fork(attempt) != KILLED:
                break
            killed += 1
            if needs_former and None not in allowed:
                load_run(root / "run")  # before anything has listed and tidied
            check(root, allowed)
    return killed + half_removed(root, a, b)


def half_removed(root: Path, a: Run, b: Run) -> int:
    """Somebody removes the run after a kill: the former one comes back whole or not at all."""
    for step in count(1):
        save_run(a, root / "run")

        def attempt(step: int = step) -> None:
            die_before(step, root)
            save_run(b, root / "run")

        if in_fork(attempt) != KILLED:
            return step - 1
        shutil.rmtree(root / "run", ignore_errors=True)
        check(root, [a, None])
    raise AssertionError("count ends")


def any_moment(root: Path) -> int:
    a, b = vae_run("A"), ae_run("B")
    save_run(a, root / "run")
    rounds = 25
    for _ in range(rounds):
        ready, started = os.pipe()
        pid = os.fork()
        if pid == 0:
            for run in cycle((b, a)):
                save_run(run, root / "run")
                os.write(started, b".")
        os.close(started)
        os.read(ready, 1)
        time.sleep(random.uniform(0, 0.02))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(ready)
        load_run(root / "run")
        check(root, [a, b])
    return rounds


if __name__ == "__main__":
    modes = {"every-step": every_step, "any-moment": any_moment}
    print(modes[sys.argv[1]](Path(sys.argv[2])))
