"""The public face: what can be imported from the package itself."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

import kucoin_sync

PACKAGE = Path(kucoin_sync.__file__).parent
MODULES = [
    ".".join(["kucoin_sync", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] not in ("cli", "__main__.py")  # a program, not a library
]


def test_the_list_of_names_is_sorted_and_without_doubles() -> None:
    # Constants, classes, the rest: the order a linter keeps.
    for names in (kucoin_sync.__all__, kucoin_sync.models.__all__, kucoin_sync.topics.__all__):
        assert len(set(names)) == len(names)
        assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


@pytest.mark.parametrize("name", kucoin_sync.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(kucoin_sync, name) is not None


CLASSES = [
    pytest.param(getattr(module, name), id=name)
    for module in (kucoin_sync, kucoin_sync.models)
    for name in module.__all__
    if inspect.isclass(getattr(module, name))
]


@pytest.mark.parametrize("documented", CLASSES)
def test_every_public_class_says_what_it_is_for(documented: type) -> None:
    assert documented.__doc__ and documented.__doc__.strip()
    methods = {key: member for key, member in vars(documented).items() if not key.startswith("_")}
    bare = [key for key, member in methods.items() if inspect.isfunction(member) and not inspect.getdoc(member)]
    assert bare == []


@pytest.mark.parametrize("name", [name for name in kucoin_sync.topics.__all__ if not name.isupper()])
def test_every_topic_function_says_where_its_topic_belongs_and_what_comes(name: str) -> None:
    written = inspect.getdoc(getattr(kucoin_sync.topics, name)) or ""
    assert all(part in written for part in ("Connection ``", "; a push is a", "Returns:", "Source: "))


@pytest.mark.parametrize("part", ["models", "topics"])
def test_the_modules_behind_models_and_topics_show_all_they_have(part: str) -> None:
    """A model or a topic that cannot be named from outside is of no use."""
    shown = set(getattr(kucoin_sync, part).__all__)
    inner = {"fields", "reading", "typed", "checks"}  # machinery
    modules = [name for name in MODULES if name.startswith(f"kucoin_sync.kucoin.{part}.")]
    rooms = [importlib.import_module(name) for name in modules if name.rpartition(".")[2] not in inner]
    assert rooms
    assert {name for room in rooms for name in room.__all__} <= shown


@pytest.mark.parametrize("name", MODULES)
def test_every_module_lists_names_that_it_has(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__ and module.__doc__.strip()
    missing = [public for public in getattr(module, "__all__", ()) if not hasattr(module, public)]
    assert missing == []


def test_every_exception_and_event_of_the_library_is_public() -> None:
    """A user has to be able to name what is raised and what a listener gets."""
    events = importlib.import_module("kucoin_sync.events")
    errors = importlib.import_module("kucoin_sync.errors")
    raised = {
        name
        for name in errors.__all__
        if inspect.isclass(getattr(errors, name)) and issubclass(getattr(errors, name), Exception)
    }
    received = {kind.__name__ for kind in events.EVENTS.values()}
    assert raised | received <= set(kucoin_sync.__all__)


def test_type_checkers_are_told_that_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
