"""Somebody has lost a notebook, and finds it in the copies: with restic, the guard and the hub as they are."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from homeroom.copies.page import encoded
from playwright.sync_api import Page, expect

from tests.browser.hub.test_accessible import axe, barriers
from tests.browser.pages import SignIn
from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.integration.copies.repository import sent_to
from tests.person import Person

LOSER, NEIGHBOUR = "losesfiles", "losesfiles2"
WORK = """\
import pathlib
pathlib.Path("notes").mkdir()
pathlib.Path("notes/essay.ipynb").write_text("weeks of work")
pathlib.Path("notes/<img src=x>").write_text("strange")
"""
LOSS = """\
import pathlib, shutil
shutil.rmtree("notes")
pathlib.Path("notes").symlink_to("/srv")
"""


@pytest.fixture
def kept(deployment: HubDeployment, tmp_path: Path) -> Iterator[HubDeployment]:
    """The shared deployment with a place for copies, which it has no more when the test is over."""
    with sent_to(deployment, str(tmp_path)):
        deployment.up()
        yield deployment
    deployment.up()
    shutil.rmtree(deployment.directory / "backup", ignore_errors=True)


def test_a_lost_notebook_is_found_in_three_clicks(
    kept: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """Home page, folder, *Take back*: it is in the home again, its owner's, while the lab runs; a link that lies in the
    place of its folder leads nowhere. Nobody else can name it, and what was done is on record."""
    owner, neighbour = Person(kept, LOSER), Person(kept, NEIGHBOUR)
    owner.sign_in(add_account(LOSER))
    neighbour.sign_in(add_account(NEIGHBOUR))
    owner.start_lab()
    try:
        owner.run(WORK)
        kept.make("backup")
        owner.run(LOSS)
        where = found_again(kept, page, add_account)
        told = owner.run(f"import os; print(open({where!r}).read(), os.stat({where!r}).st_uid, os.listdir('/srv'))")
    finally:
        owner.stop_lab_if_any()
    assert told.startswith("weeks of work 1000 ")
    assert where not in told
    copy = re.search(r'value="([0-9a-f]{64})"', owner.get("hub/homeroom/copies").text)
    assert copy
    is_downloaded(owner, copy[1])
    is_nobody_elses(neighbour, copy[1])
    wanted = {"files-restore", "files-download"}
    until(lambda: wanted <= set(kept.make("audit", f"NAME={LOSER}").stdout.split()), "the guard has heard of both")


def found_again(deployment: HubDeployment, page: Page, add_account: Callable[[str], str]) -> str:
    """What the person does in the browser; where the notebook is then."""
    page.set_viewport_size({"width": 360, "height": 740})
    SignIn(page, deployment).open("home").submit(LOSER, "seven green bicycles")
    page.get_by_role("link", name="Look for it in the copies").click()
    assert barriers(page, axe()) == []
    page.get_by_role("link", name="notes/", exact=True).click()
    expect(page.get_by_role("button", name="Take back: <img src=x>")).to_be_visible()
    assert barriers(page, axe()) == []
    needed, there = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert needed <= there
    page.get_by_role("button", name="Take back: essay.ipynb").click()
    said = page.get_by_text("It is back:")
    expect(said).to_be_visible()
    found = re.search(r"(essay-\d{4}-\d\d-\d\d-\d{4}\.ipynb)", said.inner_text())
    assert found, said.inner_text()
    assert "notes/" not in said.inner_text()
    page.get_by_label("Part of the name, in all folders").fill("ESSAY")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("button", name="Take back: notes/essay.ipynb")).to_be_visible()
    return found[1]


def is_downloaded(owner: Person, copy: str) -> None:
    """A file is handed out as it was, and nothing of it is a page of the hub's."""
    answer = owner.get(f"hub/homeroom/copies/download?copy={copy}&at={encoded('notes/<img src=x>')}")
    assert (answer.status_code, answer.text) == (200, "strange")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def is_nobody_elses(neighbour: Person, copy: str) -> None:
    """The same copy has nothing of it for somebody else, whatever they ask for."""
    for path, status in (
        ("notes/essay.ipynb", 404),
        (f"../{LOSER}/notes/essay.ipynb", 400),
        (f"/copy/homes/{LOSER}/notes/essay.ipynb", 400),
    ):
        query = f"copy={copy}&at={encoded(path)}&name={LOSER}&user={LOSER}&home={LOSER}"
        assert neighbour.get(f"hub/homeroom/copies/download?{query}").status_code == status
        assert "weeks of work" not in neighbour.get(f"hub/homeroom/copies?{query}").text
    query = f"copy={copy}&at={encoded(f'../{LOSER}/notes/essay.ipynb')}"
    assert neighbour.post_form(f"hub/homeroom/copies/take-back?{query}").status_code == 400
    shown = neighbour.get(f"hub/homeroom/copies?copy={copy}&find=essay")
    assert "essay.ipynb" not in shown.text.replace('value="essay"', "")
    assert neighbour.web.post(f"{neighbour.deployment.url}hub/homeroom/copies/take-back?{query}").status_code == 403
