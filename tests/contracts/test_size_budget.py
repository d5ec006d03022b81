"""The size budget and the style rules that a machine can check, each with a control that must fail."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.sources import PACKAGE, package_modules

MOST_MODULE_LINES = 300
MEDIAN_MODULE_LINES = 150
MOST_BODY_LINES = 60
MEDIAN_BODY_LINES = 10
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in package_modules():
        yield path.relative_to(PACKAGE.parent), ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def body_lines(function: Function) -> int:
    """Lines from the first statement after the docstring to the last."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return 0 if not body else (body[-1].end_lineno or 0) - body[0].lineno + 1


def undocumented(tree: ast.Module) -> list[str]:
    """Public classes and functions, and public methods of public classes, without a docstring."""
    public: list[tuple[str, ast.AST]] = []
    for node in tree.body:
        if isinstance(node, (*Function.__args__, ast.ClassDef)) and not node.name.startswith("_"):
            public.append((node.name, node))
            if isinstance(node, ast.ClassDef):
                public += [
                    (f"{node.name}.{method.name}", method)
                    for method in node.body
                    if isinstance(method, Function) and not method.name.startswith("_")
                ]
    names = [name for name, node in public if ast.get_docstring(node) is None]  # type: ignore[arg-type]
    return names if ast.get_docstring(tree) else ["the module itself", *names]


def smells(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception"):
            found.append(f"line {node.lineno}: catches everything")
        if isinstance(node, Function) and node.args.kwarg is not None:
            found.append(f"line {node.lineno}: takes **{node.args.kwarg.arg}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            found.append(f"line {node.lineno}: prints")
    return found


def test_modules_are_short() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in package_modules()}
    written = [count for path, count in lines.items() if path.name != "__init__.py"]
    assert {path.name: count for path, count in lines.items() if count > MOST_MODULE_LINES} == {}
    assert statistics.median(written) <= MEDIAN_MODULE_LINES


def test_function_bodies_are_short() -> None:
    lengths = {f"{path}:{node.name}": body_lines(node) for path, tree in trees() for node in functions(tree)}
    assert {name: length for name, length in lengths.items() if length > MOST_BODY_LINES} == {}
    assert statistics.median(lengths.values()) <= MEDIAN_BODY_LINES


def test_every_public_name_has_a_docstring() -> None:
    assert {str(path): names for path, tree in trees() if (names := undocumented(tree))} == {}


def test_no_module_is_named_after_nothing() -> None:
    assert [path for path, _ in trees() if path.stem in FORBIDDEN_NAMES] == []


def test_the_library_catches_only_what_it_expects_takes_only_named_arguments_and_never_prints() -> None:
    assert {str(path): found for path, tree in trees() if (found := smells(tree))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    pass\nexcept Exception:\n    pass\n",
        "try:\n    pass\nexcept:\n    pass\n",
        "def f(**options): ...\n",
        "print('x')\n",
    ],
)
def test_each_smell_is_noticed(source: str) -> None:
    assert len(smells(ast.parse(source))) == 1


def test_a_missing_docstring_and_a_long_body_are_noticed() -> None:
    tree = ast.parse(
        '"""M."""\nclass A:\n    """A."""\n    def f(self):\n' + "        x = 1\n" * 61 + "def _g(): ...\n"
    )
    assert undocumented(tree) == ["A.f"]
    assert max(map(body_lines, functions(tree))) == MOST_BODY_LINES + 1


def test_a_docstring_is_no_part_of_a_body() -> None:
    (function,) = functions(ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n'))
    assert body_lines(function) == 1
