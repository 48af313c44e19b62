"""Modules that are left out while others are imported, and loaded when something of them is really used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class LazyModule(ModuleType):
    """Stands for a module until something of it is asked for.

    While it stands in `sys.modules`, only the names that it was given can be had: whoever asks for another one there
    needs the module itself, and gets the error of a name that is missing.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or sys.modules.get(self.__name__) is self:
            raise AttributeError(f"{self.__name__} is left out at this point, and has no {name}")
        return getattr(import_module(self.__name__), name)


def later(module: str, name: str) -> Callable[..., Any]:
    """A function that stands for a module's function or class, and loads the module when it is called."""

    def call(*arguments: Any, **named: Any) -> Any:
        return getattr(import_module(module), name)(*arguments, **named)

    return call


@contextmanager
def left_out(modules: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """Import others in the body without these modules; afterwards all can import them as ever.

    :param modules: each with what may be imported from it in the body, by name.
    :raises ImportError: one of them is loaded already: it came another way than expected.
    """
    early = [name for name in modules if name in sys.modules]
    if early:
        raise ImportError(f"{', '.join(early)} cannot be left out: loaded already")
    for name, given in modules.items():
        stand_in = LazyModule(name)
        stand_in.__dict__.update(given)
        stand_in.__path__ = []
        sys.modules[name] = stand_in
    try:
        yield
    finally:
        for name in modules:
            if isinstance(sys.modules.get(name), LazyModule):
                del sys.modules[name]
