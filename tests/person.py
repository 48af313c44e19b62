"""A person without a browser: signs in, starts a lab, runs code in a kernel, all through the proxy."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import requests
from websockets.sync.client import ClientConnection, connect

from tests.faults import until
from tests.hub_deployment import HubDeployment

PATIENCE_SECONDS = 240
HOME = "/home/jovyan"


class Person:
    """Somebody at a deployment's address; `name` is who signs in."""

    def __init__(self, deployment: HubDeployment, name: str) -> None:
        self.deployment = deployment
        self.name = name
        self.web = requests.Session()

    def _xsrf(self, path_prefix: str) -> str:
        """The token for forms under a path: the cookie whose path fits best."""
        fitting = [one for one in self.web.cookies if one.name == "_xsrf" and path_prefix.startswith(one.path)]
        return max(fitting, key=lambda one: len(one.path)).value or ""

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET a path under the deployment's base URL."""
        return self.web.get(self.deployment.url + path, timeout=PATIENCE_SECONDS, **options)

    def post_form(self, path: str, **fields: str) -> requests.Response:
        """Send a form of the hub's, as its page would."""
        self.get(path.partition("?")[0])
        token = self._xsrf(f"{self.deployment.base_url}hub/")
        data = {**fields, "_xsrf": token}
        return self.web.post(self.deployment.url + path, data=data, timeout=PATIENCE_SECONDS)

    def sign_up(self, password: str) -> requests.Response:
        """Ask for an account."""
        fields = {"username": self.name, "signup_password": password, "signup_password_confirmation": password}
        return self.post_form("hub/signup", **fields)

    def sign_in(self, password: str) -> requests.Response:
        """Sign in; the answer's status tells whether it worked."""
        self.get("hub/login")
        data = {"username": self.name, "password": password, "_xsrf": self._xsrf(f"{self.deployment.base_url}hub/")}
        address = f"{self.deployment.url}hub/login?next={self.deployment.base_url}hub/home"
        return self.web.post(address, data=data, timeout=PATIENCE_SECONDS)

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the hub's API with this browser session's rights."""
        headers = {
            "X-XSRFToken": self._xsrf(f"{self.deployment.base_url}hub/"),
            "Referer": f"{self.deployment.url}hub/home",
        }
        address = f"{self.deployment.url}hub/api/{path}"
        return self.web.request(method, address, headers=headers, timeout=PATIENCE_SECONDS, **options)

    def start_lab(self, profile: str = "") -> None:
        """Start the lab, where none runs yet, and wait until it answers this person."""
        self.get("hub/home")
        answer = self.api("POST", f"users/{self.name}/server", json={"profile": profile} if profile else None)
        assert answer.status_code in (201, 202) or "already running" in answer.text, (
            f"{answer.status_code} {answer.text}"
        )
        self.wait_for_lab()

    def wait_for_lab(self) -> None:
        """Wait until the lab that was asked for answers this person."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.get(f"user/{self.name}/lab").status_code != 200 or not self._lab_answers():
            assert time.monotonic() < deadline, f"the lab of {self.name} did not answer in {PATIENCE_SECONDS} s"
            time.sleep(0.1)

    def _lab_answers(self) -> bool:
        answer = self.get(f"user/{self.name}/api/status", allow_redirects=False)
        return answer.status_code == 200 and "started" in answer.text

    def stop_lab(self) -> None:
        """Stop the lab and wait until it is gone."""
        self.get("hub/home")
        assert self.api("DELETE", f"users/{self.name}/server").status_code in (202, 204)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.api("GET", f"users/{self.name}").json()["servers"]:
            assert time.monotonic() < deadline, f"the lab of {self.name} did not stop"
            time.sleep(0.1)

    def stop_lab_if_any(self) -> None:
        """Stop the lab where one runs."""
        self.get("hub/home")
        if self.api("GET", f"users/{self.name}").json()["servers"]:
            self.stop_lab()

    def progress(self) -> Iterator[dict[str, Any]]:
        """What the waiting page is told, as it comes, until the start is over."""
        with self.api("GET", f"users/{self.name}/server/progress", stream=True) as events:
            for line in events.iter_lines(decode_unicode=True):
                if line.startswith("data:"):
                    yield json.loads(line[5:])

    def progress_until(self, word: str) -> str:
        """The messages of the waiting page up to the first that holds `word`."""
        seen: list[str] = []
        for event in self.progress():
            seen.append(event.get("message", ""))
            if word in seen[-1]:
                break
        return "\n".join(seen)

    def ask_lab(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask something of the lab, as its page would."""
        prefix = f"user/{self.name}/"
        headers = {"X-XSRFToken": self._xsrf(self.deployment.base_url + prefix)}
        address = f"{self.deployment.url}{prefix}{path}"
        return self.web.request(method, address, headers=headers, timeout=PATIENCE_SECONDS, **options)

    def lab_api(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the lab's own API."""
        return self.ask_lab(method, f"api/{path}", **options)

    def open_page(self) -> None:
        """Tell the lab what its page does when it is opened."""
        answer = self.ask_lab("POST", "homeroom/prestarted-kernel")
        assert answer.status_code == 204, f"{answer.status_code} {answer.text}"

    def websocket(self, path: str) -> ClientConnection:
        """A websocket of the lab's own API."""
        address = urlsplit(self.deployment.url)
        url = f"ws://{address.netloc}{address.path}user/{self.name}/api/{path}"
        request = requests.Request("GET", self.deployment.url + f"user/{self.name}/")
        cookies = self.web.prepare_request(request).headers["Cookie"]
        headers = {"Cookie": cookies, "Origin": f"http://{address.netloc}"}
        return connect(url, additional_headers=headers, max_size=2**24, proxy=None, open_timeout=PATIENCE_SECONDS)

    def kernel(self) -> Kernel:
        """A new kernel in the running lab, with an open websocket."""
        answer = self.lab_api("POST", "kernels", json={"name": "python3"})
        assert answer.status_code == 201, f"{answer.status_code} {answer.text}"
        return Kernel(self, answer.json()["id"])

    def run(self, code: str) -> str:
        """What a piece of code prints, in a kernel of its own."""
        with self.kernel() as kernel:
            return kernel.run(code)

    def until_told(self, code: str, is_it: Callable[[str], bool], what: str) -> None:
        """Run code in one kernel until what it prints is so: a kernel each time would fill the lab."""
        with self.kernel() as kernel:
            until(lambda: is_it(kernel.run(code)), what)


class Kernel:
    """One kernel over one websocket that stays open."""

    def __init__(self, person: Person, kernel_id: str) -> None:
        self.person = person
        self.id = kernel_id
        self._open = ExitStack()
        self.channel: ClientConnection = self._open.enter_context(person.websocket(f"kernels/{kernel_id}/channels"))

    def start(self, code: str) -> str:
        """Run code without waiting for it; returns the message's id."""
        message_id = uuid.uuid4().hex
        header = {
            "msg_id": message_id,
            "msg_type": "execute_request",
            "username": "",
            "session": "test",
            "version": "5.3",
        }
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}
        self.channel.send(json.dumps(message))
        return message_id

    def run(self, code: str) -> str:
        """Run code and return what it wrote to its streams, or raise with its traceback."""
        return self.outcome(self.start(code))

    def outcome(self, message_id: str) -> str:
        """Wait for code that was started; as `run`."""
        written: list[str] = []
        while True:
            answer = json.loads(self.channel.recv(timeout=PATIENCE_SECONDS))
            if answer["parent_header"].get("msg_id") != message_id:
                continue
            if answer["msg_type"] == "stream":
                written.append(answer["content"]["text"])
            elif answer["msg_type"] == "error":
                raise AssertionError("\n".join(answer["content"]["traceback"]))
            elif answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                return "".join(written)

    def told_until_restart(self, message_id: str) -> str:
        """What the page is told below a cell until the kernel restarts."""
        told = ""
        while True:
            answer = json.loads(self.channel.recv(timeout=PATIENCE_SECONDS))
            if answer["msg_type"] == "stream" and answer["parent_header"].get("msg_id") == message_id:
                told += answer["content"]["text"]
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "restarting":
                return told

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
