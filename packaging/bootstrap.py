"""Install vae-explorer into .venv beside this folder, then run it or its tests.

    python3 packaging/bootstrap.py run [ARGS]     the program; ARGS go to it
    python3 packaging/bootstrap.py test [ARGS]    the tests, without a screen; ARGS go to pytest

As many processes as there are cores, at most four, share the tests; `test -n 0` takes one.

Standard library only. The first call installs, which takes minutes; a later one installs again
only where pyproject.toml, packaging/constraints.txt or what was asked for has changed.

Exit codes of its own: 1 the installation failed, 2 usage, 3 Python or a system library is missing,
69 there is no display, 130 Ctrl-C. Otherwise those of the program or of pytest.
"""

# No newer syntax than Python 3.6 has: an old Python must come as far as the sentence about it.
import ctypes
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "vae-explorer-install.json"
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"

OLDEST_PYTHON = (3, 11)
EXTRAS = {"run": [], "test": ["dev", "onnx", "test"]}

SHARED_OUT = ["-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"]
"""Options of pytest-xdist. A process takes 2 GB; neighbours share fixtures: they stay together."""

QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
}
"""What Qt loads even without a screen: shared library and its package on Debian and Ubuntu."""

X11_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
"""What a window on an X display needs beside."""


class BootstrapError(Exception):
    """A reason to stop: one sentence for the user, and the exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


def opens_window(args: "list[str]") -> bool:
    """Whether the program, called with `args`, shows a window rather than answers in text."""
    if {"-h", "--help", "--version"} & set(args):
        return False
    words = [arg for arg in args if not arg.startswith("-")]
    return not words or words[0] == "open"


def has_display(environ: "dict[str, str]", platform: str) -> bool:
    """Whether Qt can show a window, or has been told to do without a screen."""
    if platform in ("win32", "darwin"):
        return True
    plugin = environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if plugin and plugin != "xcb" and not plugin.startswith("wayland"):
        return True
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def needed_libraries(verb: str, args: "list[str]", environ: "dict[str, str]") -> "dict[str, str]":
    """Shared libraries that this call needs on Linux, with their Debian packages."""
    if verb == "run" and not opens_window(args):
        return {}
    on_x11 = environ.get("QT_QPA_PLATFORM", "xcb") == "xcb" and environ.get("DISPLAY")
    return {**QT_LIBRARIES, **(X11_LIBRARIES if verb == "run" and on_x11 else {})}


def loads(library: str) -> bool:
    """Whether the dynamic loader finds `library`."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def is_debian(os_release: str) -> bool:
    """Whether the text of /etc/os-release describes Debian, Ubuntu or a descendant."""
    fields = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    names = " ".join(fields.get(key, "").strip("\"'") for key in ("ID", "ID_LIKE")).split()
    return bool({"debian", "ubuntu"} & set(names))


def fingerprint() -> str:
    """SHA-256 of all that decides what is installed, and where from."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in (ROOT / "pyproject.toml", CONSTRAINTS):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_installed(extras: "list[str]") -> bool:
    """Whether .venv holds the present requirements with at least these extras."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        current = stamp["fingerprint"] == fingerprint() and set(extras) <= set(stamp["extras"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return current and PYTHON.exists()


def say(sentence: str) -> None:
    """Tell what is being done; on stderr, so that the program's output stays its own."""
    print(f"bootstrap: {sentence}", file=sys.stderr, flush=True)


def install_packages(packages: "list[str]", reason: str) -> None:
    """Install Debian packages where that is possible; else halt with the line that does."""
    line = f"apt-get install -y {' '.join(packages)}"
    try:
        debian = is_debian(Path("/etc/os-release").read_text(encoding="utf-8"))
    except OSError:
        debian = False
    if not debian:
        raise BootstrapError(f"{reason}; on Debian or Ubuntu they come with: {line}", 3)
    if os.geteuid() != 0:
        raise BootstrapError(f"{reason}; install them with: sudo {line}", 3)
    say(f"{reason}; installing them: {line}")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], [*line.split(), "-q"]):
        try:
            subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, stdout=2, check=True)
        except (OSError, subprocess.CalledProcessError):
            raise BootstrapError(
                f"{' '.join(command)} failed; install by hand: {line}", 3
            ) from None


def provide_libraries(libraries: "dict[str, str]") -> None:
    """See to it that every shared library can be loaded."""
    missing = [name for name in libraries if not loads(name)]
    if not missing:
        return
    packages = sorted({libraries[name] for name in missing})
    install_packages(packages, f"these system libraries are missing: {', '.join(missing)}")
    missing = [name for name in missing if not loads(name)]
    if missing:
        raise BootstrapError(f"still missing after the installation: {', '.join(missing)}", 3)


def succeeds(command: "list[str]") -> bool:
    """Whether a command can be run and exits with 0, in silence."""
    silence = subprocess.DEVNULL
    try:
        return not subprocess.run(command, stdin=silence, stdout=silence, stderr=silence).returncode
    except OSError:
        return False


def make_environment() -> None:
    """Make .venv unless a usable one is there."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    if PYTHON.exists() and succeeds([str(PYTHON), "-c", probe]):
        return
    if not succeeds([sys.executable, "-c", "import ensurepip, venv"]):
        install_packages(["python3-venv"], "Python's own modules venv and ensurepip are missing")
    say(f"making the environment {VENV}")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], stdout=2).returncode:
        raise BootstrapError(f"{VENV} could not be made; Python's message above says why", 1)


def install(extras: "list[str]") -> None:
    """Install vae-explorer, editable, with `extras` into .venv."""
    STAMP.unlink(missing_ok=True)
    make_environment()
    say("installing vae-explorer and what it needs; the first time takes minutes")
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    # stdout=2: the output of pip goes to stderr.
    result = subprocess.run([*command, "-c", str(CONSTRAINTS), "-e", target], stdout=2)
    if result.returncode:
        raise BootstrapError("the installation failed; pip's message above says why", 1)
    stamp = {"fingerprint": fingerprint(), "extras": extras}
    STAMP.write_text(json.dumps(stamp), encoding="utf-8")


def hand_over(command: "list[str]") -> int:
    """Become `command`, so that signals and exit codes are its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    with subprocess.Popen(command) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # The child has had its Ctrl-C too, and decides.


def bootstrap(verb: str, args: "list[str]") -> int:
    """Check, install, and hand over to the program or to pytest."""
    if verb == "run" and opens_window(args) and not has_display(dict(os.environ), sys.platform):
        sentence = "there is no display to open a window on; `run report` does the work without one"
        raise BootstrapError(sentence, 69)
    if sys.platform.startswith("linux"):
        provide_libraries(needed_libraries(verb, args, dict(os.environ)))
    if not is_installed(EXTRAS[verb]):
        install(EXTRAS[verb])
    if verb == "run":
        # -P: a torch.py in the folder where the user stands is not ours.
        return hand_over([str(PYTHON), "-P", "-m", "vaeexplorer", *args])
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.chdir(ROOT)
    return hand_over([str(PYTHON), "-m", "pytest", *SHARED_OUT, *args])


def main(argv: "list[str]") -> int:
    """Read the command line; return the exit code."""
    if argv and argv[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    if not argv or argv[0] not in EXTRAS:
        print("usage: python3 packaging/bootstrap.py run|test [ARGS]", file=sys.stderr)
        return 2
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        say(f"Python 3.11 or newer is needed and this is {found}; call it with a newer one")
        return 3
    try:
        return bootstrap(argv[0], argv[1:])
    except BootstrapError as error:
        say(str(error))
        return error.code
    except KeyboardInterrupt:
        say("stopped; call it again to go on")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
