"""The texts that people read: whole, in every language, and nowhere else."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from homeroom.texts import catalogue
from homeroom.texts.quantities import WRITTEN
from homeroom.texts.said import NOTHING, Said, say
from jinja2 import Environment, nodes

from tests.hub_deployment import ROOT

HOMEROOM = ROOT / "jupyterhub/homeroom"
TEMPLATES = sorted((ROOT / "jupyterhub/templates").rglob("*.html"))
CALLS = {"text", "say", "Said", "Refusal"}
SHOWN = {"alt", "aria-label", "placeholder", "title"}
"""Attributes that people read or hear."""
MARKS = {"a", "br", "code", "em", "strong"}
"""What a text may hold of HTML."""
JUPYTERHUBS = {"You do not have permission to access Server at", "Server at "}
"""What JupyterHub says; a template looks for it in order to say it otherwise."""
FOR_PROGRAMS = ("courses/desk/", "guard/", "prewarm/prewarmer.py")
"""Their errors are read by programs of ours alone; the desk's by the command in a lab, where all is English."""
TEXTS = catalogue.texts(catalogue.DEFAULT)


def forms(text: catalogue.Text) -> list[str]:
    """The sentences of a text, one for each number."""
    return [text] if isinstance(text, str) else list(text.values())


@pytest.mark.parametrize("language", catalogue.languages())
def test_every_language_has_every_text(language: str) -> None:
    """A text that is missing in a language fails here; so does one that takes other values there."""
    found = catalogue.texts(language)
    assert found.keys() == TEXTS.keys()
    other = {key for key in TEXTS if catalogue.placeholders(found[key]) != catalogue.placeholders(TEXTS[key])}
    assert other == set()
    assert {key for key in TEXTS if isinstance(found[key], str) != isinstance(TEXTS[key], str)} == set()


def test_there_is_german() -> None:
    """English is what everybody gets who asks for nothing; German is there."""
    assert catalogue.languages() == ("en", "de")


@pytest.mark.parametrize("language", catalogue.languages())
def test_no_text_is_empty_and_each_is_filled(language: str) -> None:
    """Every text can be put in words, with a number of one and of many; the ways in which values are written exist."""
    for key, text in catalogue.texts(language).items():
        names = catalogue.placeholders(text)
        assert {how for _, how in names if how} <= WRITTEN.keys(), key
        for count in (1, 2):
            values = {name: [3] if how == "list" else 3600.0 if how else "3" for name, how in names}
            said = catalogue.fill(language, key, {**values, "count": count})
            assert said.strip() == said, key
            assert said, key
            assert "{" not in said, key


def test_a_text_that_is_not_there_fails() -> None:
    """Neither a key nor a value is passed over in silence."""
    with pytest.raises(KeyError):
        str(say("home.no_such_text"))
    with pytest.raises(KeyError):
        str(say("sign_in.with_service"))


def test_plurals() -> None:
    """One lab is one, and no lab or several are several, in each language."""
    said = [say("home.named_about", count=count) for count in (0, 1, 2)]
    assert ["each" in one.to("en") for one in said] == [True, False, True]
    assert ["weiteres" in one.to("de") for one in said] == [False, True, False]


def test_numbers_are_written_as_the_language_does() -> None:
    """A decimal comma and words for days in German; of thousands each digit."""
    assert say("labs.choice.memory", memory=1.5 * 2**30).to("de") == "1,5 GB Arbeitsspeicher"
    assert say("labs.choice.max_age", seconds=2 * 86400).to("en") == "ends after 2 days"
    assert say("labs.choice.max_age", seconds=86400).to("de") == "läuft längstens 1 Tag"
    assert say("labs.choice.max_age", seconds=26300 * 86400).to("en") == "ends after 26300 days"
    assert [WRITTEN["number"](value, "en") for value in (0.25, 999.4, 999.6)] == ["0.25", "999", "1000"]


def test_what_is_kept_are_keys_and_values() -> None:
    """What is stored is told in the language of whoever reads it later; a sentence of an older version is not said."""
    said = say("ended.idle", idle=600) + say("labs.queue.next")
    assert Said.load(said.stored()) == said
    assert "10 min" in Said.load(said.stored()).to("de")
    assert Said.load("Your lab was stopped.") == NOTHING
    assert Said.load([["ended.of_a_later_version", {}]]) == NOTHING
    assert Said.load([["ended.idle", {}]]) == NOTHING


