"""Disguise tasks of a benchmark as they may occur in a dataset: other names, other words, a rewritten program.

A seeded generator draws from the rules below. No rule was written with a particular task in view.
"""

import ast
import random
import re

from tasks.reading.python_text import parse

INSTRUCTIONS = (
    "Implement a routine which can {}", "Your task is to {}", "Create Python code able to {}", "Please {}",
    "We need a helper: it must {}", "{} using Python", "Code a method that will {}",
)  # fmt: skip
INSTRUCTION = re.compile(
    r"^\s*(?:please\s+)?(?:write|create|implement|define|you(?:'re| are) asked to write)\s+(?:a|an|the)?\s*"
    r"(?:python\s*3?\s+)?(?:function|program|method|code)\s*(?:to|that|which|in python to|for)?\s+",
    re.IGNORECASE,
)
SYNONYMS = {
    "find": ("compute", "determine", "get"), "calculate": ("compute", "work out"), "compute": ("calculate",),
    "return": ("give back", "output"), "returns": ("gives back", "outputs"), "check": ("test", "verify"),
    "given": ("supplied", "provided"), "list": ("array", "sequence"), "array": ("list", "sequence"),
    "lists": ("arrays", "sequences"), "number": ("value", "integer"), "numbers": ("values", "integers"),
    "integer": ("whole number", "int"), "integers": ("whole numbers", "ints"), "string": ("text", "str"),
    "strings": ("texts", "words"), "element": ("item", "entry"), "elements": ("items", "entries"),
    "largest": ("biggest", "greatest"), "smallest": ("least", "lowest"), "maximum": ("largest", "highest"),
    "minimum": ("smallest", "lowest"), "remove": ("delete", "drop"), "count": ("tally", "number"),
    "sum": ("total", "add up"), "whether": ("if",), "if": ("whether", "when"), "convert": ("turn", "change"),
    "second": ("other", "2nd"), "first": ("initial", "1st"), "last": ("final",), "word": ("token", "term"),
    "words": ("tokens", "terms"), "character": ("letter", "char"), "characters": ("letters", "chars"),
    "dictionary": ("dict", "mapping"), "tuple": ("record", "pair"), "tuples": ("records", "pairs"),
    "sort": ("order", "arrange"), "sorted": ("ordered", "arranged"), "occurrences": ("appearances",),
    "same": ("identical", "equal"), "different": ("distinct", "differing"), "using": ("with", "by means of"),
    "function": ("routine", "method"), "position": ("index", "place"), "length": ("size",), "two": ("2", "a pair of"),
    "all": ("every", "each of the"), "contains": ("holds", "has"), "each": ("every",), "between": ("among",),
    "consisting": ("made up",), "that": ("which",), "which": ("that",), "into": ("to",), "also": ("as well",),
}  # fmt: skip
"""Replacements of words; the detector does not know them."""
CONNECTED = re.compile(
    r"^(?P<first>(?:for|in|from|given|if|with)\b[^,.]{4,80}),\s*(?P<second>[^.]{8,})$", re.IGNORECASE
)
NAMES = (
    "alpha", "beta", "gamma", "delta", "node", "item", "bag", "acc", "cur", "box",
    "part", "unit", "slot", "mark", "thing", "probe", "seed", "twig", "stone",
)  # fmt: skip


def draw_names(rng: random.Random, count: int) -> list[str]:
    """Draw distinct names that no program uses."""
    return [f"{rng.choice(NAMES)}_{rng.choice(NAMES)}{i}" for i in range(count)]


