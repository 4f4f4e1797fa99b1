"""Draw the pictures of docs/kinetics.md: python -m tools.kinetics_plots."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLOTS = ROOT / "docs/plots"
LEVELS = "examples/levels/immunodeficiency.toml"
COMMANDS = {
    "simulate": (
        "simulate --model navarromora2022 --weight-kg 70 --dose-g-per-kg 0.5 --every-days 28 --missed 5 "
        "--days 252 --patients 200 --target 7 --medicine none"
    ),
    "forecast": f"forecast {LEVELS}",
    "aim": f"aim {LEVELS} --site examples/site-dosing",
}
"""Each as a person would type it after ``ivigil``; the same command gives the same bytes."""


def draw(folder: Path) -> None:
    """Every picture, over one that is there. Raises CalledProcessError if a command fails."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, command in COMMANDS.items():
        plot = ("--plot", str(folder / f"{name}.svg"), "--overwrite")
        ran = [sys.executable, "-m", "ivigil", *shlex.split(command), *plot]
        subprocess.run(ran, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        (folder / f"{name}.svg").chmod(0o644)


if __name__ == "__main__":
    draw(PLOTS)
