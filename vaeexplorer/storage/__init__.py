"""Runs on disk: saved in one step, read with every claim checked, kept in a library.

Nothing here imports torch, and nothing in the files is ever executed.
"""

from vaeexplorer.storage.atomic import StorageError, write_atomically
from vaeexplorer.storage.exchange import is_run
from vaeexplorer.storage.library import RunLibrary, RunSummary, runs_folder
from vaeexplorer.storage.run_folder import load_run, save_run

__all__ = [
    "RunLibrary",
    "RunSummary",
    "StorageError",
    "is_run",
    "load_run",
    "runs_folder",
    "save_run",
    "write_atomically",
]
