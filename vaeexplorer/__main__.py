"""`python -m vaeexplorer` is the command `vae-explorer`."""

import sys

from vaeexplorer.cli import main

if __name__ == "__main__":
    sys.exit(main())
