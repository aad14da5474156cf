"""``python -m tests.benchmarks [name …]``: all benchmarks without a name."""

import sys

from fleet_site.env import read_env
from tests.benchmarks.harness import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], folder=read_env().data_dir / "bench"))
