"""The plot of bench/contamination.py: its JSON on stdin, the file to write as argument."""

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
mpl.rcParams.update({"svg.hashsalt": "patchmill", "svg.fonttype": "none", "font.size": 9, "axes.grid": True,
                     "grid.color": "#dddddd", "axes.spines.top": False, "axes.spines.right": False})  # fmt: skip
from matplotlib import pyplot  # noqa: E402

TITLES = {"humaneval": "HumanEval planted; clean: other authors", "mbpp": "half of MBPP planted; clean: its other half"}
AXES = {
    "prompt": ("share of the prompt alone", "prompt_overlap", {
        "verbatim prompt, other program": "#1f5fa8", "renamed": "#3f9f5f",
        "paraphrased prompt, other program": "#d1661d", "strongly paraphrased prompt, other program": "#e0b040",
        "clean": "#7a7a7a",
    }),
    "code": ("share of the solution alone", "code_overlap", {
        "other prompt, renamed program": "#3f9f5f", "other prompt, rewritten program": "#d1661d", "clean": "#7a7a7a",
    }),
}  # fmt: skip


def main() -> None:
    found, out = json.load(sys.stdin), Path(sys.argv[1])
    figure, grid = pyplot.subplots(len(AXES), len(TITLES), figsize=(10, 6.4), sharey=True, layout="constrained")
    for column, (name, title) in zip(grid.T, TITLES.items(), strict=True):
        for axes, (axis, (label, setting, kinds)) in zip(column, AXES.items(), strict=True):
            for kind, colour in kinds.items():
                shares = [at[kind] for at in found[name]["curves"][axis]]
                style = "--" if kind == "clean" else "-"
                axes.plot(found["thresholds"], shares, style, color=colour, label=kind, marker=".")
            axes.axvline(found["settings"][setting], color="black", linewidth=0.8, linestyle=":")
            axes.set_xlabel(f"threshold on the {label}")
            axes.set_ylabel("share left out")
            if name == "humaneval":
                place = (0.01, 0.06) if axis == "prompt" else "upper right"
                axes.legend(frameon=False, fontsize=6.5, loc=place)
        column[0].set_title(title, fontsize=9.5)
    figure.savefig(out, metadata={"Date": None, "Creator": None} if out.suffix == ".svg" else None, dpi=110)


if __name__ == "__main__":
    main()
