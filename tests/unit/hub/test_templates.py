"""The hub's pages: what they put in the place of JupyterHub's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, nodes

OURS = Path(__file__).resolve().parents[3] / "jupyterhub/templates"
THEIRS = FileSystemLoader(Path(sys.prefix) / "share/jupyterhub/templates")
PAGES = Environment(  # as JupyterHub looks for them
    loader=ChoiceLoader([PrefixLoader({"templates": THEIRS}), FileSystemLoader(OURS), THEIRS]), autoescape=True
)

NEW = {"change-password.html": {"old_password"}}
"""Blocks of a page of ours that another one of ours fills in."""


def parent_of(page: str) -> str | None:
    """The page that a page extends."""
    source, _, _ = PAGES.loader.get_source(PAGES, page)  # type: ignore[union-attr]
    extended = PAGES.parse(source).find(nodes.Extends)
    return extended.template.as_const() if extended else None


def blocks_above(page: str) -> set[str]:
    """The blocks of all pages that a page extends, one behind the other."""
    parent = parent_of(page)
    return set(PAGES.get_template(parent).blocks) | blocks_above(parent) if parent else set()


@pytest.mark.parametrize("page", sorted(path.name for path in OURS.glob("*.html") if path.name != "choice.html"))
def test_every_block_has_its_place(page: str) -> None:
    """What a page of ours fills in is there in the page that it extends, and whatever that extends: a block that
    JupyterHub renames would be left out without a word."""
    assert blocks_above(page), f"{page} extends nothing"
    own = {block.name for block in PAGES.parse((OURS / page).read_text()).find_all(nodes.Block)}
    assert own - NEW.get(page, set()) <= blocks_above(page)


def shown_error(status: int, message: str, reason: str) -> str:
    """What a page of an error says."""
    page = PAGES.get_template("error.html").render(
        status_code=status,
        message=message,
        status_message=reason,
        base_url="/hub/",
        static_url=lambda path, **_: path,
        logo_url="/logo",
    )
    return " ".join(page.partition('<div class="error">')[2].partition("</main>")[0].partition("<script")[0].split())


def test_an_error_is_told_once() -> None:
    """What the heading says is not said again below it; what it does not say is."""
    assert shown_error(403, "You may have one lab only.", "You may have one lab only.").count("one lab only") == 1
    assert "no such page" in shown_error(404, "There is no such page.", "Not Found")


def test_another_persons_lab_is_told_in_words() -> None:
    """A link into somebody else's lab says so, and nothing of OAuth's."""
    refused = "You do not have permission to access Server at /user/ada/"
    page = shown_error(403, refused, refused)
    assert "somebody else" in page
    assert "permission" not in page
