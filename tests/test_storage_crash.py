"""A kill, a full disk or another writer at any moment leaves the former run or the new one."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sample_runs import ae_run, assert_same, vae_run

import vaeexplorer.storage.run_folder as run_folder
from vaeexplorer.run import Run
from vaeexplorer.storage import RunLibrary, StorageError, load_run, save_run

TESTS = Path(__file__).parent
DEAD = 999_999_999
LIVING = 1  # the first process of the system runs as long as the system


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_run(vae_run(), tmp_path / "run")
    return tmp_path / "run"


def python(*arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Failing:
    """Calls of the os module of which the k-th, or all from it on, fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.calls = 0

    def start(self, k: int, code: int, *, lasting: bool) -> None:
        self.calls = 0
        for name in ("rename", "replace", "fsync", "mkdir"):
            self._monkeypatch.setattr(os, name, self._wrapped(getattr(os, name), k, code, lasting))

    def stop(self) -> int:
        """Return how many calls there were."""
        self._monkeypatch.undo()
        return self.calls

    def _wrapped(self, function, k: int, code: int, lasting: bool):
        counter = self

        def call(*arguments, **options):
            counter.calls += 1
            if counter.calls == k or (lasting and counter.calls > k):
                raise OSError(code, os.strerror(code))
            return function(*arguments, **options)

        return call


class TestKill:
    def test_before_every_change_to_the_disk(self, tmp_path: Path) -> None:
        killed = int(python(TESTS / "killed_writers.py", "every-step", tmp_path))
        assert killed > 40

    def test_at_any_moment(self, tmp_path: Path) -> None:
        assert int(python(TESTS / "killed_writers.py", "any-moment", tmp_path)) == 25


class TestRefusingDisk:
    @pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
    def test_whichever_call_fails(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, lasting: bool
    ) -> None:
        failing = Failing(monkeypatch)
        outcomes = []
        for k in range(1, 100):
            save_run(vae_run(), folder)
            failing.start(k, errno.ENOSPC, lasting=lasting)
            wanted, reason = ae_run(), ""
            try:
                save_run(ae_run(), folder)
            except StorageError as error:
                wanted, reason = vae_run(), str(error)
            calls = failing.stop()
            assert not reason or "the disk is full" in reason
            if not lasting:  # a disk that refuses everything cannot be tidied either
                assert os.listdir(folder.parent) == ["run"]
            assert_same(load_run(folder), wanted)
            RunLibrary(folder.parent).list()
            assert os.listdir(folder.parent) == ["run"]
            outcomes.append(wanted.name)
            if calls < k:
                break
        assert len(set(outcomes)) == 2
        assert len(outcomes) > 8

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            (errno.EROFS, "it lies on a read-only disk"),
            (errno.EACCES, "permission was denied"),
            (errno.EIO, os.strerror(errno.EIO)),
        ],
    )
    def test_reason_is_told(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
    ) -> None:
        failing = Failing(monkeypatch)
        failing.start(1, code, lasting=True)
        with pytest.raises(StorageError, match=words):
            RunLibrary(folder.parent).add(ae_run())
        assert failing.stop() > 0
        assert os.listdir(folder.parent) == ["run"]

    def test_file_that_cannot_grow(self, folder: Path) -> None:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            with pytest.raises(StorageError, match="could not be written"):
                save_run(vae_run("later"), folder)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert_same(load_run(folder), vae_run())
        assert os.listdir(folder.parent) == ["run"]

    def test_name_that_is_too_long(self, tmp_path: Path) -> None:
        with pytest.raises(StorageError, match="its name is too long"):
            save_run(ae_run(), tmp_path / ("x" * 250))
        assert os.listdir(tmp_path) == []