class _Renamer(ast.NodeTransformer):
    """Replaces names."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self.names.get(node.arg, node.arg)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        node.arg = self.names.get(node.arg, node.arg) if node.arg else node.arg
        return self.generic_visit(node)


def find_bound_names(code: str) -> list[str]:
    """Return functions, parameters and variables of a program, in order of appearance."""
    names = [
        node.name if isinstance(node, ast.FunctionDef) else node.arg if isinstance(node, ast.arg) else node.id
        for node in ast.walk(parse(code) or ast.Module([], []))
        if isinstance(node, ast.FunctionDef | ast.arg)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    ]
    return list(dict.fromkeys(names))


def rename_program(prompt: str, code: str, rng: random.Random) -> tuple[str, str]:
    """Replace every name that a program binds, in the prompt as well; layout and comments are lost."""
    bound_names = find_bound_names(code)
    names = dict(zip(bound_names, draw_names(rng, len(bound_names)), strict=True))
    tree = parse(code)
    code = ast.unparse(_Renamer(names).visit(tree)) if tree else code
    # other occurrences in the prompt are words, not names
    mentioned = [name for name in bound_names if len(name) > 2 and ("_" in name or f"{name}(" in prompt)]
    for name in mentioned:
        prompt = re.sub(rf"\b{re.escape(name)}\b", names[name], prompt)
    return prompt, code


class _Rewriter(ast.NodeTransformer):
    """Writes the same program in other statements: mirrors comparisons, exchanges branches, spells out `x += y`."""

    MIRRORED = {
        ast.Lt: ast.Gt,
        ast.Gt: ast.Lt,
        ast.LtE: ast.GtE,
        ast.GtE: ast.LtE,
        ast.Eq: ast.Eq,
        ast.NotEq: ast.NotEq,
    }

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        mirrored = self.MIRRORED.get(type(node.ops[0])) if len(node.ops) == 1 else None
        return ast.Compare(node.comparators[0], [mirrored()], [node.left]) if mirrored else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        read = ast.Name(node.target.id, ast.Load())
        return ast.Assign([node.target], ast.BinOp(read, node.op, node.value), lineno=node.lineno)

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if not node.orelse:
            return node
        return ast.If(ast.UnaryOp(ast.Not(), node.test), node.orelse, node.body)


def rewrite_program(code: str, rng: random.Random) -> str:
    """Replace names, drop docstrings, exchange branches and mirror comparisons."""
    tree = parse(rename_program("", code, rng)[1])
    if tree is None:
        return code
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(ast.fix_missing_locations(_Rewriter().visit(tree)))


def paraphrase_prompt(prompt: str, share: float, rng: random.Random) -> str:
    """Write a prompt in other words, with other numbers in its examples.

    Args:
        prompt: the prompt of a task.
        share: share of the words with synonyms that are replaced.
        rng: generator of all choices.
    """
    text, examples = _split_prompt(prompt)
    instruction = INSTRUCTION.match(text)
    description = text[instruction.end() if instruction else 0 :].strip()
    sentences = [sentence for sentence in re.split(r"(?<=[.!?])\s+", description) if sentence]
    sentences = [_exchange_clauses(_replace_words(sentence, share, rng)) for sentence in sentences]
    if len(sentences) > 2:
        sentences = [sentences[0], *reversed(sentences[1:])]
    text = " ".join(sentences)
    if instruction and text:
        text = rng.choice(INSTRUCTIONS).format(text[0].lower() + text[1:].rstrip("."))
    return text + "".join(f"\n{_change_numbers(line)}" for line in examples)


def _split_prompt(prompt: str) -> tuple[str, list[str]]:
    """Return the description in one line, and the lines of examples; of Python code, both from the last docstring."""
    tree = parse(prompt)
    docstrings = [ast.get_docstring(n) for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)] if tree else []
    lines = ([text for text in docstrings if text] or [prompt])[-1].splitlines()
    first = next((i for i, line in enumerate(lines) if re.search(r">>>|==|^\s*(for )?example", line, re.I)), len(lines))
    return " ".join(line.strip() for line in lines[:first]), lines[first:]


def _replace_words(sentence: str, share: float, rng: random.Random) -> str:
    def replace(match: re.Match[str]) -> str:
        words = SYNONYMS.get(match[0].lower())
        return rng.choice(words) if words and rng.random() < share else match[0]

    return re.sub(r"[A-Za-z]+", replace, sentence)


def _exchange_clauses(sentence: str) -> str:
    """Write `Given X, do Y.` as `do Y, given X.`"""
    match = CONNECTED.match(sentence.rstrip(".!?"))
    return f"{match['second']}, {match['first'][0].lower()}{match['first'][1:]}." if match else sentence


def _change_numbers(line: str) -> str:
    return re.sub(r"\d+", lambda number: str(int(number[0]) + 3), line)
