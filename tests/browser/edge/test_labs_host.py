"""What a hostile page that a lab serves can do to the hub as the person who looks at it, with labs on a host of their
own: nothing."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import Lab, SignIn
from tests.edge_deployment import HUB, EdgeDeployment, Visitor, names_lead_here
from tests.faults import until

LABS = f"labs.{HUB}"
"""Below the hub's own name: so its pages may set cookies for both."""
ATTACK = """async (hub) => {
    const told = {};
    const attempt = async (name, work) => {
        try { told[name] = await work(); } catch (error) { told[name] = "failed"; }
    };
    const xsrf = (document.cookie.match(/_xsrf=([^;]+)/) || [])[1] || "";
    const mine = { credentials: "include", headers: { "X-XSRFToken": xsrf } };
    const tokens = hub + "/hub/api/users/grace/tokens";
    const read = async (address) => (await (await fetch(address, mine)).json()).name;
    await attempt("read", () => read(hub + "/hub/api/user"));
    await attempt("here", () => read("/hub/api/user"));
    await attempt("token", async () => {
        const answer = await fetch(tokens, { ...mine, method: "POST", body: JSON.stringify({ note: "stolen" }) });
        return (await answer.json()).note;
    });
    await attempt("blind", async () => {
        const body = JSON.stringify({ note: "blind" });
        await fetch(tokens, { method: "POST", mode: "no-cors", credentials: "include", body });
        return "sent";
    });
    await attempt("frame", async () => {
        const frame = document.createElement("iframe");
        frame.src = hub + "/hub/home";
        document.body.append(frame);
        await new Promise((done) => { frame.onload = done; setTimeout(done, 5000); });
        return frame.contentDocument.body.innerText;
    });
    const domain = location.hostname.split(".").slice(-2).join(".");
    for (const name of ["jupyterhub-hub-login", "__Host-jupyterhub-hub-login", "_xsrf", "jupyterhub-session-id"]) {
        for (const path of ["/", "/hub/"]) {
            document.cookie = `${name}=evil; Domain=${domain}; Path=${path}; Secure`;
        }
    }
    return told;
}"""
# Takes the place of a lab's server: whatever is asked for is a page of its owner's.
SERVER = """
import os, socket
path = "/run/lab/lab.sock"
page = b"<!doctype html><title>Look at this</title><body>Hello"
lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(page)}", "Content-Type: text/html", "Connection: close", "", ""]
os.unlink(path)
with socket.socket(socket.AF_UNIX) as server:
    server.bind(path)
    os.chmod(path, 0o666)
    server.listen(64)
    while True:
        caller, _ = server.accept()
        with caller:
            caller.recv(2**16)
            caller.sendall("\\r\\n".join(lines).encode() + page)
"""


@pytest.fixture(scope="module")
def apart(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeDeployment]:
    """A deployment whose labs have a name of their own."""
    settings = {"AUTH": "dummy", "TLS": "internal", "JUPYTERHUB_ADMIN": "grace"}
    made = EdgeDeployment(tmp_path_factory.mktemp("apart"), f"hrapart{os.getpid()}", settings, labs_host=LABS)
    try:
        with names_lead_here():
            made.up_trusted()
            yield made
    finally:
        made.remove()


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A page of somebody whose browser knows the authority."""
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def labs_url(apart: EdgeDeployment) -> str:
    """The address of the labs' host."""
    return f"https://{LABS}:{apart.https_port}"


def tokens(apart: EdgeDeployment, tmp_path: Any) -> list[str]:
    """The notes of the administrator's tokens."""
    grace = Visitor(apart, "grace", tmp_path / "grace.pem")
    grace.sign_in("")
    return [each["note"] for each in grace.api("GET", "users/grace/tokens").json()["api_tokens"]]


def sign_in(page: Page, apart: EdgeDeployment, name: str) -> Lab:
    """Sign in by the hub's name; JupyterLab is then there under the labs'."""
    SignIn(page, apart).open().submit(name, "")
    lab = Lab(page, apart, name)
    lab.address = re.compile(re.escape(f"{labs_url(apart)}/user/{name}/lab"))
    return lab.wait()


def test_people_work_under_the_labs_name(apart: EdgeDeployment, window: Page) -> None:
    """Who signs in at the hub comes to their lab under its own name, runs code there and finds back to the hub; an
    address with the wrong one of both names leads to the right one."""
    notebook = sign_in(window, apart, "ada").new_notebook()
    assert "42" in notebook.run("print(6 * 7)")
    window.goto(f"{apart.url}user/ada/lab")
    window.wait_for_url(re.compile(re.escape(f"{labs_url(apart)}/user/ada/lab")))
    window.goto(f"{labs_url(apart)}/hub/home")
    window.wait_for_url(f"{apart.url}hub/home")
    cookies = window.context.cookies()
    assert {each["domain"] for each in cookies if each["name"].startswith("jupyterhub-user-")} == {LABS}
    assert [each["domain"] for each in cookies if each["name"] == "__Host-jupyterhub-hub-login"] == [HUB]


def test_a_page_of_a_lab_does_nothing_as_its_viewer(apart: EdgeDeployment, window: Page, tmp_path: Any) -> None:
    """An administrator looks at a page that somebody's lab serves: it reads nothing of the hub's, makes no token, sees
    no page of the hub's in a frame, and its cookies sign nobody in or out. The same script as a page of the hub's own
    does all that, so it would work."""
    mallory = Visitor(apart, "mallory", tmp_path / "mallory.pem")
    mallory.sign_in("")
    mallory.start_lab()
    apart.lab("mallory").exec_run(["python3", "-c", SERVER], detach=True)
    page_of_mallory = f"{labs_url(apart)}/user/mallory/files/look.html"
    until(lambda: "Hello" in mallory.web.get(page_of_mallory, timeout=60).text, "the hostile page is served")

    SignIn(window, apart).open("home").submit("grace", "")
    hub = f"https://{HUB}:{apart.https_port}"
    before = tokens(apart, tmp_path)
    window.goto(f"{apart.url}user/mallory/files/look.html")
    window.wait_for_url(page_of_mallory)
    expect(window.get_by_text("Hello")).to_be_visible()
    told = window.evaluate(ATTACK, hub)
    assert {name: said for name, said in told.items() if said not in ("failed", None)} == {"blind": "sent"}, told
    assert tokens(apart, tmp_path) == before

    window.goto(f"{apart.url}hub/home")
    expect(window.get_by_text("grace").first).to_be_visible()
    own = window.evaluate(ATTACK, hub)
    assert own["read"] == own["here"] == "grace", json.dumps(own)
