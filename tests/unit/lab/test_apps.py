"""Web applications in a lab: who may ask them, what they hear, what their answers may set, and what counts as use."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest
from homeroom_lab.apps import boundary, environment, listening
from tornado.httputil import HTTPHeaders

from generator.core.paths import ROOT

HERE, EVIL = "jupyter.example.org", "https://evil.example.com"
PATH = "/user/ada/proxy/8501/"


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, False),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, False),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, False),
        ("POST", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Origin": f"https://{HERE}"}, False),
        ("POST", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "websocket", "Origin": EVIL}, False),
        ("GET", {"Upgrade": "websocket", "Origin": EVIL}, False),
        ("GET", {"Upgrade": "websocket", "Origin": f"http://{HERE}"}, True),
        ("GET", {"Origin": "null"}, False),
        ("POST", {"Origin": EVIL}, False),
        ("POST", {"Origin": f"http://{HERE}.evil.example.com"}, False),
        ("POST", {"Referer": f"http://{HERE}/user/ada/proxy/8501/"}, True),
        ("POST", {"Referer": EVIL}, False),
        ("POST", {"Referer": "http://["}, False),  # no address at all
        ("GET", {"Origin": f"http://{HERE}]"}, False),
        ("POST", {}, False),
        ("GET", {}, True),
    ],
)
def test_another_website_asks_no_application(method: str, headers: dict[str, str], expected: bool) -> None:
    """Links from elsewhere are followed; forms, scripts, frames, images and websockets of other websites are refused,
    also in browsers that tell less because there is no TLS."""
    assert boundary.is_from_here(method, HTTPHeaders(headers), host=HERE, with_token=False) is expected


def test_a_token_stands_for_a_page() -> None:
    """A program that brings a token may ask without a page; a website that got hold of one may not."""
    assert boundary.is_from_here("POST", HTTPHeaders(), host=HERE, with_token=True)
    assert not boundary.is_from_here("POST", HTTPHeaders({"Origin": EVIL}), host=HERE, with_token=True)


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        ("jupyterhub-session-id=a; sid=1; jupyterhub-user-ada=b; _xsrf=lab", "sid=1"),
        ("_xsrf=of-the-app; theme=dark; _xsrf=of-the-lab", "_xsrf=of-the-app; theme=dark"),
        ("__Host-jupyterhub-user-ada=b; username-localhost-8888=c; ;", ""),
        ("_streamlit_xsrf=2|a|b", "_streamlit_xsrf=2|a|b"),
    ],
)
def test_cookies_for_the_lab_stay_behind(cookies: str, expected: str) -> None:
    """An application hears its own cookies and none with which its visitor is signed in."""
    assert boundary.own_cookies(cookies) == expected


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("sid=1; Path=/; HttpOnly", f"sid=1; Path={PATH}; HttpOnly"),
        ("sid=1", f"sid=1; Path={PATH}"),
        (f"sid=1; path={PATH}admin; Secure", f"sid=1; Path={PATH}admin; Secure"),
        ("sid=1; Domain=example.org; Path=/hub/; SameSite=Lax", f"sid=1; Path={PATH}; SameSite=Lax"),
        ("_xsrf=2|a", f"_xsrf=2|a; Path={PATH}"),
        ("jupyterhub-hub-login=forged; Path=/hub/", None),
        ("__Host-sid=1; Path=/; Secure", None),
        ("=nameless", None),
    ],
)
def test_a_cookie_reaches_no_further_than_its_application(cookie: str, expected: str | None) -> None:
    """Whatever path an application gives a cookie, it is sent to that application alone; none passes for the hub's."""
    assert boundary.scoped_cookie(cookie, PATH) == expected


