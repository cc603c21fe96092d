"""Small mutations of an answer's source: the slips that a test of the claims has to notice."""

import ast
import copy

_COMPARE = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
            ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn}  # fmt: skip
_BINARY = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Pow: ast.Mult}


def mutations(source: str):
    """Yield (name, mutated source): a comparison, operator, constant, condition or statement each.

    A name tells the line as it stands and what was done to it.
    """
    tree = ast.parse(source)
    lines = source.splitlines()
    for number, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            other = copy.deepcopy(tree)
            change(list(ast.walk(other))[number])
            line = lines[getattr(node, "lineno", 1) - 1].strip()
            yield f"{line} | {what}", ast.unparse(ast.fix_missing_locations(other))


def _changes(node):
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARE:
        swapped = _COMPARE[type(node.ops[0])]
        yield (
            f"{type(node.ops[0]).__name__} to {swapped.__name__}",
            lambda n: n.ops.__setitem__(0, swapped()),
        )
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _BINARY:
        swapped = _BINARY[type(node.op)]
        yield (
            f"{type(node.op).__name__} to {swapped.__name__}",
            lambda n: setattr(n, "op", swapped()),
        )
    if isinstance(node, ast.BoolOp):
        swapped = ast.And if isinstance(node.op, ast.Or) else ast.Or
        yield f"to {swapped.__name__}", lambda n: setattr(n, "op", swapped())
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield f"{node.value} plus 1", lambda n: setattr(n, "value", n.value + 1)
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield f"not {node.value}", lambda n: setattr(n, "value", not n.value)
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        yield "condition negated", lambda n: setattr(n, "test", ast.UnaryOp(ast.Not(), n.test))
    if isinstance(node, ast.Return) and node.value is not None:
        yield "returns None", lambda n: setattr(n, "value", ast.Constant(None))
    for field in ("body", "orelse", "finalbody"):
        yield from _deletions(node, field)


def _deletions(node, field):
    if isinstance(node, (ast.Module, ast.ClassDef, ast.Lambda, ast.IfExp)):
        return
    for index, statement in enumerate(getattr(node, field, None) or ()):
        if isinstance(statement, ast.Return) or _is_text(statement):
            continue
        what = ast.unparse(statement).splitlines()[0]
        yield f"without `{what}`", lambda n, i=index: getattr(n, field).__setitem__(i, ast.Pass())


def _is_text(statement) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