class TestLeftovers:
    def aside(self, folder: Path, kind: str, pid: int) -> Path:
        return folder.with_name(f".run.{kind}-{pid}-0123abcd")

    def test_former_run_of_a_dead_writer_is_moved_back(self, folder: Path) -> None:
        folder.rename(self.aside(folder, "old", DEAD))
        assert_same(load_run(folder), vae_run())
        assert os.listdir(folder.parent) == ["run"]

    def test_former_run_of_a_living_writer_is_read_where_it_is(self, folder: Path) -> None:
        aside = self.aside(folder, "old", LIVING)
        folder.rename(aside)
        os.utime(aside)
        assert_same(load_run(folder), vae_run())
        (listed,) = RunLibrary(folder.parent).list()
        assert (listed.path, listed.name, listed.problem) == (folder, vae_run().name, None)
        assert os.listdir(folder.parent) == [aside.name]

    def test_number_of_a_process_does_not_protect_for_ever(self, folder: Path) -> None:
        aside = self.aside(folder, "old", LIVING)
        folder.rename(aside)
        hours_ago = time.time() - 7200
        os.utime(aside, (hours_ago, hours_ago))
        assert [one.path for one in RunLibrary(folder.parent).list()] == [folder]
        assert os.listdir(folder.parent) == ["run"]

    def test_listing_removes_what_dead_writers_left_and_nothing_else(self, folder: Path) -> None:
        left = [self.aside(folder, kind, DEAD) for kind in ("new", "old", "gone")]
        kept = [self.aside(folder, "new", LIVING), folder.with_name(".hidden")]
        for path in left + kept:
            path.mkdir()
        assert len(RunLibrary(folder.parent).list()) == 1
        assert set(os.listdir(folder.parent)) == {"run", *(path.name for path in kept)}

    def test_only_copy_is_never_removed(self, folder: Path) -> None:
        aside = self.aside(folder, "old", DEAD)
        folder.rename(aside)
        folder.mkdir()
        (listed,) = RunLibrary(folder.parent).list()
        assert listed.problem
        folder.rmdir()
        assert_same(load_run(folder), vae_run())

    def test_deleted_run_does_not_return(self, folder: Path) -> None:
        save_run(ae_run(), folder.with_name("former"))
        folder.with_name("former").rename(self.aside(folder, "old", DEAD))
        RunLibrary(folder.parent).delete(folder)
        assert RunLibrary(folder.parent).list() == ()
        assert os.listdir(folder.parent) == []


class TestSeveralWriters:
    def test_reader_sees_one_run_or_the_other(self, folder: Path) -> None:
        def write() -> None:
            for _ in range(20):
                save_run(ae_run(), folder)
                save_run(vae_run(), folder)

        writer = threading.Thread(target=write)
        writer.start()
        reads = 0
        while writer.is_alive() or not reads:
            run = load_run(folder)
            assert_same(run, ae_run() if run.name == ae_run().name else vae_run())
            assert [one.problem for one in RunLibrary(folder.parent).list()] == [None]
            reads += 1
        writer.join()
        assert os.listdir(folder.parent) == ["run"]

    def test_last_of_two_writers_wins_and_nothing_stays(self, folder: Path) -> None:
        failures = []

        def write(run: Run) -> None:
            try:
                for _ in range(20):
                    save_run(run, folder)
            except BaseException as error:
                failures.append(error)

        writers = [threading.Thread(target=write, args=(run,)) for run in (ae_run(), vae_run())]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert failures == []
        run = load_run(folder)
        assert_same(run, ae_run() if run.name == ae_run().name else vae_run())
        assert os.listdir(folder.parent) == ["run"]

    def test_rename_of_a_run_that_is_saved_anew_meanwhile_keeps_the_new_one(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, calls = run_folder.exchange, []

        def saved_between(target: Path, files, expected=None) -> None:
            calls.append(expected)
            if len(calls) == 1:
                monkeypatch.setattr(run_folder, "exchange", real)
                save_run(vae_run(seed=5), folder)
                monkeypatch.setattr(run_folder, "exchange", saved_between)
            real(target, files, expected)

        monkeypatch.setattr(run_folder, "exchange", saved_between)
        RunLibrary(folder.parent).rename(folder, "renamed")
        assert len(calls) == 2
        assert_same(load_run(folder), vae_run("renamed", seed=5))

    def test_processes_that_add_at_once_get_folders_of_their_own(self, tmp_path: Path) -> None:
        script = (
            "import sys; from pathlib import Path; from sample_runs import ae_run;"
            "from vaeexplorer.storage import RunLibrary;"
            "[print(RunLibrary(Path(sys.argv[1])).add(ae_run()).name) for _ in range(8)]"
        )
        names: list[str] = []
        threads = [
            threading.Thread(target=lambda: names.extend(python("-c", script, tmp_path).split()))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(names)) == len(names) == 24
        assert set(os.listdir(tmp_path)) == set(names)
        for name in names:
            assert_same(load_run(tmp_path / name), ae_run())
