"""The few kinds of picture that pages are made of. Rows in, an Altair chart out; nothing is counted here.

Streamlit fits axes and legend into a chart's height, so heights here leave room for both.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

Rows = Sequence[dict[str, Any]]
_BAR_PX, _AXIS_PX, _LEGEND_PX, _PLOT_PX = 30, 80, 26, 260


def bars(
    rows: Rows, x: str, y: str, color: str, order: Sequence[str] | str | None = None, share: bool = False,
    colours: Mapping[str, str] | None = None, title: str | None = None,
) -> alt.Chart:  # fmt: skip
    """Lying bars: `x` a number, `y` names, parts of a bar by `color`; `share` makes every bar the same length."""
    names = {row[y] for row in rows}
    legend, legend_px = _legend(rows, color, 4)
    known = {row[color] for row in rows}
    scale = alt.Scale(scheme="tableau20") if len(known) > 10 else alt.Scale()
    if colours:
        parts = [name for name in colours if name in known]
        scale = alt.Scale(domain=parts, range=[colours[name] for name in parts])
    x_axis = alt.Axis(format="%" if share else "~s", tickCount=6)
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_bar(height={"band": 0.75})
        .encode(
            x=alt.X(f"{x}:Q", stack="normalize" if share else "zero", title=title or x.replace("_", " "), axis=x_axis),
            y=alt.Y(f"{y}:N", sort=order, title=None, axis=alt.Axis(labelLimit=320, labelOverlap=False)),
            color=alt.Color(f"{color}:N", title=None, legend=legend, scale=scale),
            tooltip=[alt.Tooltip(f"{y}:N"), alt.Tooltip(f"{color}:N"), alt.Tooltip(f"{x}:Q")],
        )
        .properties(height=len(names) * _BAR_PX + _AXIS_PX + legend_px)
    )


def columns(rows: Rows, x: str, y: str, color: str | None = None, title: str = "") -> alt.Chart:
    """Standing bars over a number `x` that counts equal steps: a histogram whose counting is done."""
    legend, legend_px = _legend(rows, color, 4) if color else (None, 0)
    encodings: dict[str, Any] = {
        "x": alt.X(f"{x}:O", title=title, axis=alt.Axis(labelAngle=0, labelOverlap=True, format="~g")),
        "y": alt.Y(f"{y}:Q", title=y.replace("_", " "), axis=alt.Axis(format="~s", tickCount=5)),
        "tooltip": [alt.Tooltip(f"{x}:O"), alt.Tooltip(f"{y}:Q")],
    }
    if color:
        encodings["color"] = alt.Color(f"{color}:N", title=None, legend=legend)
        encodings["tooltip"].append(alt.Tooltip(f"{color}:N"))
    chart = alt.Chart(alt.Data(values=list(rows))).mark_bar().encode(**encodings)
    return chart.properties(height=_PLOT_PX + legend_px)


def lines(
    rows: Rows, x: str, y: str, color: str, title: str = "", percent: bool = False, kind: str = "Q", log: bool = False
) -> alt.LayerChart:
    """A line with points for each `color`; `kind` T where `x` is a time, `log` where it is to be read by its digits."""
    legend, legend_px = _legend(rows, color, 1 if log else 2)
    axis, scale = alt.Axis(), alt.Scale()
    if log:
        axis = alt.Axis(values=sorted({row[x] for row in rows}), format="d")
        scale = alt.Scale(type="log", nice=False)
    encodings = {
        "x": alt.X(f"{x}:{kind}", title=title, axis=axis, scale=scale),
        "y": alt.Y(f"{y}:Q", title=y.replace("_", " "), axis=alt.Axis(format="%" if percent else "~g", tickCount=5)),
        "color": alt.Color(f"{color}:N", title=None, legend=legend, sort=None),
        "tooltip": [alt.Tooltip(f"{x}:{kind}"), alt.Tooltip(f"{y}:Q", format=".3~g"), alt.Tooltip(f"{color}:N")],
    }
    base = alt.Chart(alt.Data(values=list(rows))).encode(**encodings)
    both = alt.layer(base.mark_line(), base.mark_point(filled=True, size=50))
    return both.properties(height=_PLOT_PX + legend_px)


def heat(rows: Rows, x: str, y: str, value: str, titles: tuple[str, str]) -> alt.Chart:
    """Counts over two scales of steps, darker where there are more."""
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_rect()
        .encode(
            x=alt.X(f"{x}:O", title=titles[0], axis=alt.Axis(labelAngle=0, format="~g")),
            y=alt.Y(f"{y}:O", title=titles[1], sort="descending", axis=alt.Axis(format="~g")),
            color=alt.Color(f"{value}:Q", scale=alt.Scale(type="sqrt", scheme="blues"), title=value),
            tooltip=[alt.Tooltip(f"{x}:O"), alt.Tooltip(f"{y}:O"), alt.Tooltip(f"{value}:Q")],
        )
        .properties(height=_PLOT_PX)
    )


def strips(rows: Rows, x: str, y: str, color: str) -> alt.Chart:
    """A tick for every single measurement."""
    names = {row[y] for row in rows}
    legend, legend_px = _legend(rows, color, 4)
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_tick(thickness=2, opacity=0.7)
        .encode(
            x=alt.X(f"{x}:Q", title=x.replace("_", " "), scale=alt.Scale(zero=False)),
            y=alt.Y(f"{y}:N", title=None, sort=None),
            yOffset=alt.YOffset(f"{color}:N"),
            color=alt.Color(f"{color}:N", title=None, legend=legend),
            tooltip=[*(alt.Tooltip(f"{name}:N") for name in (y, color)), alt.Tooltip(f"{x}:Q")],
        )
        .properties(height=len(names) * 2 * _BAR_PX + _AXIS_PX + legend_px)
    )


def _legend(rows: Rows, color: str, columns_: int) -> tuple[alt.Legend, int]:
    """A legend above the picture, and the room that it takes."""
    names = {row[color] for row in rows}
    lines_ = -(-len(names) // columns_)
    return alt.Legend(orient="top", columns=columns_, labelLimit=600, symbolLimit=0), (1 + lines_) * _LEGEND_PX
