"""A lab whose server is its owner's own program, and what it can do to somebody who is only shown an image of it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.pages import Home, sign_in
from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import Person

# Takes the place of the lab's server: each answer is an image, a page or a script that sets all that it can.
SERVER = """
import os, socket
path = "/run/lab/lab.sock"
image = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
names = ("jupyterhub-hub-login", "jupyterhub-session-id", "jupyterhub-user-mina", "_xsrf")
paths = ("/", "/hub/", "/user/mina/", "/user/mallory/")
lines = [f"Set-Cookie: {name}=evil; Path={path}" for name in names for path in paths]
lines += ["Clear-Site-Data: *", "Service-Worker-Allowed: /", "Connection: close"]
kinds = {b".svg": ("image/svg+xml", image), b".htm": ("text/html", b"Hello"), b"t.js": ("text/javascript", b"")}
os.unlink(path)
with socket.socket(socket.AF_UNIX) as server:
    server.bind(path)
    os.chmod(path, 0o666)
    server.listen(64)
    while True:
        caller, _ = server.accept()
        with caller:
            asked = [*caller.recv(2**16).split(b" "), b""][1]
            kind, body = kinds.get(asked[-4:], kinds[b".svg"])
            said = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", f"Content-Type: {kind}", *lines, "", ""]
            caller.sendall("\\r\\n".join(said).encode() + body)
"""


WORKER = """async (scope) => {
    try { await navigator.serviceWorker.register("/user/mallory/files/worker.t.js", { scope }); return "there"; }
    catch { return "refused"; }
}"""


def test_an_image_in_a_notebook_replaces_nobodys_login(
    deployment: HubDeployment, visitor: Visitor, add_account: Callable[[str], str]
) -> None:
    """Whoever is shown an image of another's lab stays signed in as themselves, in the hub and in their lab; what it
    sets is kept for that lab's path alone. A page of that lab that they open puts no worker before the hub or another
    lab, which would outlast it; it may before its own lab."""
    mallory = Person(deployment, "mallory")
    mallory.sign_in(add_account("mallory"))
    mallory.start_lab()
    page = visitor()
    notebook = sign_in(page, deployment, "mina", add_account("mina")).new_notebook()
    before = {(each["name"], each["path"]): each["value"] for each in page.context.cookies()}
    container = deployment.lab("mallory")
    container.exec_run(["python3", "-c", SERVER], detach=True)
    source = "/user/mallory/files/x.svg"
    notebook.run(f'from IPython.display import HTML; print(1)\nHTML(\'<img src="{source}" alt="mine">\')')

    def planted() -> bool:
        return any(each["value"] == "evil" for each in page.context.cookies())

    until(planted, "the image's own cookies are there", interval=0.2)
    after = {(each["name"], each["path"]): each["value"] for each in page.context.cookies()}
    assert {path for (_, path), value in after.items() if value == "evil"} == {"/user/mallory/"}
    assert {key for key, value in before.items() if after.get(key) != value} <= {("_xsrf", "/hub/")}  # renewed hourly
    page.goto(f"{deployment.url}hub/home")
    expect(Home(page, deployment).stop_button).to_be_visible()
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
    page.goto(f"{deployment.url}user/mallory/files/x.htm")
    scopes = ("/", "/hub/", "/user/", "/user/mina/", "/user/mallory/files/")
    assert [page.evaluate(WORKER, scope) for scope in scopes] == ["refused"] * 4 + ["there"]
    mallory.stop_lab_if_any()
