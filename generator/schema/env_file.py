"""The file `.env`: read with its line numbers, refused where Compose would read it differently, written once.

`.env` has two readers: python-dotenv here and Compose's own. They differ in quotes, `$`, `#`, backslashes, spaces and
`export`. What both read alike is accepted, the rest is refused with the way to write it.
"""

from __future__ import annotations

import io
import os
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dotenv

from generator.core import text_file
from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError, did_you_mean, raise_all
from generator.schema import settings
from generator.schema.settings import Settings, Spec

RENAMED = {"LABS_MEMORY": "TOTAL_LAB_MEMORY", "LABS_CPUS": "TOTAL_LAB_CPUS"}
"""What settings were called in 0.1.0; the nearest name would be another setting's."""
_ASSIGNMENT = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f]")
_PLAIN = re.compile(r"[^\s'\"$#\\`](?:[^'\"$#\\`\x00-\x1f]*[^\s'\"$#\\`])?|")
_SINGLE_QUOTED = re.compile(r"'[^'\\\x00-\x1f]*'")
_SIZE_IN_WORDS = re.compile(r"([0-9]+(?:[.,][0-9]+)?) ?([KMGT])(?:i?B)?", re.IGNORECASE)
_TIME_IN_WORDS = re.compile(r"([0-9]+) ?(s|m|h|d)(?:ec|in|econds?|inutes?|ours?|ays?)?", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DOUBLE_QUOTED = re.compile(r"\"[^\"$\\`\x00-\x1f]*\"")


@dataclass(frozen=True)
class Line:
    """One assignment of `.env`."""

    number: int
    key: str
    value: str


def read_text(path: Path) -> str:
    """The text of `.env`.

    :raises HomeroomError: it is missing, unreadable or not UTF-8.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise HomeroomError(
            "there is no .env yet", location=str(path), remedy="Run `make init` (or `make up`, which does it)."
        ) from None
    except OSError as error:
        raise HomeroomError(
            f"cannot be read: {error.strerror}", location=str(path), remedy="Run as the user who owns the deployment."
        ) from None
    text = text_file.decoded(data, ".env")
    if text.startswith("\ufeff"):
        raise HomeroomError(
            "begins with a byte order mark",
            location=".env line 1",
            remedy=r"Save the file as UTF-8 without a BOM, or run `sed -i '1s/^\xef\xbb\xbf//' .env`.",
        )
    return text


def parse(text: str) -> list[Line]:
    """The assignments of `.env`, with every line that its two readers would read differently refused.

    :raises HomeroomError: one for each faulty line, together.
    """
    lines: list[Line] = []
    errors: list[HomeroomError] = []
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        try:
            _refuse_control_characters(number, raw)
            if raw.strip() and not raw.lstrip().startswith("#"):
                lines.append(_parse_line(number, raw))
        except HomeroomError as error:
            errors.append(error)
    raise_all(errors)
    return lines


def _refuse_control_characters(number: int, raw: str) -> None:
    """Also in comments: a lone carriage return ends a line for python-dotenv, and not for Compose."""
    found = _CONTROL.search(raw)
    if found:
        raise HomeroomError(
            f"holds the control character {found[0]!r}", location=f".env line {number}", remedy="Type the line again."
        )


def _parse_line(number: int, raw: str) -> Line:
    location = f".env line {number}"
    match = _ASSIGNMENT.fullmatch(raw.rstrip(" "))
    if not match:
        raise HomeroomError(
            f"is not of the form NAME=value{_named(raw)}",
            location=location,
            remedy="Write NAME=value without spaces around the `=` and without `export`; start a comment with `#`.",
        )
    key, value = match["key"], match["value"]
    for pattern, cut in ((_PLAIN, 0), (_SINGLE_QUOTED, 1), (_DOUBLE_QUOTED, 1)):
        if pattern.fullmatch(value):
            return Line(number, key, value[cut : len(value) - cut])
    raise HomeroomError(
        f"{key} holds a quote, `$`, `#`, backslash, backtick or outer space that Compose would read differently",
        location=location,
        remedy=f"Put the value between single quotes, with none inside: {key}='...'. Comments go on their own line.",
    )


def _named(raw: str) -> str:
    """What of a faulty line is shown: what stands where a name does. Anything else may be a secret, or part of one."""
    found = re.match(r"(?:export +)?([A-Za-z_][A-Za-z0-9_-]{0,39}) *(?=[=:]|(\s|$))", raw.strip())
    if found is None or (found[2] is not None and found[1].upper() not in Settings.model_fields):
        return ""
    return f": {found[0].strip()!r}"


def _duplicates(lines: list[Line]) -> list[HomeroomError]:
    seen: dict[str, int] = {}
    errors = []
    for line in lines:
        if line.key in seen:
            errors.append(
                HomeroomError(
                    f"{line.key} is already set on line {seen[line.key]}",
                    location=f".env line {line.number}",
                    remedy="Keep one of the two lines.",
                )
            )
        seen.setdefault(line.key, line.number)
    return errors


def _unknown(lines: list[Line]) -> list[HomeroomError]:
    known = list(Settings.model_fields)
    errors = []
    for line in lines:
        if line.key in known:
            continue
        otherwise = "Remove the line; docs/settings.md lists all settings."
        now = RENAMED.get(line.key)
        remedy = f"It is called {now} now." if now else did_you_mean(line.key.upper(), known, otherwise)
        errors.append(
            HomeroomError(f"there is no setting {line.key}", location=f".env line {line.number}", remedy=remedy)
        )
    return errors


def load(path: Path) -> Settings:
    """The checked settings of a deployment.

    :raises HomeroomError: everything that is wrong with the file, together, each with its line.
    """
    text = read_text(path)
    lines = parse(text)
    raise_all(_duplicates(lines) + _unknown(lines))
    values = {line.key: line.value for line in lines}
    _agree_with_dotenv(text, values)
    numbers = {line.key: line.number for line in lines}
    checked, faults = settings.validation_faults(values)
    errors = [_fault_error(name, cause, numbers, values) for name, cause in faults]
    if checked is not None:
        errors += [
            HomeroomError(cause, location=_location(name, numbers, name), remedy=remedy)
            for name, cause, remedy in checked.all_cross_checks()
        ]
    raise_all(errors)
    assert checked is not None
    return checked


def _location(name: str, numbers: Mapping[str, int], shown: str) -> str:
    return f".env line {numbers[name]}: {shown}" if name in numbers else f".env: {shown}"


def _fault_error(name: str, cause: str, numbers: Mapping[str, int], values: Mapping[str, str]) -> HomeroomError:
    spec = next(spec for spec in settings.specs() if spec.name == name)
    shown = name if spec.about.secret or name not in values else f"{name}={values[name]}"
    if spec.about.secret:
        remedy = f"Make one with `openssl rand -hex 32` and write {name}=<the 64 digits>."
    else:
        remedy = f"{spec.description.split('. ')[0].rstrip('.')}. Default: {spec.default or '(empty)'}."
        near = meant(spec, values.get(name, ""))
        remedy = f"Did you mean {written(name, near)}? {remedy}" if near and f" {near}?" not in cause else remedy
    return HomeroomError(cause, location=_location(name, numbers, shown), remedy=remedy)


def written(name: str, value: str) -> str:
    """A line of `.env` that both of its readers read alike."""
    return f"{name}={value}" if _PLAIN.fullmatch(value) else f"{name}='{value}'"


def meant(spec: Spec, value: str) -> str:
    """What may have been meant by a value that is refused: the first of some likely ones that is not; empty: none.

    Other case, quotes, a comma for a point, spaces for commas, units as people write them.
    """
    bare = value.strip().strip("\"'\u201c\u201d\u201e\u2018\u2019")
    likely = [bare, bare.lower(), bare.upper(), bare.replace(",", "."), ",".join(re.split(r"[,;\s]+", bare.lower()))]
    if size := _SIZE_IN_WORDS.fullmatch(bare):
        likely.append(f"{size[1].replace(',', '.')}{size[2].upper()}")
    if (span := _TIME_IN_WORDS.fullmatch(bare)) and spec.about.unit == "seconds":
        likely.append(str(int(span[1]) * _SECONDS[span[2].lower()]))
    if spec.name == "COMPOSE_PROJECT_NAME":
        likely.append(re.sub(r"[^a-z0-9_-]+", "-", bare.lower()).strip("-_"))
    for one in likely:
        _, faults = settings.validation_faults({spec.name: one})
        if one and spec.name not in dict(faults):
            return one
    return ""


def _agree_with_dotenv(text: str, values: Mapping[str, str]) -> None:
    """Hold the accepted lines against python-dotenv, the reader that other tools use.

    :raises AssertionError: this module's dialect has a hole: a bug of ours.
    """
    others = dotenv.dotenv_values(stream=io.StringIO(text), interpolate=False)
    assert others == dict(values), "python-dotenv reads this .env differently"


def new_text(values: Mapping[str, str]) -> str:
    """The text of a new `.env`: every setting described, defaults commented out, `values` set.

    With no values it is `.env.example`.
    """
    parts = [
        "# Homeroom's settings. Made by `make init`; yours from then on: no command changes it.\n"
        "# Lines that start with # are comments; remove the # before a setting to change it, then run `make up`.\n"
    ]
    by_group: dict[str, list[Spec]] = {}
    for spec in settings.specs():
        by_group.setdefault(spec.about.group.title, []).append(spec)
    for group in settings.groups():
        parts.append(f"\n##### {group.title} #####\n# {group.text}\n")
        parts += [_entry(spec, values) for spec in by_group.get(group.title, [])]
    return "".join(parts)


def _entry(spec: Spec, values: Mapping[str, str]) -> str:
    unit = f" [{spec.about.unit}]" if spec.about.unit else f" [{spec.type}]"
    description = textwrap.fill(spec.description + unit, 118, initial_indent="# ", subsequent_indent="# ")
    if spec.name in values:
        return f"\n{description}\n{spec.name}={values[spec.name]}\n"
    return f"\n{description}\n#{spec.name}={spec.default or ''}\n"


def create(path: Path, chosen: Mapping[str, str]) -> bool:
    """Write a new `.env`, mode 0600, with generated secrets and the values chosen for this machine.

    An existing file is never touched. :returns: whether it was written.
    :raises HomeroomError: a chosen value is faulty; nothing is written then.
    """
    if path.exists():
        return False
    values = {spec.name: spec.about.generate() for spec in settings.specs() if spec.about.generate}
    _, faults = settings.validation_faults({**values, **chosen})
    raise_all(
        [
            HomeroomError(cause, location=f"shell: {name}", remedy=f"Give another value, or `unset {name}`.")
            for name, cause in faults
        ]
    )
    write_atomically(path, new_text({**values, **chosen}), mode=0o600, replace=False)
    return True


def from_shell(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The settings that the shell gives: `HUB_PORT=8001 make up` seeds a new `.env` with them."""
    environment = os.environ if environment is None else environment
    return {name: environment[name] for name in Settings.model_fields if name in environment}
