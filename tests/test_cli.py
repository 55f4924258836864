"""The command line: exit codes, one sentence per mistake, JSON, and Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vaeexplorer import __version__, cli
from vaeexplorer.storage import RunLibrary, is_run, load_run, runs_folder

pytestmark = pytest.mark.usefixtures("_one_thread")

Command = Callable[..., int]
MEASURES = {"distortion", "rate", "elbo"}


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in this process."""

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["vae-explorer", *map(str, arguments)])
        return cli.main()

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    arguments = ["train", "--data", "digits", "--epochs", "1", "--out", str(folder)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["vae-explorer", *arguments])
        assert cli.main() == 0
    return folder


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of the error that was printed; usage hints stand before it."""
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error.strip().splitlines()[-1]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option: str) -> None:
    program = (
        "import sys\n"
        "from vaeexplorer.cli import main\n"
        f"sys.argv = ['vae-explorer', {option!r}]\n"
        "code = main()\n"
        "heavy = {'torch', 'PySide6', 'numpy', 'umap', 'sklearn', 'scipy', 'pyqtgraph', 'rich'}\n"
        "sys.exit(code or sorted(heavy & set(sys.modules)) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (__version__ if option == "--version" else "train") in done.stdout


def test_train_prints_json_last_and_keeps_the_run(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    arguments = ["--latent-dim", "3", "--epochs", "2", "--seed", "5", "--out", str(out), "--json"]
    assert command("train", "--data", "digits", "--family", "vae", *arguments) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result.keys() == {
        *("out", "family", "latent_dim", "epochs", "seconds", "images_per_second"),
        *("train", "held_out"),
    }
    assert (result["out"], result["family"]) == (str(out), "vae")
    assert (result["latent_dim"], result["epochs"]) == (3, 2)
    for measures in (result["train"], result["held_out"]):
        assert measures.keys() == MEASURES
        assert measures["elbo"] == pytest.approx(-measures["distortion"] - measures["rate"])
    run = load_run(out)
    assert (run.config.seed, run.status) == (5, "finished")
    assert RunLibrary(runs_folder()).list() == ()


def test_without_out_the_run_is_added_to_the_library(command: Command) -> None:
    assert command("train", "--data", "digits", "--epochs", "1", "--name", "tried") == 0
    (summary,) = RunLibrary(runs_folder()).list()
    assert summary.name == "tried"


def test_option_that_the_family_lacks_is_ignored_with_one_line(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--family", "ae", "--beta", "4", "--epochs", "1", "--json"]
    assert command("train", "--data", "digits", *arguments, "--out", tmp_path / "run") == 0
    printed = capsys.readouterr()
    assert "--beta is ignored" in printed.err
    result = json.loads(printed.out.splitlines()[-1])
    assert result["held_out"]["rate"] is None
    assert result["held_out"]["elbo"] is None


def test_any_setting_of_a_family_can_be_typed_and_what_the_nats_are_is_said(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    typed = ["hidden=24, 16", "warm-up=0.5", "body=mlp", "likelihood=optimal"]
    options = [word for setting in typed for word in ("--set", setting)]
    assert command("train", "--data", "digits", "--epochs", "1", *options, "--out", out) == 0
    wanted = {"hidden": (24, 16), "warm_up": 0.5, "body": "mlp", "likelihood": "optimal"}
    assert load_run(out).config.model == wanted
    assert "nats of a density" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["train", "--data", "digits", "--set", "beta"], 2, "name=value, not 'beta'"),
        (["train", "--data", "digits", "--set", "gamma=1"], 2, "no setting 'gamma'; it has lat"),
        (["train", "--data", "digits", "--set", "beta=x"], 2, "beta must be a number, not 'x'"),
        (["train", "--data", "digits", "--set", "beta=nan"], 2, "beta must be a number, not nan"),
        (["train", "--data", "digits", "--set", "hidden=a"], 2, "hidden widths must be a list"),
        (["train", "--data", "digits", "--set", "body=cnn"], 2, "body must be one of auto, mlp"),
        (["train", "--data", "digits", *2 * ["--set", "beta=2"]], 2, "once, not twice"),
        (["train", "--data", "digits", "--beta=4", "--set", "beta=2"], 2, "beta is given twice"),
        (["train", "--data", "digits", "--family=gan", "--set", "beta=2"], 2, "no family 'gan'"),
        (["train"], 2, "--data"),
        (["train", "--data", "digits", "--family", "gan"], 2, "gan"),
        (["train", "--data", "digits", "--latent-dim", "0"], 2, "at least 1"),
        (["train", "--data", "digits", "--epochs", "0"], 2, "at least 1"),
        (["train", "--data", "digits", "--beta", "-1"], 2, "at least 0"),
        (["train", "--data", "digits", "--epochs", "many"], 2, "--epochs"),
        (["train", "--data", "nowhere.idx"], 66, "nowhere.idx"),
        (["report"], 2, "--out"),
        (["open", "nowhere"], 66, "nowhere"),
        (["score", "nowhere"], 66, "nowhere"),
        (["score", "--data", "nowhere.idx"], 66, "nowhere.idx"),
        (["score", "--data", "shapes"], 66, "1x32x32"),
        (["score", "--space", "style"], 2, "--space"),
        (["score", "--law", "mixture:21"], 2, "mixture:1 to mixture:20"),
        (["paint"], 2, "paint"),
    ],
)
def test_mistake_is_one_sentence_and_an_exit_code(
    arguments: list[str],
    code: int,
    part: str,
    command: Command,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(*arguments) == code
    assert part in sentence(capsys)


def test_file_that_is_no_data_is_refused(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "poem.txt"
    file.write_text("not an image")
    assert command("train", "--data", file, "--out", tmp_path / "run") == 66
    assert "poem.txt" in sentence(capsys)
    assert not (tmp_path / "run").exists()
    assert command("open", file) == 66
    assert "poem.txt" in sentence(capsys)


def test_out_that_holds_something_is_never_destroyed(
    command: Command, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "--data", "digits", "--epochs", "1", "--out"]
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear")
    assert command(*arguments, tmp_path / "letters") == 2
    assert "--out" in sentence(capsys)
    before = load_run(trained).created
    assert command(*arguments, trained) == 2
    assert "--replace" in sentence(capsys)
    assert load_run(trained).created == before


def test_replace_trains_over_a_run(command: Command, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    arguments = ["train", "--data", "digits", "--epochs", "1", "--out", out]
    assert command(*arguments, "--name", "first") == 0
    assert command(*arguments, "--name", "second", "--replace") == 0
    assert load_run(out).name == "second"


def test_no_display_is_said_before_qt_aborts(
    command: Command,
    trained: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for arguments in ([], ["open"], ["open", str(trained)], ["open", "digits"]):
        assert command(*arguments) == 69
        assert "report" in sentence(capsys)


def test_bug_is_logged_with_its_traceback_and_told_in_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(cli, "_config", broken)
    assert command("train", "--data", "digits") == 70
    line = sentence(capsys)
    log = runs_folder().parent / "vae-explorer.log"
    assert "a bug" in line
    assert str(log) in line
    assert "Traceback" in log.read_text()


def test_failed_training_is_exit_1(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from vaeexplorer.training import TrainingError

    def broken(*_: object, **__: object) -> None:
        raise TrainingError("The weights left the numbers.")

    monkeypatch.setattr("vaeexplorer.jobs.training.train_and_save", broken)
    assert command("train", "--data", "digits") == 1
    assert sentence(capsys) == "Error: The weights left the numbers."


def test_score_prints_json_alone_on_stdout(
    command: Command, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laws = ("--law", "mixture:2", "--law", "neighbours")
    assert command("score", trained, "--json", *laws) == 0
    printed = capsys.readouterr()
    assert "--law neighbours is ignored" in printed.err
    (scores,) = json.loads(printed.out)
    assert "fitted mixture of 2" in scores["completeness"]["others"]
    assert (scores["family"], scores["space"], scores["latent_dim"]) == ("vae", "z", 8)
    assert {"run", "n", "verdict"} <= scores.keys()
    assert {"score", "sd", "C", "C20", "gate", "R2", "A", "J"} <= scores["continuity"].keys()
    assert scores["completeness"].keys() == {"score", "sd", "P", "Q", "law", "others"}


def test_score_prints_a_table_and_the_verdict(
    command: Command, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from vaeexplorer.jobs.bundled import default_pair_folders

    vae = default_pair_folders()[1]
    assert command("score", vae, trained) == 0
    text = capsys.readouterr().out
    numbers = dict(
        re.split(r"  +", line.strip(), maxsplit=1)
        for line in text.split("\n\n")[0].splitlines()[1:]
    )
    # The other was trained for an epoch: no number may stand for what shows nothing.
    assert re.fullmatch(r"0\.\d{3} ±0\.\d{3} +-- carries \d+ %", numbers["Continuity"])
    assert re.fullmatch(r"0\.\d{3} ±0\.\d{3} +0\.\d{3} ±0\.\d{3}", numbers["Completeness"])
    assert numbers["law of the draws"].split("  ")[0] == "standard normal"
    assert "n, images compared" in numbers
    assert "Near and between codes a small step" in text
    assert "carries" in text
    assert "No clear difference" in text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_stops_cleanly_and_keeps_the_snapshot(tmp_path: Path) -> None:
    out = tmp_path / "run"
    arguments = ["train", "--data", "digits", "--family", "ae", "--epochs", "100000", "--json"]
    # Ctrl-C as soon as the first epoch is done, sent by the program to itself.
    program = (
        "import os, signal, sys\n"
        "from vaeexplorer import cli\n"
        "from vaeexplorer.cli import progress as shown\n"
        "describe = shown._describe\n"
        "def interrupt(progress):\n"
        "    if getattr(progress, 'epoch', 0) == 2:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return describe(progress)\n"
        "shown._describe = interrupt\n"
        "sys.exit(cli.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments, "--out", str(out)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert "Stopped after" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["epochs"] >= 2
    assert is_run(out)
    assert load_run(out).status == "stopped"
    assert load_run(out).codes


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_before_the_first_epoch_is_exit_130(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        cli.progress, "_describe", lambda _: os.kill(os.getpid(), signal.SIGINT) or ""
    )
    before = signal.getsignal(signal.SIGINT)
    assert command("train", "--data", "digits", "--epochs", "9", "--out", tmp_path / "run") == 130
    assert not (tmp_path / "run").exists()
    assert signal.getsignal(signal.SIGINT) is before
