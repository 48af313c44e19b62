"""Labs on one host of their own: people work there, and what a page of a lab can do to the hub as the person who looks
at it is nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.edge.conftest import LABS
from tests.browser.edge.hostile import ATTACK_ON_HUB, look_at, served_by, successes, tokens
from tests.browser.pages import Lab, SignIn
from tests.edge_deployment import HUB, EdgeDeployment


def test_people_work_under_the_labs_name(
    apart: EdgeDeployment, window: Page, sign_in: Callable[[Page, str], Lab]
) -> None:
    """Who signs in at the hub comes to their lab under its own name, runs code there and finds back to the hub; an
    address with the wrong one of both names leads to the right one."""
    notebook = sign_in(window, "ada").new_notebook()
    assert "42" in notebook.run("print(6 * 7)")
    window.goto(f"{apart.url}user/ada/lab")
    window.wait_for_url(re.compile(re.escape(f"{apart.lab_url('ada')}user/ada/lab")))
    window.goto(f"{apart.lab_url('ada')}hub/home")
    window.wait_for_url(f"{apart.url}hub/home")
    cookies = window.context.cookies()
    assert {each["domain"] for each in cookies if each["name"].startswith("jupyterhub-user-")} == {LABS}
    assert [each["domain"] for each in cookies if each["name"] == "__Host-jupyterhub-hub-login"] == [HUB]


def test_a_page_of_a_lab_does_nothing_as_its_viewer(apart: EdgeDeployment, window: Page, tmp_path: Path) -> None:
    """An administrator looks at a page that somebody's lab serves: it reads nothing of the hub's, makes no token, sees
    no page of the hub's in a frame, and its cookies sign nobody in or out. The same script as a page of the hub's own
    reads and makes a token, so it would work."""
    address = served_by(apart, "mallory", tmp_path)
    SignIn(window, apart).open("home").submit("grace", "")
    hub = apart.url.rstrip("/")
    window.goto(f"{apart.url}hub/home")
    own = window.evaluate(ATTACK_ON_HUB, hub)
    assert (own["read"], own["here"], own["token"]) == ("grace", "grace", "stolen"), own
    before = tokens(apart, "grace", tmp_path)
    window.context.clear_cookies()  # it has thrown some, too
    SignIn(window, apart).open("home").submit("grace", "")
    look_at(window, apart, address)
    assert successes(window.evaluate(ATTACK_ON_HUB, hub)) == {"blind": "sent"}
    assert tokens(apart, "grace", tmp_path) == before
    window.goto(f"{apart.url}hub/home")
    expect(window.get_by_text("grace").first).to_be_visible()
