"""Mutation: small changes of a program, one at a time, each of which a good check should notice.

Mutation tools for Python (mutmut, cosmic-ray) change modules that a test suite imports. A notebook
is no module, and its code must not run outside of the sandbox, so the operators are our own:

    number        7 → 8, 0.5 → 1.5
    text          "gabor" → "not gabor"
    arithmetic    a + b → a - b, a - b → a + b, a * b → a + b, a / b → a * b, a // b → a * b,
                  a ** b → a * b
    comparison    < ↔ >=, > ↔ <=, == ↔ !=, is ↔ is not, in ↔ not in
    sign          -a → a
    negation      not a → a
    order         the first two of a tuple, or of a call's positional arguments, swapped
    method        a.f(…) → a
    keyword       f(…, key=value) → f(…)
    bound         a[i:j] → a[:j] and a[i:]
    statement     an assignment, a call or a return → pass

Docstrings and comments are left alone. Programs that read the same after a change are left out.
"""

import ast
import copy
import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
}
_COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True)
class Mutant:
    """A changed program: which operator, which lines it changed into which, and its source."""

    operator: str
    before: str
    after: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a program, in the order of its nodes. Raises SyntaxError for no Python.

    The same source always gives the same mutants; two that read the same are yielded once.
    """
    tree = ast.parse(source)
    original = ast.unparse(tree)
    seen = {original}
    docstrings = _docstrings(tree)
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in docstrings:
            continue
        for operator, change in OPERATORS.items():
            for changed in change(node):
                text = _replaced(source, index, changed)
                if text not in seen:
                    seen.add(text)
                    yield Mutant(operator, *_difference(original, text), text)


def _number(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)  # type: ignore[operator]


def _text(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield ast.Constant(f"not {node.value}")


def _arithmetic(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)


def _comparison(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISON:
        ops = [_COMPARISON[type(node.ops[0])](), *node.ops[1:]]
        yield ast.Compare(node.left, ops, node.comparators)


def _sign(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand


def _negation(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand


def _order(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Tuple | ast.List) and len(node.elts) > 1:
        first, second, *rest = node.elts
        yield type(node)([second, first, *rest], node.ctx)
    if isinstance(node, ast.Call) and len(node.args) > 1:
        first, second, *rest = node.args
        yield ast.Call(node.func, [second, first, *rest], node.keywords)


def _method(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield node.func.value


def _keyword(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call):
        for dropped in node.keywords:
            kept = [each for each in node.keywords if each is not dropped]
            yield ast.Call(node.func, node.args, kept)


def _bound(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Slice):
        if node.lower is not None:
            yield ast.Slice(None, node.upper, node.step)
        if node.upper is not None:
            yield ast.Slice(node.lower, None, node.step)


def _statement(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Return):
        yield ast.Pass()


OPERATORS: dict[str, Callable[[ast.AST], Iterator[ast.AST]]] = {
    "number": _number,
    "text": _text,
    "arithmetic": _arithmetic,
    "comparison": _comparison,
    "sign": _sign,
    "negation": _negation,
    "order": _order,
    "method": _method,
    "keyword": _keyword,
    "bound": _bound,
    "statement": _statement,
}


def _docstrings(tree: ast.Module) -> set[int]:
    """Return the identities of the nodes that are docstrings."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found |= {id(node), id(node.value)}
    return found


def _replaced(source: str, index: int, changed: ast.AST) -> str:
    """Return the program in which the node at `index` of the walk is another one."""
    tree = ast.parse(source)
    target = list(ast.walk(tree))[index]

    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return copy.deepcopy(changed) if node is target else self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Replace().visit(tree)))


def _difference(before: str, after: str) -> tuple[str, str]:
    """Return the lines that differ, without their indentation."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return (
        "; ".join(line[2:].strip() for line in lines if line.startswith("- ")),
        "; ".join(line[2:].strip() for line in lines if line.startswith("+ ")),
    )
