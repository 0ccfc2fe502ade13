"""How a benchmark's problem comes into a data set without being recognised: rules, drawn from by a seeded generator.

Verbatim, with other names, and told in other words. Every rule is here; none was made by looking at a problem.
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
"""What a word may become; never looked up by the detector."""
CONNECTED = re.compile(
    r"^(?P<first>(?:for|in|from|given|if|with)\b[^,.]{4,80}),\s*(?P<second>[^.]{8,})$", re.IGNORECASE
)
NAMES = (
    "alpha", "beta", "gamma", "delta", "node", "item", "bag", "acc", "cur", "box",
    "part", "unit", "slot", "mark", "thing", "probe", "seed", "twig", "stone",
)  # fmt: skip


def fresh(rng: random.Random, count: int) -> list[str]:
    """Names that no program has."""
    return [f"{rng.choice(NAMES)}_{rng.choice(NAMES)}{i}" for i in range(count)]


class _Renamer(ast.NodeTransformer):
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


def own_names(code: str) -> list[str]:
    """Functions, parameters and variables of a program, in order of appearance."""
    found = [
        node.name if isinstance(node, ast.FunctionDef) else node.arg if isinstance(node, ast.arg) else node.id
        for node in ast.walk(parse(code) or ast.Module([], []))
        if isinstance(node, ast.FunctionDef | ast.arg)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    ]
    return list(dict.fromkeys(found))


def renamed(prompt: str, code: str, rng: random.Random) -> tuple[str, str]:
    """Every name of a program replaced, in the prompt too (the program's layout and comments go on the way)."""
    own = own_names(code)
    names = dict(zip(own, fresh(rng, len(own)), strict=True))
    tree = parse(code)
    code = ast.unparse(_Renamer(names).visit(tree)) if tree else code
    told = [name for name in own if len(name) > 2 and ("_" in name or f"{name}(" in prompt)]  # else a word, not a name
    for name in told:
        prompt = re.sub(rf"\b{re.escape(name)}\b", names[name], prompt)
    return prompt, code


class _Rewriter(ast.NodeTransformer):
    """The same program in other statements: comparisons and branches turned around, `x += y` written out."""

    FLIPPED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        flipped = self.FLIPPED.get(type(node.ops[0])) if len(node.ops) == 1 else None
        return ast.Compare(node.comparators[0], [flipped()], [node.left]) if flipped else node

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


def rewritten(code: str, rng: random.Random) -> str:
    """Other names, docstrings gone, branches and comparisons turned around."""
    tree = parse(renamed("", code, rng)[1])
    if tree is None:
        return code
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(ast.fix_missing_locations(_Rewriter().visit(tree)))


def paraphrased(prompt: str, share: float, rng: random.Random) -> str:
    """A prompt in other words.

    Args:
        share: of the words that have a synonym, how many are replaced.
    """
    text, shown = _description(prompt)
    lead = INSTRUCTION.match(text)
    sentences = [s for s in re.split(r"(?<=[.!?])\s+", text[lead.end() if lead else 0 :].strip()) if s]
    sentences = [_turned(_synonyms(sentence, share, rng)) for sentence in sentences]
    if len(sentences) > 2:
        sentences = [sentences[0], *reversed(sentences[1:])]
    text = " ".join(sentences)
    if lead and text:
        text = rng.choice(INSTRUCTIONS).format(text[0].lower() + text[1:].rstrip("."))
    return text + "".join(f"\n{_changed(line)}" for line in shown)


def _description(prompt: str) -> tuple[str, list[str]]:
    """What a prompt says, on one line, and the lines of its examples; of HumanEval's, the last docstring."""
    tree = parse(prompt)
    held = [ast.get_docstring(n) for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)] if tree else []
    lines = ([text for text in held if text] or [prompt])[-1].splitlines()
    first = next((i for i, line in enumerate(lines) if re.search(r">>>|==|^\s*(for )?example", line, re.I)), len(lines))
    return " ".join(line.strip() for line in lines[:first]), lines[first:]


def _synonyms(sentence: str, share: float, rng: random.Random) -> str:
    def other(match: re.Match[str]) -> str:
        words = SYNONYMS.get(match[0].lower())
        return rng.choice(words) if words and rng.random() < share else match[0]

    return re.sub(r"[A-Za-z]+", other, sentence)


def _turned(sentence: str) -> str:
    """`Given X, do Y.` as `do Y, given X.`"""
    match = CONNECTED.match(sentence.rstrip(".!?"))
    return f"{match['second']}, {match['first'][0].lower()}{match['first'][1:]}." if match else sentence


def _changed(line: str) -> str:
    """An example with other numbers."""
    return re.sub(r"\d+", lambda number: str(int(number[0]) + 3), line)