class Words(HTMLParser):
    """What a template says itself."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0
        self.feed(re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")
        given = dict(attrs)
        shown = SHOWN | ({"value"} if given.get("type") in ("submit", "button") else set())
        self.found += [value for name, value in attrs if name in shown and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_says_anything_itself(template: Path) -> None:
    """Every word on a page is the catalogue's, in what is shown as in what a screen reader tells: put it into
    homeroom/texts/en/ and de/, and write `text("file.key")`."""
    source = template.read_text(encoding="utf-8")
    assert [word for word in Words(source).found if re.search(r"[^\W\d_]{2}", word)] == []
    constants = (node.value for node in Environment().parse(source).find_all(nodes.Const))
    said = {value for value in constants if isinstance(value, str) and re.match(r"[A-Z]\w* \w", value)}
    assert said - JUPYTERHUBS == set()


def keys_of_templates() -> Iterator[tuple[str, str]]:
    """Each key that a template asks for, with the template."""
    for template in TEMPLATES:
        for call in Environment().parse(template.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "text" and isinstance(call.args[0], nodes.Const):
                yield template.name, call.args[0].value


def keys_of_code() -> Iterator[tuple[str, str]]:
    """Each key that is written in the hub's code, with the file; what is put together there is not seen here."""
    for path in HOMEROOM.rglob("*.py"):
        for node in parts(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_key(node.value):
                yield str(path.relative_to(HOMEROOM)), node.value


@functools.cache
def parts(path: Path) -> list[ast.AST]:
    """All that a file of Python consists of."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def is_key(value: str) -> bool:
    """Whether something looks like a key of the catalogue."""
    return (
        not value.endswith((".html", ".yaml"))
        and bool(re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)+", value))
        and value.split(".")[0] in TOPICS
    )


TOPICS = {key.split(".")[0] for key in TEXTS}


def test_every_key_that_is_asked_for_is_there() -> None:
    """A page or a refusal does not fail for a text that nobody wrote."""
    asked = [*keys_of_templates(), *keys_of_code()]
    assert len(asked) > 200
    assert [(where, key) for where, key in asked if key not in TEXTS] == []


def test_every_text_is_said_somewhere() -> None:
    """A text that nobody asks for is no longer translated for nothing. Of keys that are put together, their beginning
    stands in the code."""
    code = [path.read_text(encoding="utf-8") for path in HOMEROOM.rglob("*.py")]
    source = "\n".join([*code, *(template.read_text(encoding="utf-8") for template in TEMPLATES)])
    whole = set(re.findall(r"[\"']([a-z_]+(?:\.[a-z_0-9]+)+)[\"']", source))
    begun = tuple(re.findall(r"[\"']([a-z_]+\.[a-z_.]+?)(?:\{|[\"'] ~)", source))
    assert [key for key in TEXTS if key not in whole and not key.startswith(begun)] == []


def test_texts_hold_few_marks() -> None:
    """What a page shows as HTML has only what a sentence needs; whatever is put in is escaped."""
    for language in catalogue.languages():
        for key, text in catalogue.texts(language).items():
            for form in forms(text):
                assert set(re.findall(r"</?(\w+)", form)) <= MARKS, key


ERRORS = ("HTTPError", "Refused")


def called(call: ast.Call) -> str:
    """The last name of what is called."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def sentences(call: ast.Call) -> list[str]:
    """The parts of a call's arguments that are sentences."""
    parts = (node for argument in call.args for node in ast.walk(argument))
    strings = (part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
    return [string for string in strings if " " in string]


def test_no_error_says_anything_itself() -> None:
    """An error that people may see is a `Refusal` with a key of the catalogue, not an HTTPError with a sentence; why a
    sign-in is refused (`Refused`) is `say(...)`."""
    found = []
    for path in HOMEROOM.rglob("*.py"):
        name = str(path.relative_to(HOMEROOM))
        for node in parts(path):
            if isinstance(node, ast.Call) and called(node).endswith(ERRORS) and sentences(node):
                found.append(f"{name}:{node.lineno}")
    assert [each for each in found if not each.startswith(FOR_PROGRAMS)] == []