def test_an_answer_sets_nothing_for_the_whole_address() -> None:
    """What would hold for the hub and other labs, or let other websites read, is left out, in whatever case it is
    written; the rest passes, repeated headers too; and no other website frames it."""
    answer = [
        ("Content-Type", "text/html"),
        ("service-worker-allowed", "/"),
        ("Clear-Site-Data", '"*"'),
        ("Strict-Transport-Security", "max-age=1"),
        ("Access-Control-Allow-Origin", "*"),
        ("Transfer-Encoding", "chunked"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]
    assert list(boundary.passed_headers(answer, PATH)) == [
        ("Content-Type", "text/html"),
        ("Set-Cookie", f"a=1; Path={PATH}"),
        ("Set-Cookie", f"b=2; Path={PATH}"),
        ("Content-Security-Policy", "frame-ancestors 'self'"),
    ]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://x/a?token=abc&b=1%202", "http://x/a?b=1+2"),
        ("http://x/a?token=abc", "http://x/a"),
        ("http://x/a?b=1;c", "http://x/a?b=1;c"),
        ("http://x/token", "http://x/token"),
    ],
)
def test_a_token_in_an_address_stays_behind(address: str, expected: str) -> None:
    """An application is not told the token that its visitor came with."""
    assert boundary.without_token(address) == expected


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1"}, True),
        ("GET", {"Sec-Fetch-Mode": "navigate"}, False),
        ("POST", {"Sec-Fetch-Mode": "cors"}, False),
        ("GET", {"Sec-Fetch-Mode": "websocket", "Upgrade": "websocket"}, False),
        ("GET", {"Upgrade-Insecure-Requests": "1"}, True),
        ("POST", {}, False),
    ],
)
def test_an_open_page_of_an_application_is_no_activity(method: str, headers: dict[str, str], expected: bool) -> None:
    """Opening or reloading a page counts; what it asks for by itself, by polling or a websocket, does not."""
    assert boundary.is_opened(method, HTTPHeaders(headers)) is expected


def test_what_listens_is_found_with_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port on which this machine reaches somebody is listed with the program's name; a kernel's own is not, nor one
    that is only connected."""
    monkeypatch.setattr(listening, "GREETING_SECONDS", 0.05)  # nobody here greets
    with socket.socket() as one, socket.socket() as kernels, socket.create_server(("127.0.0.1", 0)) as busy:
        for each in (one, kernels):
            each.bind(("127.0.0.1", 0))
            each.listen()
        with socket.create_connection(busy.getsockname()) as connected:
            found = {port: name for port, name, _ in listening.applications([kernels.getsockname()[1]])}
            assert connected.getsockname()[1] not in found
        assert one.getsockname()[1] in found
        assert kernels.getsockname()[1] not in found
        assert found[one.getsockname()[1]].split()[0] in " ".join(sys.orig_argv)


HOLDING = """
import socket
greets, waits = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
print(greets.getsockname()[1], waits.getsockname()[1], flush=True)
while True:
    greets.accept()[0].sendall(b"\\xff\\0")
"""


@pytest.mark.parametrize("is_given", [False, True], ids=["started by a program", "the server's"])
def test_what_a_kernel_opens_for_itself_is_no_application(is_given: bool) -> None:
    """A kernel's process may hold an application beside ports of its own, which greet as ZeroMQ does: the first is
    listed, these are not, whoever started the kernel. Of other programs whatever listens is listed, and not asked."""
    ending = ["-f", "/tmp/kernel-1.json"] if not is_given else []
    command = [sys.executable, "-c", HOLDING, *ending]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            greets, waits = map(int, running.stdout.readline().split())
            found = [port for port, _, _ in listening.applications([])]
            assert (greets in found, waits in found) == (is_given, True)
            found = [port for port, _, _ in listening.applications([waits] if is_given else [])]
            assert (greets in found, waits in found) == (False, not is_given)
        finally:
            running.kill()


@pytest.mark.parametrize(("address", "expected"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_an_application_is_asked_where_it_listens(address: str, expected: str) -> None:
    """What listens on one of this machine's two addresses alone is asked at that one."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listens:
        assert listening.host_of(listens.getsockname()[1]) == expected
    assert listening.host_of(9) == "127.0.0.1"


