"""The operator's YAML in `site/`: read with the location of every value: a fault is told with line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from generator.core import text_file
from generator.core.errors import HomeroomError, did_you_mean, raise_all
from generator.schema.types import cause_of
from generator.site import forms

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]
FORMS = {
    "model_type": "must be fields with values, as `name: small`",
    "dict_type": "must be names with values, as `NAME: value`",
    "list_type": "must be a list: `[one, two]`, or lines that begin with `- `",
    "string_type": "must be text",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "too_short": "must not be empty",
}
"""What a value must look like, for faults that the library tells in its own words."""


class Loader(yaml.SafeLoader):
    """YAML's own, but that a number which begins with 0 is text: 0123 is a student's name, not 83 in base eight."""


INT = "tag:yaml.org,2002:int"
Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in pairs if tag != INT]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(INT, re.compile(r"[-+]?(?:0|[1-9][0-9]*(?::[0-5]?[0-9])*)\Z"), list("-+0123456789"))


class SiteFile:
    """One YAML file: its values, and where each stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.location = f"{path.parent.name}/{path.name}"
        self.text = text_file.read(path, self.location)
        self.root = self._compose()

    def _compose(self) -> yaml.Node | None:
        try:
            return yaml.compose(self.text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            cause = str(error.problem or error)
            tab = "YAML is indented with spaces, not with tabs: put spaces there."
            remedy = tab if r"'\t'" in cause else "Fix the YAML there: indentation, quotes and colons."
            raise self._error(cause, mark, remedy=remedy) from None
        except yaml.reader.ReaderError as error:
            number = self.text[: error.position].count("\n") + 1
            raise HomeroomError(
                f"holds the control character {chr(int(error.character))!r}",
                location=f"{self.location} line {number}",
                remedy="Type the line again.",
            ) from None

    def _error(self, cause: str, mark: yaml.Mark | None, *, remedy: str) -> HomeroomError:
        where = f" line {mark.line + 1} column {mark.column + 1}" if mark else ""
        return HomeroomError(cause, location=f"{self.location}{where}", remedy=remedy)

    def mark(self, location: Location) -> yaml.Mark | None:
        """Where a value stands; for a key that is not there, its parent's location."""
        node, found = self.root, self.root.start_mark if self.root else None
        for step in location:
            if isinstance(node, yaml.MappingNode):
                pair = next(((key, value) for key, value in node.value if key.value == str(step)), None)
                if pair is None:
                    return found
                node, found = pair[1], pair[0].start_mark
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                found = node.start_mark
            else:
                return found
        return found

    def error(self, location: Location, cause: str, *, remedy: str) -> HomeroomError:
        """A fault of the value at a location."""
        return self._error(cause, self.mark(location), remedy=remedy)

    def duplicate_keys(self) -> Iterator[HomeroomError]:
        """A key that stands twice in one mapping: YAML would silently keep the last."""
        pending: list[yaml.Node] = [self.root] if self.root else []
        met: set[int] = set()
        while pending:
            node = pending.pop()
            if id(node) in met:  # an alias, which may stand within what it means
                continue
            met.add(id(node))
            if isinstance(node, yaml.SequenceNode):
                pending += node.value
            elif isinstance(node, yaml.MappingNode):
                seen: dict[str, int] = {}
                for key, value in node.value:
                    if not isinstance(key, yaml.ScalarNode):
                        yield self._error("a name must be plain text", key.start_mark, remedy="Fix the YAML there.")
                        continue
                    if key.value in seen:
                        cause = f"{key.value} is there twice; the first is on line {seen[key.value]}"
                        yield self._error(cause, key.start_mark, remedy="Keep one of them.")
                    seen.setdefault(key.value, key.start_mark.line + 1)
                    pending.append(value)

    def values(self) -> Any:
        """The file's content as plain data; None for a file of comments only."""
        try:
            return yaml.load(self.text, Loader=Loader)  # noqa: S506 - it is the safe one
        except yaml.MarkedYAMLError as error:
            raise self._error(
                str(error.problem or error), error.problem_mark, remedy="Write plain text, numbers, lists and fields."
            ) from None
        except ValueError as error:
            raise self._error(
                str(error), self._impossible(), remedy="Fix the date, or put it in quotes if it is none."
            ) from None

    def _impossible(self) -> yaml.Mark | None:
        """Where the value stands that looks like a date and is none, such as 2026-13-01."""
        for token in yaml.scan(self.text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.ScalarToken) and token.plain:
                try:
                    yaml.safe_load(token.value)
                except ValueError:
                    found: yaml.Mark = token.start_mark
                    return found
                except yaml.YAMLError:
                    continue
        return None


def load(path: Path, model: type[Model]) -> Model | None:
    """A site file, checked against its model; None where there is no such file or nothing but comments in it.

    :raises HomeroomError: everything that is wrong with it, together, each with line and column.
    """
    if not path.exists():
        return None
    file = SiteFile(path)
    raise_all(list(file.duplicate_keys()))
    values = file.values()
    if values is None:
        return None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise_all([_fault(file, model, fault) for fault in error.errors()])
        raise AssertionError("a validation error without faults") from error


def _fault(file: SiteFile, model: type[BaseModel], fault: Any) -> HomeroomError:
    location: Location = tuple(fault["loc"])
    if fault["type"] == "extra_forbidden":
        at = _model_at(model, location[:-1])
        known = sorted(getattr(at, "model_fields", {}))
        now = getattr(at, "RENAMED", {}).get(str(location[-1]))
        otherwise = f"Known here: {', '.join(known)}."
        remedy = f"It is called {now} now." if now else did_you_mean(str(location[-1]), known, otherwise)
        return file.error(location, f"there is no field {location[-1]}", remedy=remedy)
    name = ".".join(str(step) for step in location if not isinstance(step, int) and step != "[key]") or "the file"
    remedy = f"docs/{forms.page_of(file.path.name)}.md shows the file's form."
    if fault["type"] == "string_type" and not isinstance(fault["input"], dict | list):
        remedy = "Put it in quotes: YAML reads on, yes, no, null, dates and numbers as other than text."
    return file.error(location, f"{name} {FORMS.get(fault['type']) or cause_of(fault)}", remedy=remedy)


def _model_at(model: type[BaseModel], location: Sequence[int | str]) -> Any:
    """The model of a mapping at this location; None where it may have any names."""
    kind: Any = model
    for step in location:
        fields = getattr(kind, "model_fields", None)
        if fields is not None:
            if step not in fields:
                return None
            kind = fields[step].annotation
        else:
            inner = get_args(kind)
            kind = inner[-1] if inner else None
        while get_origin(kind) in (Union, UnionType):
            kind = next((one for one in get_args(kind) if one is not type(None)), None)
    return kind
