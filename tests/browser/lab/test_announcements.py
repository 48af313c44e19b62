"""What the hub announces, as people see it in a lab that runs."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.pages import Home, sign_in
from tests.hub_deployment import HubDeployment

SHOWN_MS = 45_000


def test_a_running_lab_shows_what_is_announced(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """Within half a minute; a long text can be read whole; closed, it does not come back; ended, it goes by itself."""
    lab = sign_in(page, deployment, "vera", add_account("vera"))
    long = "Labs restart at six. " + "Please save. " * 20
    first = number_of(deployment.make("announce", f'TEXT={long}the "end"', "FOR=1h").stdout)
    notice = page.locator(".Toastify__toast").filter(has_text="Labs restart at six.")
    expect(notice).to_be_visible(timeout=SHOWN_MS)
    notice.get_by_role("button", name="Read").click()
    expect(page.get_by_role("dialog")).to_contain_text('Please save. the "end"')
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    notice.get_by_role("button", name="Hide notification").click()
    expect(notice).to_have_count(0)
    second = number_of(deployment.make("announce", "TEXT=Another one", "FOR=1h").stdout)
    page.reload()
    lab.wait()
    another = page.locator(".Toastify__toast").filter(has_text="Another one")
    expect(another).to_be_visible(timeout=SHOWN_MS)
    deployment.make("announce-end", f"ID={second}")
    expect(another).to_have_count(0, timeout=SHOWN_MS)
    Home(page, deployment).open()
    expect(page.get_by_text("Labs restart at six.")).to_be_visible()
    deployment.make("announce-end", f"ID={first}")
    assert deployment.make("announcements").stdout.strip().endswith("Nothing is announced.")


def number_of(said: str) -> str:
    """The announcement's number, as `make announce` tells it."""
    return said.rpartition("ID=")[2].partition("`")[0]
