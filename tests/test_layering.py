"""
The house: imports point one way, and each layer keeps out of its modules what belongs to others.

Read from the source text; nothing is imported.
"""

from __future__ import annotations

import ast
import io
import itertools
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "kucoin_sync"
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = {
    "_version": 0,
    "tables": 0,
    "errors": 1,
    "events": 1,
    "fates": 1,
    "options": 1,
    "proxy": 1,
    "stats": 1,
    "protocol": 2,
    "modelling": 2,
    "engine": 3,
    "orders": 4,
    "books": 4,
    "exchange_rest": 4,
    "kucoin": 5,
    "okx": 5,
    "": 6,  # the package itself
    "cli": 7,
    "notebook": 7,
    "pytest_plugin": 7,
    "__main__": 8,
}
"""Room to height; a module imports from its own height or below. The simulator stands beside the house."""

CLIENT_ROOMS = {"protocol", "modelling", "engine", "orders", "books", "exchange_rest", "kucoin", "okx"}
EXCHANGES = {"kucoin", "okx"}
WAITING = {"socket", "threading", "time", "queue", "ssl", "requests", "websocket", "select", "selectors", "asyncio"}
DANGEROUS = {"pickle", "yaml", "marshal", "shelve", "dill"}


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE)).removesuffix(".py").replace("/", ".")


def room_of(path: Path) -> str:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if room == "__init__" else room


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Return the line and the full name of all that a module imports, wherever the import stands."""
    package = ["kucoin_sync", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            for alias in node.names:
                yield node.lineno, ".".join([*base, *filter(None, [node.module]), alias.name])


def room_of_import(name: str) -> str | None:
    """Return which room a full name lies in, or ``None`` if it is foreign; ``kucoin_sync.Update`` is the package."""
    parts = name.split(".")
    if parts[0] != "kucoin_sync":
        return None
    first = parts[1] if len(parts) > 1 else ""
    exists = (PACKAGE / first).is_dir() or (PACKAGE / f"{first}.py").is_file()
    return first if first and exists else ""


def test_the_rules_below_are_about_the_modules_there_are() -> None:
    """A moved folder must not turn these tests into tests of nothing."""
    rooms = {room_of(path) for path in MODULES}
    assert rooms - {"simulator"} <= set(LAYERS), "a new room needs a height"
    assert CLIENT_ROOMS | {"simulator", "errors", "events", "options"} <= rooms


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) != "simulator"], ids=name_of)
def test_imports_point_downwards(path: Path) -> None:
    own = LAYERS[room_of(path)]
    upward = []
    for line, name in imports(path):
        room = room_of_import(name)
        if room is None or (room == "simulator" and own >= LAYERS["cli"]):
            continue
        if room == "simulator" or LAYERS[room] > own:
            upward.append(f"{path.name}:{line} imports {name}")
    assert upward == []


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) in EXCHANGES], ids=name_of)
def test_the_exchanges_know_nothing_of_each_other(path: Path) -> None:
    """What both need belongs below them."""
    others = EXCHANGES - {room_of(path)}
    assert [name for _, name in imports(path) if room_of_import(name) in others] == []


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) == "simulator"], ids=name_of)
def test_the_simulator_shares_no_code_with_the_client(path: Path) -> None:
    """Else one mistake in reading a document would be made on both sides, and both would agree."""
    shared = [
        f"{path.name}:{line} imports {name}"
        for line, name in imports(path)
        if room_of_import(name) in CLIENT_ROOMS | {""} and not name.startswith("kucoin_sync.simulator")
    ]
    assert shared == []


@pytest.mark.parametrize(
    ("library", "home"),
    [("websocket", "engine.transport"), ("requests", "engine.rest"), ("python_socks", "engine.proxies")],
)
def test_a_network_library_is_imported_in_one_module(library: str, home: str) -> None:
    """Its faults can then be met in one place."""
    users = {name_of(path) for path in MODULES for _, name in imports(path) if name.split(".")[0] == library}
    assert users == {home}


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) in ("protocol", "modelling")], ids=name_of)
def test_the_layer_that_computes_does_not_wait(path: Path) -> None:
    """No socket, no thread, no clock: time is an argument."""
    assert [name for _, name in imports(path) if name.split(".")[0] in WAITING] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_X13_nothing_executes_what_it_reads(path: Path) -> None:
    assert [name for _, name in imports(path) if name.split(".")[0] in DANGEROUS] == []
    calls = [node.func for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)]
    assert [f.id for f in calls if isinstance(f, ast.Name) and f.id in ("eval", "exec", "compile", "__import__")] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_sleeps(path: Path) -> None:
    """A wait that nothing can end makes every close and every deadline late."""
    tokens = list(tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline))
    sleeps = [
        word.start[0]
        for word, after in itertools.pairwise(tokens)
        if word.type == tokenize.NAME and word.string == "sleep" and after.string == "("
    ]
    assert sleeps == []


def words_of(path: Path) -> Iterator[tuple[int, str]]:
    """Return identifiers and strings of a module, without its imports and without prose (docstrings and comments)."""
    tree = tree_of(path)
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            passed.update(id(inner) for inner in ast.walk(node))
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield line, node.value
        for field in ("id", "attr", "name", "arg", "asname"):
            word = getattr(node, field, None)
            if isinstance(word, str):
                yield line, word


BELOW = ("protocol", "modelling", "engine", "orders", "books", "exchange_rest")
OWN_NAME = re.compile(r"kucoin_sync|kucoin-sync|KucoinSync")
"""The package's own name: loggers, threads, its root exception."""


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) in BELOW], ids=name_of)
def test_no_layer_below_knows_an_exchange(path: Path) -> None:
    """A second exchange is a second folder and nothing else."""
    named = [
        f"{path.name}:{line}: {word[:60]}"
        for line, word in words_of(path)
        if re.search(r"kucoin|okx", OWN_NAME.sub("", word), re.IGNORECASE)
    ]
    assert named == []


def test_a_name_of_an_exchange_would_be_found(tmp_path: Path) -> None:
    """The search sees identifiers and strings, and passes over prose and the package's own name."""
    module = tmp_path / "module.py"
    module.write_text(
        '"""About KuCoin."""\nimport kucoin_sync.kucoin\nLOGGER = "kucoin_sync.x"\nclass A(KucoinSyncError): pass\n'
        'def kucoin_call(okx_id): return "KuCoin"\n',
        encoding="utf-8",
    )
    found = [word for _, word in words_of(module) if re.search(r"kucoin|okx", OWN_NAME.sub("", word), re.IGNORECASE)]
    assert sorted(found) == ["KuCoin", "kucoin_call", "okx_id"]
