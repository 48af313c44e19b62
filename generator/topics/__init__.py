"""The topics: a folder each, with all that it brings. What is looked for here is listed nowhere.

| file          | what it brings                                                            |
|---------------|---------------------------------------------------------------------------|
| `settings.py` | a `Part` of the settings, with its heading; `schema/settings.py` puts them together |
| `render.py`   | `render(context)`: what it adds to `rendered/`; FILES that it may write, with the service that reads each at its start |
| `hub.py.j2`   | its part of the hub's configuration, with its imports first               |
| `services.py` | SERVICES: its rows of the table of services                               |
| `verbs.py`    | `verbs`: a `typer.Typer` whose commands become Homeroom's                 |
| `verbs.mk`    | the same verbs for Make, with their line of `make help`                   |

docs/develop/topics.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """The topics there are, in the order of the alphabet."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/__init__.py")))


def each(part: str) -> Iterator[ModuleType]:
    """This part of every topic that has it, in the order of `names`."""
    for name in names():
        if (FOLDER / name / f"{part}.py").is_file():
            yield import_module(f"{__name__}.{name}.{part}")
