"""Words and colours of verdicts and of the states of problems, the same on every page."""

WORDS = {"infra": "infrastructure error", "no_code": "no program", "unjudged": "not judged", "not_run": "not run"}
"""Words for verdicts whose name does not say what it means."""
COLOURS = {
    "passed": "#2b8a3e", "failed": "#c92a2a", "error": "#e8590c", "exited": "#d9480f", "timeout": "#9c36b5",
    "memory": "#7048e8", "output": "#6741d9", "processes": "#5f3dc4", "files": "#5f3dc4", "no_code": "#868e96",
    "infra": "#1971c2", "unjudged": "#adb5bd", "not_run": "#ced4da",
}  # fmt: skip
STATE_COLOURS = {"right at once": "#2b8a3e", "repaired": "#74b816", "never right": "#c92a2a", "not tried": "#ced4da"}
"""By the best program that a problem has."""


def verdict_words(verdict: str) -> str:
    """Return a verdict in words."""
    return WORDS.get(verdict, verdict)


def verdict_colour(verdict: str) -> str:
    """Return a verdict's colour; grey for an unknown one."""
    return COLOURS.get(verdict, "#868e96")


COLOURS_BY_WORDS = {verdict_words(verdict): colour for verdict, colour in COLOURS.items()}
