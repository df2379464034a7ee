"""Mutation: every operator makes its change, and never one that changes nothing."""

import ast

import pytest

from grader.mutation import OPERATORS, mutants

CHANGES = {
    "number": ("x = 7", "x = 8"),
    "text": ("x = 'a'", "x = 'not a'"),
    "arithmetic": ("x = a // 2", "x = a * 2"),
    "comparison": ("x = a is not None", "x = a is None"),
    "sign": ("x = -a", "x = a"),
    "negation": ("x = not a", "x = a"),
    "order": ("f(a, b)", "f(b, a)"),
    "method": ("x = a.b()", "x = a"),
    "keyword": ("f(a=b)", "f()"),
    "bound": ("x = a[b:c]", "x = a[:c]"),
    "statement": ("return_ = f()", "pass"),
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_makes_its_change(operator):
    before, after = CHANGES[operator]
    found = {mutant.source: mutant for mutant in mutants(before)}
    assert found[after].operator == operator
    assert (found[after].before, found[after].after) == (before, after)


def test_mutants_are_programs_that_differ():
    source = 'def f(a, b=2):\n    """Say 1 + 1."""\n    return a[1:b] + g(a, key=-b)\n'
    found = [mutant.source for mutant in mutants(source)]
    assert len(found) == len(set(found)) > 7
    for text in found:
        ast.parse(text)
        assert ast.unparse(ast.parse(source)) != text
        assert "Say 1 + 1." in text


def test_the_same_source_gives_the_same_mutants():
    assert list(mutants("x = a + 1")) == list(mutants("x = a + 1  # with a comment"))
