"""The topics: a folder each, with all that it brings. What is looked for here is listed nowhere.

- `settings.py`: a `Part` of the settings, under its heading; `generator/schema/settings.py` puts them together.
- `site.py`: FORMS, its YAML files of `site/`; and `starter/`, what a new `site/` is given of it.
- `render.py`: `render(context)`, what it adds to `rendered/`; and FILES, the names of what it may write there, each
  with the service that reads it at its start.
- `ways.py`: WAYS, its ways to sign in: words of `AUTH`, each with the class that the hub loads for it. Its rendered
  part is there only where `AUTH` names one of them, or with ALWAYS.
- `hub.py.j2`: its part of the hub's configuration, with its imports first.
- `checks.py`: what it looks over before anything is changed: `of_site(settings)`, `of_machine(settings)`,
  `of_engine(deployment)`, `of_images(deployment)`, those that it needs; and `of_counterpart(deployment)`: what those
  say whom the hub depends on, which stops no `make up`.
- `status.py`: `ask(glance)`, which returns what prints its part of `make status`, and its ORDER there.
- `services.py`: SERVICES, its rows of the table of services.
- `watch.py`: `faults(watched)`, what is wrong with it while all runs, for `make watch` and `make doctor`; and
  `letter(watched)`, its lines of the Monday letter, with its ORDER there.
- `timers.py`: `timers(settings)`, what a deployment with these settings runs by the clock.
- `keeps.py`: KEEPS, what copies keep of its volumes.
- `verbs.py`: `verbs`, a `typer.Typer` whose commands become Homeroom's; and `verbs.mk`, the same for Make.

A topic has those that it needs. docs/develop/topics.md shows how to add one.
"""

from __future__ import annotations

import functools
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
    for name in _with(part):
        yield import_module(f"{__name__}.{name}.{part}")


@functools.cache
def _with(part: str) -> tuple[str, ...]:
    """The topics that have this part; the tree is looked at once in a process."""
    return tuple(name for name in names() if (FOLDER / name / f"{part}.py").is_file())