def test_an_application_that_knows_its_path_is_listed_there() -> None:
    """An application that was started for a path of its own is seen at that one."""
    serve = (
        "import socket, sys, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = f"{serve.replace(', 0))', f', {port}))')}; time.sleep(60)"
    command = [sys.executable, "-c", code, "--prefix", f"/user/ada/proxy/absolute/{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert int(running.stdout.readline()) == port
            assert f"absolute/{port}" in [path for _, _, path in listening.applications([])]
        finally:
            running.kill()


def test_only_what_is_reached_on_this_machine_is_listed() -> None:
    """An engine's resolver on another loopback address is no application."""
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    lines = [
        "0: 0B00007F:A2C1 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 11",
        "1: 0100007F:1F72 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12",
        "2: 00000000:1F90 00000000:0000 01 00000000:00000000 00:00000000 00000000 0 0 13",
    ]
    assert listening.listening(head + "\n".join(lines)) == {8050: 12}


def test_applications_are_told_their_path() -> None:
    """Frameworks learn where they are seen from the environment; what an operator or person has set stays; outside a
    hub nothing is said."""
    found = environment.variables({"JUPYTERHUB_SERVICE_PREFIX": "/base/user/ada/", "GRADIO_ROOT_PATH": "mine"})
    assert found["DASH_REQUESTS_PATHNAME_PREFIX"] == "/base/user/ada/proxy/8050/"
    assert found["TENSORBOARD_PROXY_URL"] == "/base/user/ada/proxy/%PORT%/"
    assert "GRADIO_ROOT_PATH" not in found
    assert environment.variables({}) == {}


@pytest.fixture
def program() -> ModuleType:
    """The program `homeroom-app`."""
    path = ROOT / "jupyterlab/features/apps/root/usr/local/bin/homeroom-app"
    spec = importlib.util.spec_from_loader("homeroom_app", SourceFileLoader("homeroom_app", str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "framework", "command", "port"),
    [
        ("import streamlit as st\n", "streamlit", ["streamlit", "run"], 0),
        ("from dash import Dash\napp.run(port=8060)\n", "dash", ["python3"], 8060),
        ("import gradio as gr\n", "gradio", ["python3"], 0),
        ("from bokeh.io import curdoc\ncurdoc()\n", "bokeh", ["bokeh", "serve"], 0),
        ("from bokeh.plotting import figure\n", "", ["python3"], 0),
        ("from bottle import run\nrun(port=9000)\n", "", ["python3"], 9000),
        ("import flask\nimport dash\n", "dash", ["python3"], 0),
        ("import bokeh\nimport panel\n", "panel", ["panel", "serve"], 0),
        ("from flask import Flask\napp = Flask(__name__)\n", "flask", ["flask", "--app"], 0),
    ],
)
def test_a_file_is_started_by_its_framework(
    program: ModuleType, tmp_path: Path, text: str, framework: str, command: list[str], port: int
) -> None:
    """`homeroom-app app.py` knows by its imports how to start an application, and keeps to the port that it names."""
    file = tmp_path / "my app.py"
    file.write_text(text)
    found, started, named = program.understand([str(file)])
    assert (found, named) == (framework, port)
    assert started[: len(command) + 1] == [*command, str(file)]


@pytest.mark.parametrize("missing", ["nofile.py", "apps/start"])
def test_a_file_that_is_not_there_is_told(program: ModuleType, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Whoever mistypes a file's name reads that it is not there, not that something should be installed."""
    monkeypatch.setattr(sys, "argv", ["homeroom-app", missing])
    with pytest.raises(SystemExit, match=f"^There is no file {missing} in /"):
        program.main()


def test_a_command_is_started_as_it_is(program: ModuleType) -> None:
    """A command is run on the port and under the path that it is told in its framework's own way."""
    framework, command, _ = program.understand(["bokeh", "serve", "app"])
    assert program.finish(framework, command, 5007, "/user/ada/proxy/absolute/5007")[3:] == [
        *("--address", "127.0.0.1", "--port", "5007"),
        *("--prefix", "/user/ada/proxy/absolute/5007"),
    ]
    assert program.environment(8051, "/user/ada/proxy/8051")["DASH_REQUESTS_PATHNAME_PREFIX"] == "/user/ada/proxy/8051/"


@pytest.mark.parametrize(
    ("given", "name", "rest"),
    [
        (["flask", "--app", "shop", "run", "--debug"], "shop", ["run", "--debug"]),
        (["flask", "--app=shop:make()", "run"], "shop:make()", ["run"]),
        (["flask", "-A", "shop.py", "run"], "shop.py", ["run"]),
        (["flask", "run"], "", ["run"]),
    ],
)
def test_flask_is_told_its_path(program: ModuleType, given: list[str], name: str, rest: list[str]) -> None:
    """Flask knows no path by itself: it takes its application from a file of the image that adds it."""
    framework, command, _ = program.understand(given)
    started, told = program.take_flask_app(framework, command)
    assert started == ["flask", "--app", str(program.PREFIXED_FLASK), *rest]
    assert told == {"HOMEROOM_FLASK_APP": name}
    assert program.PREFIXED_FLASK.is_file()
    assert program.take_flask_app("dash", ["python3", "app.py"]) == (["python3", "app.py"], {})


def test_a_taken_port_is_passed_over(program: ModuleType) -> None:
    """A second application gets the next port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert program.free_port(port) > port
