import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "packaging" / "bootstrap.py"


@pytest.fixture
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(bootstrap, monkeypatch, tmp_path):
    """A folder of its own in place of the checkout."""
    (tmp_path / "pyproject.toml").write_text("[project]")
    (tmp_path / "constraints.txt").write_text("numpy==2.0")
    python = tmp_path / ".venv" / "python"
    python.parent.mkdir()
    python.touch()
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "CONSTRAINTS", tmp_path / "constraints.txt")
    monkeypatch.setattr(bootstrap, "PYTHON", python)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv" / "stamp.json")
    return tmp_path


@pytest.fixture
def commands(bootstrap, folder, monkeypatch):
    """Commands that would have been run: all of them succeed."""
    ran = []

    def run(command, **options):
        ran.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    return ran


@pytest.mark.parametrize("args", [[], ["open"], ["open", "my-run"], ["--verbose"]])
def test_these_commands_open_a_window(bootstrap, args):
    assert bootstrap.opens_window(args)


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["--version"],
        ["train", "--help"],
        ["report", "run", "--out", "x"],
        ["open", "-h"],
    ],
)
def test_these_commands_answer_in_text(bootstrap, args):
    assert not bootstrap.opens_window(args)


@pytest.mark.parametrize(
    ("environ", "platform", "display"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", True),
        ({"QT_QPA_PLATFORM": "minimal:enable_fonts"}, "linux", True),
        ({"QT_QPA_PLATFORM": "xcb"}, "linux", False),
        ({"QT_QPA_PLATFORM": "wayland-egl"}, "linux", False),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_a_display_is_known_from_the_environment(bootstrap, environ, platform, display):
    assert bootstrap.has_display(environ, platform) is display


@pytest.mark.parametrize(
    ("text", "debian"),
    [
        ('ID=debian\nVERSION_ID="12"', True),
        ("NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian", True),
        ('ID=pop\nID_LIKE="ubuntu debian"', True),
        ("ID=fedora\n# debian=no", False),
        ("", False),
    ],
)
def test_debian_and_its_descendants_are_recognised(bootstrap, text, debian):
    assert bootstrap.is_debian(text) is debian


def test_only_what_shows_a_window_needs_the_libraries_of_qt(bootstrap):
    on_x11, without = {"DISPLAY": ":0"}, {}
    assert bootstrap.needed_libraries("run", ["train"], on_x11) == {}
    assert bootstrap.needed_libraries("test", [], on_x11) == bootstrap.QT_LIBRARIES
    assert bootstrap.needed_libraries("run", [], without) == bootstrap.QT_LIBRARIES
    window = bootstrap.needed_libraries("run", [], on_x11)
    assert window == {**bootstrap.QT_LIBRARIES, **bootstrap.X11_LIBRARIES}


@pytest.mark.skipif(sys.platform != "linux", reason="shared libraries are probed on Linux only")
def test_a_library_is_there_or_not(bootstrap):
    assert bootstrap.loads("libc.so.6")
    assert not bootstrap.loads("libno-such-thing.so.1")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users have numbers on POSIX only")
class TestMissingLibraries:
    @pytest.fixture(autouse=True)
    def _debian(self, bootstrap, folder, monkeypatch):
        release = folder / "os-release"
        release.write_text("ID=debian")
        real = bootstrap.Path
        monkeypatch.setattr(
            bootstrap, "Path", lambda path: release if path == "/etc/os-release" else real(path)
        )

    def test_a_user_is_told_the_line_that_installs_them(self, bootstrap, monkeypatch):
        monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
        monkeypatch.setattr(bootstrap, "loads", lambda library: not library.startswith("libg"))
        with pytest.raises(bootstrap.BootstrapError) as caught:
            bootstrap.provide_libraries(bootstrap.QT_LIBRARIES)
        assert caught.value.code == 3
        assert str(caught.value) == (
            "these system libraries are missing: libglib-2.0.so.0, libgthread-2.0.so.0; "
            "install them with: sudo apt-get install -y libglib2.0-0"
        )

    def test_root_gets_them_installed(self, bootstrap, commands, monkeypatch):
        monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
        monkeypatch.setattr(bootstrap, "loads", lambda library: bool(commands))
        bootstrap.provide_libraries({"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1"})
        assert commands[0][:2] == ["apt-get", "update"]
        assert commands[1][:5] == ["apt-get", "install", "-y", "libegl1", "libgl1"]

    def test_an_installation_that_does_not_help_is_no_success(
        self, bootstrap, commands, monkeypatch
    ):
        monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
        monkeypatch.setattr(bootstrap, "loads", lambda library: False)
        with pytest.raises(bootstrap.BootstrapError, match="still missing") as caught:
            bootstrap.provide_libraries({"libGL.so.1": "libgl1"})
        assert caught.value.code == 3

    def test_without_venv_the_package_is_named(self, bootstrap, folder, monkeypatch):
        monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
        monkeypatch.setattr(bootstrap, "succeeds", lambda command: False)
        with pytest.raises(bootstrap.BootstrapError, match="apt-get install -y python3-venv"):
            bootstrap.make_environment()


def test_what_is_installed_is_not_installed_again(bootstrap, commands):
    bootstrap.install(["dev", "test"])
    assert bootstrap.is_installed(["dev", "test"])
    assert bootstrap.is_installed([])
    assert not bootstrap.is_installed(["dev", "onnx", "test"])


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_changed_requirement_is_installed(bootstrap, commands, folder, name):
    bootstrap.install([])
    (folder / name).write_text("other")
    assert not bootstrap.is_installed([])


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"fingerprint": 1, "extras": 2}'])
def test_a_damaged_stamp_means_not_installed(bootstrap, folder, text):
    bootstrap.STAMP.write_text(text)
    assert not bootstrap.is_installed([])


def test_an_installation_that_fails_leaves_no_stamp(bootstrap, commands, monkeypatch):
    bootstrap.install([])
    monkeypatch.setattr(
        bootstrap.subprocess, "run", lambda c, **o: subprocess.CompletedProcess(c, "-e" in c)
    )
    with pytest.raises(bootstrap.BootstrapError, match="pip's message above") as caught:
        bootstrap.install([])
    assert caught.value.code == 1
    assert not bootstrap.is_installed([])


def test_the_installation_follows_the_constraints(bootstrap, commands, folder):
    bootstrap.install(["test"])
    command = commands[-1]
    assert command[command.index("-c") + 1] == str(folder / "constraints.txt")
    assert command[command.index("-e") + 1] == f"{folder}[test]"
    assert json.loads(bootstrap.STAMP.read_text())["extras"] == ["test"]


def test_processes_share_the_tests_unless_told_otherwise(bootstrap, commands, folder, monkeypatch):
    handed = []
    monkeypatch.chdir(folder)
    monkeypatch.setattr(bootstrap, "provide_libraries", lambda libraries: None)
    monkeypatch.setattr(bootstrap, "hand_over", lambda command: handed.extend(command) or 0)
    assert bootstrap.main(["test", "-n", "0"]) == 0
    assert handed[1:3] == ["-m", "pytest"]
    # The last one counts.
    assert [handed[k + 1] for k, one in enumerate(handed) if one == "-n"] == ["auto", "0"]


def call(*args, **environ):
    clean = {k: v for k, v in os.environ.items() if not re.search("DISPLAY|QT_QPA", k)}
    return subprocess.run(
        [sys.executable, SCRIPT, *args], capture_output=True, text=True, env=clean | environ
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a display")
def test_without_a_display_one_line_names_the_command_that_needs_none():
    result = call("run")
    assert result.returncode == 69
    assert result.stdout == ""
    assert re.fullmatch(r".*no display.*`run report`.*\n", result.stderr)


@pytest.mark.parametrize("args", [[], ["install"]])
def test_other_words_are_a_usage_error(args):
    result = call(*args)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: ")


def test_an_old_python_is_told_so(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 10, 4))
    assert bootstrap.main(["run"]) == 3
    assert capsys.readouterr().err == (
        "bootstrap: Python 3.11 or newer is needed and this is 3.10; call it with a newer one\n"
    )


def hand_over(code):
    program = (
        f"import runpy, sys; hand_over = runpy.run_path({str(SCRIPT)!r})['hand_over'];"
        f"sys.exit(hand_over([sys.executable, '-c', {code!r}]))"
    )
    return [sys.executable, "-c", program]


def test_the_exit_code_is_handed_through():
    assert subprocess.run(hand_over("import sys; sys.exit(66)")).returncode == 66


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to hand through")
def test_a_signal_is_handed_through():
    code = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert subprocess.run(hand_over(code)).returncode == -signal.SIGTERM


def test_every_pin_is_exact_and_names_no_place():
    lines = (ROOT / "packaging" / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []
    assert "torch==2.13.0" in pins
    assert "PySide6-Essentials==6.11.3" in pins
