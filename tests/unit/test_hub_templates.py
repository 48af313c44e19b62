"""The hub's pages: what they put in the place of JupyterHub's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, nodes

OURS = Path(__file__).resolve().parents[2] / "jupyterhub/templates"
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
