"""Read the language of a code block from what stands behind its fence."""

import re

TAG = r"\{?[\w.+#-]*\}?"
"""Pattern of a tag that stands alone behind its fence."""
MARKDOWN_TAGS = frozenset({"markdown", "md", "mdx", "commonmark"})

_PYTHON = re.compile(r"(?:i|c|pypy|micro|sage)?py(?:thon)?[\d.-]*(?:[-_]?(?:code|script|solution))?|pypy[\d.]*|.*\.py")
_LIKE_NONE = frozenset({"code", "tool_code", "solution", "answer", "program", "script"})
_SESSIONS = frozenset({"pycon", "python-repl", "python-console", "python-session", "pytb", "doctest"})
_OTHERS = frozenset({
    "bash", "c", "c++", "console", "cpp", "csharp", "css", "diff", "go", "haskell", "html", "java", "javascript", "js",
    "json", "kotlin", "latex", "output", "php", "plaintext", "ruby", "rust", "scala", "sh", "shell", "sql", "swift",
    "text", "toml", "ts", "txt", "typescript", "xml", "yaml", "zsh",
})  # fmt: skip


def read_language(info: str) -> str:
    """Return `python`, `session` (of an interpreter), "" where there is no tag, or the tag in lower case.

    Args:
        info: what stands behind the fence: `Python3`, `{.py .numbered}`, `python title="x"`, `solution.py`.
    """
    words = re.split(r"[\s,;:{}()\[\]=|\"'<>`#]+", info.strip().lower())
    tags = [re.sub(r"^(?:lang(?:uage)?|code)-", "", word.strip(".")) for word in words]
    tag = next((tag for tag in tags if tag not in ("", "lang", "language")), "")
    if tag in _SESSIONS:
        return "session"
    if _PYTHON.fullmatch(tag):
        return "python"
    return "" if tag in _LIKE_NONE else tag


def is_known_tag(word: str) -> bool:
    """Return whether a word behind a fence opens a block; else it may follow a block that ends there."""
    tag = word.strip().lower()
    return tag in _LIKE_NONE or read_language(tag) in {*MARKDOWN_TAGS, *_OTHERS, "python", "session"}
