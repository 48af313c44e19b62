"""What a lab's page says of its disk, before somebody loses work by it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Home, Lab, SignIn, sign_in
from tests.hub_deployment import HubDeployment

PROFILES = """\
profiles:
  - {name: kept}
  - {name: passing, ephemeral: true, allow: {users: [tove], admins: false}}
"""
FILL = """\
try:
    with open("filler", "wb", buffering=0) as file:
        while file.write(bytes(4096)): pass
except OSError as error: print(error.strerror)
"""


@pytest.fixture(scope="module")
def small_homes(deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """The shared deployment with homes on a small disk, and with a profile that keeps nothing; put back
    afterwards."""
    homes = Path(tmp_path_factory.mktemp("small"))
    profiles, env = deployment.directory / "site" / "profiles.yaml", deployment.directory / ".env"
    before = {path: path.read_text() for path in (profiles, env)}
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0711", "homes", homes], check=True)
    try:
        profiles.write_text(PROFILES)
        env.write_text(f"{before[env]}\nHOMES={homes}\n")
        deployment.make("up")
        yield deployment
    finally:
        for path, text in before.items():
            path.write_text(text)
        deployment.make("up")
        subprocess.run(["umount", "--lazy", homes], check=True)


def test_a_full_home_starts_in_rescue(
    small_homes: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """Whose home is full gets a lab that says so and how to go on; after a delete and a restart it is as ever."""
    lab = sign_in(page, small_homes, "tilda", add_account("tilda")).new_notebook()
    assert "No space left on device" in lab.run(FILL)
    restart(page, small_homes)
    expect(page.get_by_text("then restart it (File > Hub Control Panel).").first).to_be_visible()
    page.get_by_role("button", name="Hide notification").click()
    row = page.get_by_role("listitem").filter(has_text="filler")
    row.click(button="right")
    page.get_by_role("menuitem", name="Delete").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    restart(page, small_homes)
    assert page.request.get(f"{small_homes.url}user/tilda/homeroom/disk").json()["message"] is None
    expect(page.get_by_text("rescue mode")).to_have_count(0)
    Home(page, small_homes).open().stop()


def restart(page: Page, deployment: HubDeployment) -> None:
    """Restart the lab from the home page; returns when JupyterLab is there."""
    Home(page, deployment).open()
    page.get_by_role("button", name="Restart your lab").click()
    Lab(page, deployment, "tilda").wait()


def test_a_lab_that_keeps_nothing_says_so(
    small_homes: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """Who works in an ephemeral lab is told at once, and the words stay until they are put away."""
    SignIn(page, small_homes).open("spawn").submit("tove", add_account("tove"))
    page.get_by_text("Passing").click()
    page.get_by_role("button", name="Start").click()
    Lab(page, small_homes, "tove").wait()
    expect(page.get_by_text("This lab keeps nothing").first).to_be_visible()
    Home(page, small_homes).open().stop()
