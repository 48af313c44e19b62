"""A lab whose server is its owner's own program, and what it can do to somebody who is only shown an image of it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.pages import Home, sign_in
from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import Person

# Takes the place of the lab's server: each answer is an image that sets all that it can.
SERVER = """
import os, socket
path = "/run/lab/lab.sock"
image = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
names = ("jupyterhub-hub-login", "jupyterhub-session-id", "jupyterhub-user-mina", "_xsrf")
paths = ("/", "/hub/", "/user/mina/", "/user/mallory/")
lines = [f"Set-Cookie: {name}=evil; Path={path}" for name in names for path in paths]
lines += ["Clear-Site-Data: *", "Service-Worker-Allowed: /", "Content-Type: image/svg+xml", "Connection: close"]
head = "\\r\\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(image)}", *lines, "", ""]).encode()
os.unlink(path)
with socket.socket(socket.AF_UNIX) as server:
    server.bind(path)
    os.chmod(path, 0o666)
    server.listen(64)
    while True:
        caller, _ = server.accept()
        with caller:
            caller.recv(2**16)
            caller.sendall(head + image)
"""


def test_an_image_in_a_notebook_replaces_nobodys_login(
    deployment: HubDeployment, visitor: Visitor, add_account: Callable[[str], str]
) -> None:
    """Whoever is shown an image of another's lab stays signed in as themselves, in the hub and in their lab; what it
    sets is kept for that lab's path alone."""
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
    mallory.stop_lab_if_any()
