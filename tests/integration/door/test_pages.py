"""What the proxy shows to people while there is no hub, and has the hub show where a lab does not answer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.door import Door, open_door
from tests.faults import until
from tests.hub_deployment import HubDeployment

LAB = "/user/ada"
HTML = "Accept: text/html"
LANGUAGES = [
    ((), "en"),
    (("Accept-Language: de-AT,de;q=0.9,en;q=0.8",), "de"),
    (("Accept-Language: fr,en;q=0.5,de;q=0.6",), "de"),
    (("Accept-Language: en-GB,de;q=0.9",), "en"),
    (("Accept-Language: fr,nl;q=lots,;;,-",), "en"),
    (("Accept-Language: en", "Cookie: a=b; homeroom-language=de; c=d"), "de"),
    (("Accept-Language: de", "Cookie: homeroom-language=en"), "en"),
    (("Accept-Language: de", "Cookie: homeroom-language=xx"), "de"),
    (("Cookie: homeroom-language=constructor",), "en"),
]
TITLES = {"en": "The hub is restarting", "de": "Der Hub startet neu"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sockets lie."""
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def door(deployment: HubDeployment, folder: Path) -> Iterator[Door]:
    """The proxy alone."""
    with open_door(f"{deployment.project}-proxy:local", folder, [LAB]) as made:
        yield made


@pytest.mark.parametrize(("headers", "language"), LANGUAGES)
def test_a_lab_that_is_gone_is_told_in_ones_language(
    door: Door, folder: Path, headers: tuple[str, ...], language: str
) -> None:
    """The hub is asked for the page about it in the language that somebody chose, else of their browser; nothing else
    of their request goes along."""
    door.forget()
    (folder / "labs/0.sock").unlink(missing_ok=True)
    assert door.get(f"{LAB}/lab", HTML, *headers).status == 503
    (asked,) = door.hub.requests
    assert asked.values("accept-language") == [language]
    assert asked.values("cookie") == []


@pytest.mark.parametrize(("headers", "language"), LANGUAGES)
def test_a_hub_that_is_gone_is_told_in_ones_language(
    door: Door, folder: Path, headers: tuple[str, ...], language: str
) -> None:
    """So is the proxy's own page, which says what it is in to browsers, readers aloud and caches."""
    (folder / "hub/hub.sock").unlink(missing_ok=True)
    answer = door.get("/hub/home", HTML, *headers)
    text = answer.read().decode()
    assert (answer.status, answer.getheader("Refresh")) == (503, "3")
    assert answer.getheader("Vary") == "Accept-Language, Cookie"
    assert f'<html lang="{language}">' in text
    assert f"<h1>{TITLES[language]}</h1>" in text
    assert "{{" not in text


def test_it_looks_like_the_hubs_pages(door: Door, folder: Path) -> None:
    """Name, colours and links are those of site/branding.yaml, taken up while the proxy runs; nothing in them is read
    as HTML, and what is no colour or address is left out."""
    (folder / "hub/hub.sock").unlink(missing_ok=True)
    brand = {"name": "Physics <b>&", "colour": "#8a1538", "colour_dark": "}</style>", "privacy": "javascript:1"}
    path = folder / "rendered/branding.json"
    new = path.with_suffix(".new")
    new.write_text(json.dumps(brand | {"imprint": "https://www.uni.example/imprint?a&b"}))
    os.replace(new, path)

    def page() -> str:
        return door.get("/hub/home", HTML).read().decode()

    until(lambda: "Physics" in page(), "the name is taken up")
    text = page()
    assert "Physics &#60;b&#62;&#38;" in text
    assert "#8a1538" in text
    assert '<a href="https://www.uni.example/imprint?a&#38;b">Imprint</a>' in text
    assert "}</style>" not in text.replace("}\n    </style>", "")
    assert "javascript:" not in text


@pytest.mark.parametrize(("language", "title"), [("en", "The hub has moved"), ("de", "Der Hub ist umgezogen")])
def test_a_hub_that_has_moved_is_told(door: Door, folder: Path, language: str, title: str) -> None:
    """While it moves, and where it went; taken up while the proxy runs, and over when it is over. What is no address of
    the web leads nowhere."""
    (folder / "hub/hub.sock").unlink(missing_ok=True)
    path = folder / "rendered/moved.json"

    def page() -> str:
        return door.get("/hub/home", HTML, f"Accept-Language: {language}").read().decode()

    def told(state: str, to: str) -> None:
        new = path.with_suffix(".new")
        new.write_text(json.dumps({"state": state, "to": to}))
        os.replace(new, path)

    told("moved", "https://hub.example.edu/?a&b")
    until(lambda: f"<h1>{title}</h1>" in page(), "the move is told")
    assert '<a href="https://hub.example.edu/?a&#38;b">' in page()
    told("moved", "javascript:alert(1)")
    until(lambda: TITLES[language] in page(), "what is no address is left out")
    assert "javascript" not in page()
    told("closing", "https://hub.example.edu/")
    until(lambda: TITLES[language] not in page(), "it is told that it moves")
    assert title not in page()
    assert "hub.example.edu" not in page()
    path.unlink()
    until(lambda: TITLES[language] in page(), "it is over")
