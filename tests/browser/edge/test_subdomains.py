"""Each user's labs on a host of their own: what a page of one lab can do in the browser of the person who looks at it
is nothing, neither to the hub nor to that person's lab."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.edge.hostile import ATTACK_ON_HUB, ATTACK_ON_LAB, look_at, served_by, successes, tokens
from tests.browser.pages import Lab, SignIn
from tests.edge_deployment import EdgeDeployment, Visitor
from tests.integration.edge.work import switch


@pytest.fixture(scope="module")
def told(apart: EdgeDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What `make up` says as SUBDOMAINS comes into force while a lab runs."""
    bela = Visitor(apart, "bela", tmp_path_factory.mktemp("bela") / "trusted.pem")
    bela.sign_in("")
    bela.start_lab()
    try:
        output = switch(apart, SUBDOMAINS="on", LABS_HOST="")
        apart.labs_host, apart.apart = "", True
        yield output
    finally:
        apart.apart = False


def test_labs_that_run_are_told_of(apart: EdgeDeployment, told: str, tmp_path: Path) -> None:
    """Labs that were started under another name cannot be opened by the new one: `make up` says how many there are, and
    what to do; after that they are there, under a name of their own, with websockets, files and downloads."""
    assert "cannot be opened" in told, told
    bela = Visitor(apart, "bela", tmp_path / "trusted.pem")
    bela.sign_in("")
    bela.stop_lab()
    bela.start_lab()
    assert bela.kernel().run("print(6 * 7)") == "42\n"
    assert bela.lab_api("PUT", "contents/a.txt", json={"type": "file", "format": "text", "content": "x"}).ok
    assert bela.get("user/bela/files/a.txt").text == "x"
    elsewhere = bela.web.get(f"{apart.lab_url('eve')}user/bela/files/a.txt", allow_redirects=False, timeout=60)
    assert elsewhere.status_code == 403, "by the name of another's labs it is not found"


def test_people_with_any_name_work_under_a_name_of_their_own(apart: EdgeDeployment, told: str, window: Page) -> None:
    """Whoever signs in comes to their lab under a name that stands for theirs, whatever it is like, runs code there,
    and is signed out there, too, when they sign out of the hub."""
    SignIn(window, apart).open().submit("b+ob@uni.test", "")
    lab = Lab(window, apart, "b+ob@uni.test")
    host = f"u-bobunite--g6hccby5vw2xv77d5kor6yhnou.{apart.url.split('/')[2]}"
    lab.address = re.compile(re.escape(f"https://{host}/user/b%2Bob@uni.test/lab"))
    notebook = lab.wait().new_notebook()
    assert "42" in notebook.run("print(6 * 7)")
    files = f"https://{host}/user/b%2Bob@uni.test/api/contents"
    assert status_of(window, files) == 200
    window.goto(f"{apart.url}hub/home")
    window.locator("#logout").click()
    expect(window.get_by_label("Username:")).to_be_visible()
    assert status_of(window, files) == 403
    window.goto(f"https://{host}/user/b%2Bob@uni.test/lab")
    expect(window.get_by_label("Username:")).to_be_visible()
    assert window.url.startswith(apart.url)


def status_of(window: Page, address: str) -> int:
    """The status of the answer to a visit."""
    answer = window.goto(address)
    assert answer is not None
    return answer.status


def test_a_page_of_a_lab_does_nothing_to_the_hub(
    apart: EdgeDeployment, told: str, window: Page, tmp_path: Path
) -> None:
    """As with one name for all labs: no reading, no token, no frame, and no cookie that counts."""
    address = served_by(apart, "mallory", tmp_path)
    SignIn(window, apart).open("home").submit("grace", "")
    before = tokens(apart, "grace", tmp_path)
    look_at(window, apart, address)
    assert successes(window.evaluate(ATTACK_ON_HUB, apart.url.rstrip("/"))) == {"blind": "sent"}
    assert tokens(apart, "grace", tmp_path) == before
    window.goto(f"{apart.url}hub/home")
    expect(window.get_by_text("grace").first).to_be_visible()


def test_a_page_of_a_lab_does_nothing_to_anothers(
    apart: EdgeDeployment, told: str, window: Page, sign_in: Callable[[Page, str], Lab], tmp_path: Path
) -> None:
    """Somebody who is signed in to their own lab looks at a page of another's: it reads none of their files, makes
    none, by no kind of request, opens no websocket to their kernel, has no frame of their lab and no worker in it. The
    same script as a page of their own lab reads, writes and opens one, so it would work."""
    address = served_by(apart, "mallory", tmp_path)
    ada = Visitor(apart, "ada", tmp_path / "ada.pem")
    ada.sign_in("")
    ada.stop_lab_if_any()
    ada.start_lab()
    kernel = ada.lab_api("POST", "kernels", json={"name": "python3"}).json()["id"]
    ada.lab_api("PUT", "contents/worker.js", json={"type": "file", "format": "text", "content": ""})

    def names() -> list[str]:
        return sorted(each["name"] for each in ada.lab_api("GET", "contents").json()["content"])

    sign_in(window, "ada")
    lab = f"{apart.lab_url('ada')}user/ada/"
    before = names()
    look_at(window, apart, address)
    found = successes(window.evaluate(ATTACK_ON_LAB, [lab, kernel]))
    assert set(found) <= {"blind", "form"}, found
    assert names() == before
    window.context.clear_cookies()  # it has thrown some
    sign_in(window, "ada")
    own = window.evaluate(ATTACK_ON_LAB, [lab, kernel])
    assert (own["read"], own["here"], own["file"], own["socket"]) == ("directory", "directory", "file", "open"), own
    assert names() != before
