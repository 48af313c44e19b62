"""Who stays at the door and says nothing, and who brings along too many."""

from __future__ import annotations

import select
import socket
from pathlib import Path

from tests.door import HANG_UP, PATIENCE_SECONDS, open_door
from tests.faults import until
from tests.hub_deployment import HubDeployment

LAB = "/user/ada"
POST = b"POST /hub/login HTTP/1.1\r\nHost: x\r\n"
ASK = (
    "HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
# What is said before nothing more is.
HALF = {
    "nothing": b"",
    "half a first line": b"GET /hub/",
    "half a header": b"GET /hub/login HTTP/1.1\r\nHost: x\r\nX-A",
    "no body": POST + b"Content-Length: 5\r\n\r\n",
    "half a body": POST + b"Content-Length: 5\r\n\r\nab",
    "half a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "no last chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    "no body that is expected": POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    "half a body for a lab": f"PUT {LAB}/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab".encode(),
    "nothing after an answer": b"GET /hub/login HTTP/1.1\r\nHost: x\r\n\r\n",
    "half a request after an answer": b"GET /hub/login HTTP/1.1\r\nHost: x\r\n\r\nGET /",
    "a websocket that is not answered": f"GET {LAB}/silent {ASK}".encode(),
}


def test_who_says_nothing_more_is_hung_up_on(deployment: HubDeployment, tmp_path: Path) -> None:
    """Half a request of whatever kind, and a kept connection, has an end, and so has a websocket that hub or lab have
    left and its caller has not. A websocket that is open and silent has none: somebody thinks before a notebook."""

    def switch(path: str) -> bytes:
        if path.endswith("/silent"):
            return b""
        head = "HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
        return head.encode() + (HANG_UP if path.endswith("/left") else b"")

    image, short = f"{deployment.project}-proxy:local", "3"
    with open_door(image, tmp_path, [LAB], HEADERS_SECONDS="6", BODY_SECONDS=short, WEBSOCKET_SECONDS=short) as door:
        door.labs[LAB].answerer = lambda request: switch(request.target)
        with door.connect() as notebook, door.connect() as left:
            for each, name in ((notebook, "kernel"), (left, "left")):
                each.sendall(f"GET {LAB}/{name} {ASK}".encode())
            for each in (notebook, left):
                assert each.recv(12) == b"HTTP/1.1 101"
            callers = {name: door.connect() for name in HALF}
            for name, said in HALF.items():
                callers[name].sendall(said)
            for name, caller in (*callers.items(), ("a websocket that the lab left", left)):
                with caller:
                    assert hangs_up(caller), name
            (seen,) = [each for each in door.labs[LAB].connections if "kernel" in str(each.requests)]
            notebook.sendall(b"still here")
            until(lambda: seen.rest == b"still here", "the websocket is open", seconds=PATIENCE_SECONDS)


def hangs_up(caller: socket.socket) -> bool:
    """Whether the other side ends the connection, after whatever it has to say."""
    try:
        while caller.recv(2**12):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


def hung_up_on(callers: list[socket.socket]) -> int:
    """How many of these, to whom nothing was said, the other side has ended."""
    ended, _, _ = select.select(callers, [], [], 0)
    return len(ended)


def test_one_address_leaves_room_for_others(deployment: HubDeployment, tmp_path: Path) -> None:
    """One address may hold a quarter of the connections that the proxy can open, whatever their number is on this
    machine; others are served meanwhile, and so is that address when it has let go. Where the engine lets the proxy
    open what Docker and Podman usually do, that is 27 for each of 300 people behind one address."""
    files = 464
    quarter = (files - 64) // 2 // 4
    with open_door(f"{deployment.project}-proxy:local", tmp_path, [LAB], files=files) as door:
        held = [door.connect() for _ in range(3 * quarter)]
        until(lambda: hung_up_on(held) >= 2 * quarter, "those beyond its part are hung up on", interval=0.2)
        assert hung_up_on(held) == 2 * quarter
        assert door.status_within("/hub/other") == "200"
        for each in held:
            each.close()
        until(lambda: b" 200 " in door.say(b"GET /hub/x HTTP/1.0\r\nHost: x\r\n\r\n"), "there is room again")
        usual, endless = (
            int(door.evaluate(f"callers.mostConnections('Max open files  {soft}  524288  files')"))
            for soft in ("65536", "unlimited")
        )
        assert usual == endless
        assert usual * float(door.evaluate("callers.PART_OF_ONE_ADDRESS")) >= 300 * 27
