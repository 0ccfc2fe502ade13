"""The plot of bench/simulation.py: its JSON on stdin, the file to write as argument."""

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
mpl.rcParams.update({"svg.hashsalt": "patchmill", "svg.fonttype": "none", "font.size": 9, "axes.grid": True,
                     "grid.color": "#dddddd", "axes.spines.top": False, "axes.spines.right": False})  # fmt: skip
from matplotlib import pyplot  # noqa: E402

AXES = {
    "tests_right": "share of tests that are right",
    "right": "share of programs that are right",
    "common": "share of wrong programs wrong in one way",
    "tests_common": "share of wrong tests that share the error",
}
FIGURES = {"spearman": "Spearman with truth", "chosen_right": "best of a problem is right"}
COLOURS = {"self_validation": "#1f5fa8", "passed_count": "#d1661d", "pass_all": "#7a7a7a", "random": "#bbbbbb"}


def main() -> None:
    found, out = json.load(sys.stdin), Path(sys.argv[1])
    scenarios = found["scenarios"].values()
    figure, grid = pyplot.subplots(len(FIGURES), len(scenarios), figsize=(13, 5.6), sharey="row", layout="constrained")
    for column, scenario in zip(grid.T, scenarios, strict=True):
        for axes, (figure_name, label) in zip(column, FIGURES.items(), strict=True):
            for ranker, colour in COLOURS.items():
                told = [
                    (x, at[ranker][figure_name])
                    for x, at in zip(scenario["values"], scenario["points"], strict=True)
                    if figure_name == "spearman" or at[ranker]["pairs"] >= 0.1  # a share of fewer says nothing
                ]
                axes.plot(*zip(*told, strict=True) if told else ([], []), color=colour, label=ranker, marker=".")
            if column[0] is grid[0, 0]:
                axes.set_ylabel(label)
        column[0].set_title(scenario["title"], fontsize=9.5)
        column[-1].set_xlabel(AXES[scenario["varied"]])
    grid[0, 0].legend(frameon=False, fontsize=8)
    figure.savefig(out, metadata={"Date": None, "Creator": None} if out.suffix == ".svg" else None, dpi=110)


if __name__ == "__main__":
    main()
