"""A page that somebody's lab serves and that tries, in the browser of the person who looks at it, what that person may
do at the hub and in their own lab."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.edge_deployment import EdgeDeployment, Visitor
from tests.faults import until

ATTACK_ON_HUB = """async (hub) => {
    const told = {};
    const attempt = async (name, work) => {
        try { told[name] = await work(); } catch (error) { told[name] = "failed"; }
    };
    const xsrf = window.jhdata ? window.jhdata.xsrf_token : "";
    const mine = { credentials: "include", headers: { "X-XSRFToken": xsrf } };
    const tokens = hub + "/hub/api/users/grace/tokens";
    const read = async (address) => (await (await fetch(address, mine)).json()).name;
    await attempt("read", () => read(hub + "/hub/api/user"));
    await attempt("here", () => read("/hub/api/user"));
    await attempt("token", async () => {
        const headers = { ...mine.headers, "Content-Type": "application/json" };
        const body = JSON.stringify({ note: "stolen" });
        const answer = await fetch(tokens, { ...mine, headers, method: "POST", body });
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
ATTACK_ON_LAB = """async ([lab, kernel]) => {
    const told = {};
    const attempt = async (name, work) => {
        try { told[name] = await work(); } catch (error) { told[name] = "failed"; }
    };
    const soon = (done, fail) => setTimeout(() => fail(new Error("late")), 10000);
    const here = location.hostname.split(".").slice(-2).join(".");
    const xsrf = (document.cookie.match(/_xsrf=([^;]+)/) || [])[1] || "";
    const mine = { credentials: "include", headers: { "X-XSRFToken": xsrf } };
    const path = new URL(lab).pathname;
    await attempt("read", async () => (await (await fetch(lab + "api/contents", mine)).json()).type);
    await attempt("here", async () => (await (await fetch(path + "api/contents", mine)).json()).type);
    await attempt("file", async () => {
        const answer = await fetch(lab + "api/contents", { ...mine, method: "POST", body: "{}" });
        return (await answer.json()).type;
    });
    for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
        await attempt("blind", async () => {
            const asked = { method: "POST", mode: "no-cors", credentials: "include", body: "{}" };
            await fetch(lab + "api/contents", { ...asked, headers: { "Content-Type": type } });
            return "sent";
        });
    }
    await attempt("form", () => new Promise((done, fail) => {
        const frame = document.createElement("iframe");
        frame.name = "answer";
        document.body.append(frame);
        const form = document.createElement("form");
        Object.assign(form, { action: lab + "api/contents", method: "POST", target: "answer" });
        document.body.append(form);
        form.submit();
        frame.onload = () => done("sent");
        soon(done, fail);
    }));
    await attempt("socket", () => new Promise((done, fail) => {
        const socket = new WebSocket(lab.replace("http", "ws") + `api/kernels/${kernel}/channels`);
        socket.onopen = () => done("open");
        socket.onerror = fail;
        soon(done, fail);
    }));
    await attempt("frame", async () => {
        const frame = document.createElement("iframe");
        frame.src = lab + "lab";
        document.body.append(frame);
        await new Promise((done) => { frame.onload = done; setTimeout(done, 5000); });
        return frame.contentDocument.body ? "seen" : "failed";
    });
    await attempt("worker", async () => {
        await navigator.serviceWorker.register(lab + "files/worker.js", { scope: lab });
        return "registered";
    });
    for (const name of [`jupyterhub-user-${path.split("/").at(-2)}`, "_xsrf"]) {
        document.cookie = `${name}=evil; Domain=${here}; Path=${path}; Secure`;
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


def served_by(deployment: EdgeDeployment, name: str, folder: Path) -> str:
    """The address of a page that is served by a user's lab, whose server is its owner's own program."""
    owner = Visitor(deployment, name, folder / f"{name}.pem")
    owner.sign_in("")
    owner.stop_lab_if_any()
    owner.start_lab()
    deployment.lab(name).exec_run(["python3", "-c", SERVER], detach=True)
    address = f"{deployment.lab_url(name)}user/{name}/files/look.html"
    until(lambda: "Hello" in owner.web.get(address, timeout=60).text, "the hostile page is served")
    return address


def look_at(window: Page, deployment: EdgeDeployment, address: str) -> None:
    """Open such a page, by the hub's name as a link of somebody else's may have it."""
    window.goto(deployment.url + address.removeprefix(deployment.lab_url(address.split("/user/")[1].split("/")[0])))
    window.wait_for_url(address)
    expect(window.get_by_text("Hello")).to_be_visible()


def successes(told: dict[str, str | None]) -> dict[str, str | None]:
    """What of an attack did not fail."""
    return {name: said for name, said in told.items() if said not in ("failed", None)}


def tokens(deployment: EdgeDeployment, name: str, folder: Path) -> list[str]:
    """The notes of somebody's tokens."""
    person = Visitor(deployment, name, folder / f"{name}.pem")
    person.sign_in("")
    return [each["note"] for each in person.api("GET", f"users/{name}/tokens").json()["api_tokens"]]
