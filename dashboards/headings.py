"""Words for people in place of column names."""

HEADINGS = {
    "n": "rows",
    "source_id": "name in the source",
    "infra": "infrastructure errors",
    "known": "with a known truth",
    "cpu_ms": "CPU time, ms",
    "cpu_hours": "CPU time, h",
    "peak_mib": "peak memory, MiB",
    "pid": "process",
    "url": "address",
    "pass_at_k": "pass@k",
    "pass_at_1": "pass@1",
    "pass_at_10": "pass@10",
    "passed_share": "share passed",
    "right_share": "share right",
    "agreeing": "share that agrees",
    "scale_from": "times larger, from",
    "chosen_passes": "chosen passes own tests",
    "rejected_passes": "rejected passes own tests",
    "both_as_meant": "chosen right and rejected wrong",
    "ratio_low": "ratio, lower bound",
    "ratio_high": "ratio, upper bound",
    "silent_problems": "problems that no test orders",
    "below_half": "problems below 50 %",
}


def heading(column: str) -> str:
    """Return the words for a column: those of HEADINGS, else its name without underscores and `_id`."""
    return HEADINGS.get(column) or column.removesuffix("_id").replace("_", " ")
