"""
Keyword arguments that are declared once, as typed dictionaries, and show in the signatures of the methods.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar, get_type_hints

__all__ = ["Number", "spell_out"]

Number = str | Decimal | int | float
"""A price or a size. A `float` is taken by its shortest form."""

Method = TypeVar("Method", bound=Callable[..., Any])


def spell_out(arguments: type) -> Callable[[Method], Method]:
    """
    Show a method's keywords one by one in its signature, for ``help()`` and completion; how it is called stays.

    Args:
        arguments: The typed dictionary that annotates the method's ``**arguments``.
    """

    def decorate(method: Method) -> Method:
        signature = inspect.signature(method)
        fixed = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        keywords = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in get_type_hints(arguments).items()
        ]
        positional = [p for p in fixed if p.kind is not inspect.Parameter.KEYWORD_ONLY]
        others = [p for p in fixed if p.kind is inspect.Parameter.KEYWORD_ONLY]
        shown = signature.replace(parameters=[*positional, *keywords, *others])
        method.__signature__ = shown  # type: ignore[attr-defined]
        return method

    return decorate
