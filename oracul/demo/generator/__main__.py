"""`python -m oracul.demo.generator [--out FOLDER] [--days N]`: rebuild the recording."""

import argparse
import time
from pathlib import Path

from oracul.demo.generator.build import DAY_COUNT, build
from oracul.demo.generator.record import write
from oracul.demo.places import RECORDING_DIR
from oracul.settings import load_settings


def main() -> None:
    """Build, write, say what was written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=RECORDING_DIR, help="folder to write into")
    parser.add_argument("--days", type=int, default=DAY_COUNT, help="days to grow, day 0 included")
    arguments = parser.parse_args()
    started = time.monotonic()
    grown = build(load_settings().home / "cache" / "npm", day_count=arguments.days)
    size = write(grown, arguments.out)
    print(f"{len(grown.blocks)} blocks, tip {grown.blocks[-1][0]['hash']}")
    print(f"{size / 1e6:.2f} MB in {arguments.out}, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
