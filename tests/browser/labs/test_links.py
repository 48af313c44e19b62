"""A link in a mail that fetches a repository: by sign-in, choice of a lab and queue to the notebook; again; in vain."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Lab
from tests.git_server import PRIVATE, GitServer, git
from tests.hub_deployment import HubDeployment
from tests.person import Person

BRANCH = "week/2+ü"
NOTEBOOK = "Woche 1/Was ist C#?.ipynb"
CELL: dict[str, Any] = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}


def notebook(*cells: str) -> str:
    """A notebook with these cells."""
    made = [{**CELL, "id": f"cell-{number}", "source": text} for number, text in enumerate(cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def commit(server: GitServer, **files: str) -> None:
    """Commit files to the branch that the link names."""
    work = server.folder / "work/Übung"
    git(work, "checkout", "--quiet", "-B", BRANCH)
    for name, text in files.items():
        (work / name).write_text(text)
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--allow-empty", "--message=week 2")
    git(work, "push", "--quiet", str(server.folder / "Übung.git"), f"HEAD:refs/heads/{BRANCH}")


@pytest.fixture
def hedy(chooser: HubDeployment) -> Iterator[Person]:
    """Somebody who has not been here yet; their lab is gone afterwards."""
    person = Person(chooser, "hedy-of-links")
    yield person
    person.sign_in("")
    person.stop_lab_if_any()


def follow(page: Page, link: str) -> None:
    """Click a link as it stands in a mail, on another website."""
    mail = f'<a href="{html.escape(link)}">This week</a>'
    page.goto(f"data:text/html,{quote(mail)}")
    page.get_by_role("link", name="This week").click()


def test_a_link_from_a_mail_opens_its_notebook(
    chooser: HubDeployment, git_server: GitServer, holder: Person, hedy: Person, page: Page
) -> None:
    """Nothing of it is lost by signing in, choosing a lab and waiting for it, whatever letters its repository, branch
    and file have. Followed again once the lab runs, it brings what is new and keeps what was changed. What cannot be
    fetched is told in words, and the lab goes on."""
    repository = server_path(git_server.repository("Übung", {NOTEBOOK: notebook("question = 1", "")}))
    commit(git_server)
    asked = {"repo": repository, "branch": BRANCH, "targetpath": "Übung", "subpath": NOTEBOOK}
    pull = f"{chooser.url}hub/user-redirect/git-pull?"
    link = pull + "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items())
    follow(page, link)
    page.get_by_label("Username:").fill(hedy.name)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Choose your lab")).to_be_visible()
    page.get_by_text("Large").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Waiting for a lab")).to_be_visible()
    holder.stop_lab()
    lab = Lab(page, chooser, hedy.name).wait()
    lab.wait_until_idle()
    expect(lab.tab("Was ist C#?.ipynb")).to_be_visible()
    lab.run("mine = 2")
    lab.save("Was ist C#?.ipynb")

    commit(git_server, **{"neu.txt": "new", NOTEBOOK: notebook("question = 3", "")})
    again = page.context.new_page()
    follow(again, link)
    lab = Lab(again, chooser, hedy.name).wait()
    lab.wait_until_idle()
    expect(lab.notebook.get_by_text("mine = 2")).to_be_visible()
    assert lab.run("import os; print(os.path.exists('../neu.txt'))") == "True"

    for name, said in ((f"{PRIVATE}/x", "It is private"), ("none", "There is none of this name")):
        follow(again, f"{pull}repo={git_server.url}/{name}.git&urlpath=lab/tree/x")
        expect(again.get_by_role("alert")).to_contain_text(said)
    again.get_by_role("link", name="Open the lab without it").click()
    Lab(again, chooser, hedy.name).wait()


def server_path(url: str) -> str:
    """An address with its letters written as addresses have them."""
    return quote(url, safe=":/")
