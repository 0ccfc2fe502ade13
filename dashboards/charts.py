"""The kinds of chart that pages are made of: rows in, an Altair chart out. Nothing is counted here.

Streamlit fits axes and legend into a chart's height, so heights here leave room for both.
"""

from collections.abc import Mapping, Sequence

import altair as alt

from dashboards.headings import heading

Rows = Sequence[Mapping[str, object]]
BAR_PX, AXIS_PX, LEGEND_LINE_PX, PLOT_PX = 30, 80, 26, 260
MOST_DISTINCT = 10
"""Colours of Altair's default scheme; more names take a scheme of twenty."""


def draw_bars(
    rows: Rows, x: str, y: str, color: str, order: Sequence[str] | None = None, share: bool = False,
    colours: Mapping[str, str] | None = None, title: str | None = None,
) -> alt.Chart:  # fmt: skip
    """Draw horizontal stacked bars.

    Args:
        rows: the parts of all bars.
        x: column of a part's length.
        y: column of a bar's name.
        color: column of a part's name.
        order: names of bars from top to bottom; None: by the alphabet.
        share: make all bars of one length.
        colours: colour by the name of a part, in the order in which parts are stacked.
        title: of the x-axis; the column's heading by default.
    """
    legend, legend_px = _legend(rows, color, 4)
    names = {row[color] for row in rows}
    scale = alt.Scale(scheme="tableau20") if len(names) > MOST_DISTINCT else alt.Scale()
    if colours:
        parts = [name for name in colours if name in names]
        scale = alt.Scale(domain=parts, range=[colours[name] for name in parts])
    x_axis = alt.Axis(format="%" if share else "~s", tickCount=6)
    y_axis = alt.Axis(labelLimit=320, labelOverlap=False)
    chart: alt.Chart = (
        _chart(rows)
        .mark_bar(height={"band": 0.75})
        .encode(
            x=alt.X(f"{x}:Q", stack="normalize" if share else "zero", title=title or heading(x), axis=x_axis),
            y=alt.Y(f"{y}:N", sort=order, title=None, axis=y_axis),
            color=alt.Color(f"{color}:N", title=None, legend=legend, scale=scale),
            tooltip=[_tooltip(y, "N"), _tooltip(color, "N"), _tooltip(x, "Q")],
        )
        .properties(height=len({row[y] for row in rows}) * BAR_PX + AXIS_PX + legend_px)
    )
    return chart


def draw_histogram(rows: Rows, x: str, y: str, color: str | None = None, title: str = "") -> alt.Chart:
    """Draw a histogram of counted bins: `x` is the column of a bin's lower edge, `y` that of its count."""
    chart: alt.Chart = (
        _chart(rows)
        .mark_bar()
        .encode(
            x=alt.X(f"{x}:O", title=title, axis=alt.Axis(labelAngle=0, labelOverlap=True, format="~g")),
            y=alt.Y(f"{y}:Q", title=heading(y), axis=alt.Axis(format="~s", tickCount=5)),
            tooltip=[_tooltip(name, kind) for name, kind in ((x, "O"), (y, "Q"), (color, "N")) if name],
        )
    )
    if color is None:
        return chart.properties(height=PLOT_PX)
    legend, legend_px = _legend(rows, color, 4)
    return chart.encode(color=alt.Color(f"{color}:N", title=None, legend=legend)).properties(height=PLOT_PX + legend_px)


def draw_lines(
    rows: Rows, x: str, y: str, color: str, title: str = "", percent: bool = False, kind: str = "Q", log: bool = False
) -> alt.LayerChart:
    """Draw a line with points for each name in the column `color`.

    Args:
        rows: the points of all lines.
        x: column of numbers, or of times where `kind` is T.
        y: column of numbers.
        color: column of a line's name.
        title: of the x-axis.
        percent: print `y` in percent.
        kind: Altair's type of `x`.
        log: draw `x`, a column of integers, on a logarithmic scale, with a tick for each of its values.
    """
    legend, legend_px = _legend(rows, color, 1 if log else 2)
    axis, scale = alt.Axis(), alt.Scale()
    if log:
        axis = alt.Axis(values=sorted({int(str(row[x])) for row in rows}), format="d")
        scale = alt.Scale(type="log", nice=False)
    base = _chart(rows).encode(
        x=alt.X(f"{x}:{kind}", title=title, axis=axis, scale=scale),
        y=alt.Y(f"{y}:Q", title=heading(y), axis=alt.Axis(format="%" if percent else "~g", tickCount=5)),
        color=alt.Color(f"{color}:N", title=None, legend=legend, sort=None),
        tooltip=[_tooltip(x, kind), _tooltip(y, "Q", ".3~g"), _tooltip(color, "N")],
    )
    layers = alt.LayerChart(layer=[base.mark_line(), base.mark_point(filled=True, size=50)])
    return layers.properties(height=PLOT_PX + legend_px)


def draw_heatmap(rows: Rows, x: str, y: str, value: str, titles: tuple[str, str]) -> alt.Chart:
    """Draw the counts in column `value` over two scales of bins, darker where there are more."""
    chart: alt.Chart = (
        _chart(rows)
        .mark_rect()
        .encode(
            x=alt.X(f"{x}:O", title=titles[0], axis=alt.Axis(labelAngle=0, format="~g")),
            y=alt.Y(f"{y}:O", title=titles[1], sort="descending", axis=alt.Axis(format="~g")),
            color=alt.Color(f"{value}:Q", scale=alt.Scale(type="sqrt", scheme="blues"), title=heading(value)),
            tooltip=[_tooltip(x, "O"), _tooltip(y, "O"), _tooltip(value, "Q")],
        )
        .properties(height=PLOT_PX)
    )
    return chart


def draw_strips(rows: Rows, x: str, y: str, color: str) -> alt.Chart:
    """Draw a tick for every measurement: a strip for each name in column `y`, split by column `color`."""
    legend, legend_px = _legend(rows, color, 4)
    chart: alt.Chart = (
        _chart(rows)
        .mark_tick(thickness=2, opacity=0.7)
        .encode(
            x=alt.X(f"{x}:Q", title=heading(x), scale=alt.Scale(zero=False)),
            y=alt.Y(f"{y}:N", title=None, sort=None),
            yOffset=alt.YOffset(f"{color}:N"),
            color=alt.Color(f"{color}:N", title=None, legend=legend),
            tooltip=[_tooltip(y, "N"), _tooltip(color, "N"), _tooltip(x, "Q")],
        )
        .properties(height=len({row[y] for row in rows}) * 2 * BAR_PX + AXIS_PX + legend_px)
    )
    return chart


def _chart(rows: Rows) -> alt.Chart:
    return alt.Chart({"values": [dict(row) for row in rows]})


def _tooltip(column: str, kind: str, number_format: str = "") -> alt.Tooltip:
    return alt.Tooltip(f"{column}:{kind}", title=heading(column), format=number_format)


def _legend(rows: Rows, color: str, legend_columns: int) -> tuple[alt.Legend, int]:
    """Return a legend above the chart, and its height."""
    legend_lines = -(-len({row[color] for row in rows}) // legend_columns)
    legend = alt.Legend(orient="top", columns=legend_columns, labelLimit=600, symbolLimit=0)
    return legend, (1 + legend_lines) * LEGEND_LINE_PX
