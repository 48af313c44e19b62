"""The hub's pages: what they put in the place of JupyterHub's own."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from homeroom.branding.brand import Brand
from homeroom.texts import language
from homeroom.texts.pages import Texts
from homeroom.texts.refusal import Refusal
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, nodes
from tornado import web

OURS = Path(__file__).resolve().parents[3] / "jupyterhub/templates"
SHARE = Path(sys.prefix) / "share/jupyterhub"
THEIRS = FileSystemLoader(SHARE / "templates")
PAGES = Environment(  # as JupyterHub looks for them
    loader=ChoiceLoader([PrefixLoader({"templates": THEIRS}), FileSystemLoader(OURS), THEIRS]),
    autoescape=True,
    extensions=[Texts],
)
PAGES.globals["brand"] = Brand()
NOT_PAGES = {"admin-words.html", "choice.html", "panels.html", "style.html"}
"""Parts that other pages take in."""


@pytest.fixture
def german() -> Iterator[None]:
    """What is said is said in German."""
    token = language._current.set("de")
    yield
    language._current.reset(token)


def page_names() -> list[str]:
    """The pages of ours."""
    return sorted(path.name for path in OURS.glob("*.html") if path.name not in NOT_PAGES)


def blocks(page: str) -> set[str]:
    """The blocks that a page itself has."""
    source, _, _ = PAGES.loader.get_source(PAGES, page)  # type: ignore[union-attr]
    return {block.name for block in PAGES.parse(source).find_all(nodes.Block)}


@pytest.mark.parametrize("page", [name for name in page_names() if (SHARE / "templates" / name).is_file()])
def test_a_page_has_the_blocks_of_the_one_that_it_replaces(page: str) -> None:
    """What an operator's own template, or a later JupyterHub, fills in of a page is there in ours: a block that is
    missing would be left out without a word."""
    assert blocks(f"templates/{page}") <= blocks(page) | blocks("page.html") | blocks("error.html")


def test_no_page_is_left_to_jupyterhub() -> None:
    """Each page that JupyterHub brings has one of ours in its place: what it says is English only."""
    assert {path.name for path in (SHARE / "templates").glob("*.html")} <= set(page_names())


@pytest.mark.parametrize("script", ["token", "not_running"])
def test_jupyterhubs_scripts_find_what_they_look_for(script: str) -> None:
    """Every part that the script of a page takes hold of is on our page: it would do nothing, without a word."""
    wanted = set(re.findall(r"\$\(\"[#.]([\w-]+)\"\)", (SHARE / f"static/js/{script}.js").read_text()))
    source = (OURS / f"{script}.html").read_text()
    assert wanted
    assert {name for name in wanted if name not in source} == set()


def test_the_dangerous_buttons_are_marked_as_jupyterhub_marks_them() -> None:
    """The page for administrators asks before the buttons that concern everybody or remove somebody: it knows them by
    their marks, since what they say depends on the language."""
    bundle = (SHARE / "static/js/admin-react.js").read_text()
    asked = re.findall(r'^      "([^"]+)": ', (OURS / "admin.html").read_text(), re.MULTILINE)
    marked = ["start-all", "stop-all", "delete-user", "delete-group"]
    assert sorted(asked) == sorted(["#shutdown-button", *(f"[data-testid={name}]" for name in marked)])
    for mark in ('id:"shutdown-button"', *(f'"data-testid":"{name}"' for name in marked)):
        assert mark in bundle


def shown_error(status: int, error: Exception | None, message: str = "", reason: str = "") -> str:
    """What a page of an error says."""
    page = PAGES.get_template("error.html").render(
        status_code=status,
        exception=error,
        message=getattr(error, "jupyterhub_message", message),
        status_message=reason,
        base_url="/hub/",
        static_url=lambda path, **_: path,
        logo_url="/logo",
    )
    return " ".join(page.partition("<main")[2].partition("</main>")[0].split())


def test_an_error_of_ours_says_what_is_wrong_once() -> None:
    """The page has what the catalogue says of it, under a heading for its kind."""
    shown = shown_error(403, Refusal(403, "no_lab.one_only"))
    assert shown.count("one lab only") == 1
    assert "You are not allowed to do this" in shown


def test_what_jupyterhub_says_of_an_error_is_marked_as_english(german: None) -> None:
    """In German, the page says in German what kind of error it is and what to do; the detail is marked as English."""
    shown = shown_error(400, web.HTTPError(400, "Invalid scopes"), "Invalid scopes")
    assert "Diese Anfrage" in shown
    assert '<p class="text-body-secondary" lang="en">Invalid scopes</p>' in shown


def test_every_status_has_words() -> None:
    """An error of any status has a page with a heading."""
    for status in (400, 401, 403, 404, 405, 409, 418, 429, 500, 502, 503, 504):
        assert "<h1>" in shown_error(status, None, "x")


def test_another_persons_lab_is_told_in_words() -> None:
    """A link into somebody else's lab says so, and nothing of OAuth's."""
    refused = "You do not have permission to access Server at /user/ada/"
    page = shown_error(403, None, refused, refused)
    assert "belongs to another person" in page
    assert "permission" not in page
