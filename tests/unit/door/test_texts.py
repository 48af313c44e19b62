"""What the proxy itself says to people: whole, in every language that the hub's pages have."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from homeroom.texts import catalogue

from tests.hub_deployment import ROOT

TEXTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "proxy/texts").iterdir()}
PAGES = sorted((ROOT / "proxy/pages").glob("*.html"))
VALUES = {"lang", "name", "colour", "colour_dark", "links", "there"}
"""What a page is given beside the texts."""
OF_A_MOVE = {f"{state}{part}" for state in ("closing", "moved") for part in ("", "Title", "Labs")}
"""What is said in the place of other texts while the hub moves, and once it has moved."""


def test_the_languages_are_the_hubs() -> None:
    """Nobody reads German until the hub restarts, and English then."""
    assert set(TEXTS) == set(catalogue.languages())


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_has_every_text(language: str) -> None:
    """A text that is missing fails here, and an empty one."""
    assert TEXTS[language].keys() == TEXTS[catalogue.DEFAULT].keys()
    assert [name for name, text in TEXTS[language].items() if not text.strip()] == []


def test_every_text_is_said_and_every_word_is_a_text() -> None:
    """A page takes what there is, and has no words of its own."""
    said = {name for page in PAGES for name in re.findall(r"{{(\w+)}}", page.read_text(encoding="utf-8"))}
    links = {"imprint", "privacy"}
    assert said - VALUES == TEXTS[catalogue.DEFAULT].keys() - links - OF_A_MOVE
    for page in PAGES:
        words = _Words()
        words.feed(page.read_text(encoding="utf-8"))
        assert [word for word in words.found if re.search(r"[^\W_]", re.sub(r"{{\w+}}", "", word))] == []


def test_links_have_the_hubs_words() -> None:
    """The same two links stand at the foot of each page, by the same names."""
    for language, texts in TEXTS.items():
        hubs = catalogue.texts(language)
        assert (texts["imprint"], texts["privacy"]) == (hubs["page.imprint"], hubs["page.privacy"])


class _Words(HTMLParser):
    """What people read of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where words stand."""
        if tag not in ("meta", "link"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note where they end."""
        self._inside.pop()

    def handle_data(self, data: str) -> None:
        """Keep what is neither style nor program."""
        if self._inside and self._inside[-1] not in ("style", "script"):
            self.found.append(data)
