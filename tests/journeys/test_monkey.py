"""What a person does at random at the window goes wrong nowhere. How often that is tried is small
here: `tests/monkey.py` goes on for as long as one likes."""

import subprocess
import sys
from pathlib import Path

import pytest

MONKEY = Path(__file__).parents[1] / "monkey.py"
SEED, ACTS = 7, 60
TIMEOUT_S = 300


@pytest.mark.slow
def test_acts_at_random_go_wrong_nowhere():
    done = subprocess.run(
        [sys.executable, str(MONKEY), str(SEED), str(ACTS)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert f"seed {SEED}: {ACTS} acts, 0 failures" in done.stdout, done.stderr[-3000:]
    assert done.returncode == 0
