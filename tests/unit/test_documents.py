"""The pages that people read: their links lead somewhere, and they name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from generator.core.paths import ROOT
from generator.lifecycle import render
from generator.site import forms, starters
from generator.topics.environments import kernels, site_images
from generator.topics.labs.site import Profile
from generator.topics.prewarm.site import Lesson
from generator.topics.storage import homes

PAGES_READ = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def anchors(page: Path) -> set[str]:
    """What a heading is called in a link, as GitHub has it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES_READ, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link within the tree leads to a file that is there, and to a heading of it where it names one."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        found = page.parent / path if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


def test_every_page_is_linked() -> None:
    """Whoever begins at README comes to every page of docs/."""
    pending, met = [ROOT / "README.md"], set()
    while pending:
        page = pending.pop()
        if page not in met:
            met.add(page)
            links = re.findall(r"\]\(([\w./-]+\.md)", page.read_text(encoding="utf-8"))
            pending += [(page.parent / link).resolve() for link in links]
    assert {page.resolve() for page in (ROOT / "docs").glob("*.md")} <= met


def test_every_field_is_explained() -> None:
    """The tables of fields have all of them: a profile's in docs/labs.md, a lesson's in docs/classes.md."""
    models: dict[str, type[BaseModel]] = {"labs": Profile, "classes": Lesson}
    for name, model in models.items():
        text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
        rows = "".join(re.findall(r"^\| (`[^|]+)\|", text, re.MULTILINE))
        assert set(re.findall(r"`(\w+)`", rows)) == set(model.model_fields), name


def test_the_files_of_site_are_explained() -> None:
    """`site/README.md` names every file and folder that is read; where an error says which page shows a file's form,
    that page does."""
    readme = starters.starters()["README.md"]
    for name in (*forms.names(), render.HUB_D, kernels.FOLDER, site_images.FOLDER, homes.SKELETON):
        assert f"`{name}" in readme, name
    for form in forms.known():
        assert form.name in (ROOT / "docs" / f"{form.page}.md").read_text(encoding="utf-8"), form.name
