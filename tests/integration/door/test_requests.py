"""What passes the door: whatever a guest sends, one request in is one request out, or none."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator

import pytest

from tests.door import Door, Request, answer, open_door
from tests.faults import until
from tests.hub_deployment import HubDeployment

LAB = "/user/ada"
PLACES = ("/hub/api/", f"{LAB}/api/")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "M-SEARCH")
PADDING = "a:\r\n"
HIDDEN = b"GET /hub/hidden HTTP/1.1\r\nHost: x\r\n\r\n"
LENGTH = len(HIDDEN)
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (LENGTH, HIDDEN)

# How a body can be announced: the headers, and the body as it is sent.
FRAMINGS: dict[str, tuple[str, bytes]] = {
    "no body": ("", b""),
    "length": (f"Content-Length: {LENGTH}\r\n", HIDDEN),
    "length of nothing": ("Content-Length: 0\r\n", b""),
    "length with zeros": (f"Content-Length: 000{LENGTH}\r\n", HIDDEN),
    "length with a sign": (f"Content-Length: +{LENGTH}\r\n", HIDDEN),
    "length in hex": (f"Content-Length: 0x{LENGTH:x}\r\n", HIDDEN),
    "length beyond all": (f"Content-Length: 1844674407370955{LENGTH}\r\n", HIDDEN),
    "length as a list": (f"Content-Length: {LENGTH}, {LENGTH}\r\n", HIDDEN),
    "length twice": (f"Content-Length: {LENGTH}\r\nContent-Length: {LENGTH}\r\n", HIDDEN),
    "two lengths": (f"Content-Length: 0\r\nContent-Length: {LENGTH}\r\n", HIDDEN),
    "length with space before the colon": (f"Content-Length : {LENGTH}\r\n", HIDDEN),
    "length with an underscore": (f"Content_Length: {LENGTH}\r\nContent-Length: 0\r\n", b""),
    "chunked": ("Transfer-Encoding: chunked\r\n", CHUNKED),
    "chunked in capitals": ("TRANSFER-ENCODING: CHUNKED\r\n", CHUNKED),
    "chunked with an extension": ("Transfer-Encoding: chunked\r\n", CHUNKED.replace(b"\r\n", b";a=b\r\n", 1)),
    "chunked with trailers": (
        "Trailer: Content-Length\r\nTransfer-Encoding: chunked\r\n",
        CHUNKED[:-2] + b"Content-Length: 5\r\nX-Real-Ip: 10.0.0.1\r\n\r\n",
    ),
    "chunked and length": (f"Transfer-Encoding: chunked\r\nContent-Length: {len(CHUNKED)}\r\n", CHUNKED),
    "length and chunked": ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", CHUNKED),
    "chunked twice": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKED),
    "chunked and identity": ("Transfer-Encoding: chunked, identity\r\n", CHUNKED),
    "identity and chunked": ("Transfer-Encoding: identity, chunked\r\n", CHUNKED),
    "identity": ("Transfer-Encoding: identity\r\n", HIDDEN),
    "gzip and chunked": ("Transfer-Encoding: gzip, chunked\r\n", CHUNKED),
    "a coding that is none": ("Transfer-Encoding: xchunked\r\n", CHUNKED),
    "chunked in quotes": ('Transfer-Encoding: "chunked"\r\n', CHUNKED),
    "chunked after a tab": ("Transfer-Encoding:\tchunked\r\n", CHUNKED),
    "chunked after a vertical tab": ("Transfer-Encoding: \x0bchunked\r\n", CHUNKED),
    "chunked with space before the colon": ("Transfer-Encoding : chunked\r\n", CHUNKED),
    "chunked on a folded line": ("Transfer-Encoding:\r\n chunked\r\n", CHUNKED),
    "chunked in a folded header": ("X-Folded: a\r\n Transfer-Encoding: chunked\r\n", b""),
    "chunked with an underscore": ("Transfer_Encoding: chunked\r\n", b""),
    "an empty coding": ("Transfer-Encoding:\r\n", HIDDEN),
    "lines without a return": ("X-A: b\nTransfer-Encoding: chunked\r\n", CHUNKED),
    "a bare return": (f"X-A: b\rContent-Length: {LENGTH}\r\n", HIDDEN),
    "a chunk size with a sign": ("Transfer-Encoding: chunked\r\n", b"+" + CHUNKED),
    "a chunk size in 0x": ("Transfer-Encoding: chunked\r\n", b"0x" + CHUNKED),
    "a chunk size beyond all": ("Transfer-Encoding: chunked\r\n", b"f" * 17 + CHUNKED),
    "a chunk that is longer": ("Transfer-Encoding: chunked\r\n", b"1\r\n%b\r\n0\r\n\r\n" % HIDDEN),
    "chunks without returns": ("Transfer-Encoding: chunked\r\n", CHUNKED.replace(b"\r\n", b"\n")),
}

# What may stand beside it.
EXTRAS: dict[str, str] = {
    "nothing": "",
    "Expect": "Expect: 100-continue\r\n",
    "another Expect": "Expect: 200-ok\r\n",
    "Expect twice": "Expect: 100-continue\r\nExpect: 100-continue\r\n",
    "Connection names the length": "Connection: Content-Length\r\n",
    "Connection names the coding": "Connection: keep-alive, Transfer-Encoding\r\n",
    "Connection names the host": "Connection: Host\r\n",
    "Connection names others": "Connection: X-Custom, Cookie\r\nX-Custom: 1\r\n",
    "Connection is none": "Connection: (close\r\n",
    "TE": "TE: trailers, chunked\r\nConnection: TE\r\n",
    "Keep-Alive": "Connection: Keep-Alive\r\nKeep-Alive: timeout=99\r\n",
    "Proxy-Connection": "Proxy-Connection: keep-alive\r\n",
    "Upgrade unannounced": "Upgrade: websocket\r\n",
    "Upgrade to a websocket": "Connection: Upgrade\r\nUpgrade: websocket\r\n",
    "Upgrade to HTTP/2": "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    "Upgrade to anything": "Connection: Upgrade\r\nUpgrade: websocket, foo/2\r\n",
    "another Host": "Host: y\r\n",
}

# Requests whose first line is another than a browser's.
LINES = (
    "GET http://x/hub/first HTTP/1.1",
    "GET //hub/first HTTP/1.1",
    "GET /hub/first HTTP/1.0",
    "POST /hub/first HTTP/1.0",
    "GET /hub/first HTTP/1.2",
    "GET /hub/first HTTP/2.0",
    "GET /hub/first HTTP/0.9",
    "GET /hub/first",
    "GET  /hub/first HTTP/1.1",
    "GET /hub/first  HTTP/1.1",
    "GET\t/hub/first\tHTTP/1.1",
    "GET /hub/first HTTP/1.1 ",
    "GET /hub/first x HTTP/1.1",
    "GET hub/first HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "CONNECT x:80 HTTP/1.1",
    "CONNECT /hub/first HTTP/1.1",
    "PRI * HTTP/2.0",
    "get /hub/first HTTP/1.1",
    "NONSENSE /hub/first HTTP/1.1",
    "GET /hub/first\x00 HTTP/1.1",
    "GET /hub/first%zz HTTP/1.1",
    "GET /hub/\xff HTTP/1.1",
    "GET /hub/first%0d%0aHost:%20y HTTP/1.1",
    f"GET {LAB}/..%2f..%2fhub/first HTTP/1.1",
    f"GET {LAB}/../../hub/first HTTP/1.1",
    f"GET {LAB}\\..\\..\\hub\\first HTTP/1.1",
    "GET /hub/first#/user/ada HTTP/1.1",
)


@pytest.fixture(scope="module")
def door(deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The proxy that the tests' deployment has, before a hub and a lab that record."""
    with open_door(f"{deployment.project}-proxy:local", tmp_path_factory.mktemp("door"), [LAB]) as made:
        yield made


@pytest.fixture(autouse=True)
def forgetful(door: Door) -> None:
    """Each test begins with nothing seen."""
    door.forget()


def one_for_one(door: Door, case: str, sent: bytes) -> None:
    """Send bytes whose first request is for `.../first`, and behind them, on the same connection, one for
    `/hub/second`; hold what hub and lab saw, and what came back, against the rule."""
    door.forget()
    second = b"GET /hub/second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    said = door.say(sent + second)
    connections = [*door.hub.connections, *door.labs[LAB].connections]
    asked = [request for seen in connections for request in seen.requests]
    for seen in connections:
        assert len(seen.requests) <= 1, f"{case}: one connection carried {seen.requests}"
        assert not (seen.requests and seen.rest), f"{case}: behind {seen.requests} came {seen.rest!r}"
    targets = [request.target for request in asked]
    assert not any("hidden" in target for target in targets), f"{case}: {targets}"
    assert len(targets) <= 2, f"{case}: {targets}"
    for request in asked:
        assert_plain(case, request)
    # Each answer names what it answers: none is missing before another, and none is somebody else's.
    answered = re.findall(rb"^X-Target: (\S+)", said, re.M | re.I)
    if said:
        expected = sorted(targets, key=lambda one: "second" in one)
        assert [each.decode() for each in answered] == expected, f"{case}: {said!r}"
    else:  # hung up on, such as who asks for a websocket and does not wait for the answer
        assert len(targets) <= 1, f"{case}: {targets}"
    statuses = [int(each) for each in re.findall(rb"HTTP/1\.1 (\d+)", said) if each != b"100"]
    assert len(statuses) <= 2, f"{case}: {said!r}"
    if said and 200 not in statuses[:1]:
        assert not targets, f"{case}: it was refused ({statuses}), and yet {targets}"
    if len(targets) == 2:
        assert statuses == [200, 200], f"{case}: {said!r}"


def assert_plain(case: str, request: Request) -> None:
    """One framing, and nothing that was for the door alone."""
    names = [name for name, _ in request.headers]
    assert names.count("content-length") + names.count("transfer-encoding") <= 1, f"{case}: {request.headers}"
    assert names.count("host") <= 1, f"{case}: {request.headers}"
    assert request.values("connection") in (["keep-alive"], ["Upgrade"]), f"{case}: {request.headers}"
    gone = {"te", "trailer", "keep-alive", "proxy-connection", "expect", "http2-settings", "x-custom"}
    assert not gone & set(names), f"{case}: {request.headers}"
    assert not any("_" in name for name in names), f"{case}: {request.headers}"


@pytest.mark.parametrize("location", PLACES)
def test_one_request_in_is_one_out_whatever_its_framing(door: Door, location: str) -> None:
    """Every method with every spelling of a body's length, known or not, is one request to hub or lab, or refused. The
    second request that its body holds is never asked, no answer is shifted by it, and nothing follows a refusal."""
    for method, (framing, (headers, body)) in itertools.product(METHODS, FRAMINGS.items()):
        head = f"{method} {location}first HTTP/1.1\r\nHost: x\r\n{headers}\r\n"
        one_for_one(door, f"{method}, {framing}", head.encode("latin-1") + body)


def test_one_request_in_is_one_out_whatever_stands_beside(door: Door) -> None:
    """Nor does anything else that a request may say of its connection hide a second one."""
    framings = [FRAMINGS[name] for name in ("no body", "length", "chunked", "chunked and length")]
    for method, (name, extra), (headers, body) in itertools.product(
        ("GET", "POST", "DELETE", "OPTIONS"), EXTRAS.items(), framings
    ):
        for order in (extra + headers, headers + extra):
            head = f"{method} /hub/first HTTP/1.1\r\nHost: x\r\n{order}\r\n"
            one_for_one(door, f"{method}, {name}, {headers}", head.encode("latin-1") + body)


@pytest.mark.parametrize("location", PLACES)
def test_one_request_in_is_one_out_however_many_headers_there_are(door: Door, location: str) -> None:
    """Nor do so many headers that a parser no longer keeps the one that says where the body ends."""
    for method, count, (framing, (headers, body)) in itertools.product(
        ("GET", "POST", "DELETE", "OPTIONS"),
        (100, 498, 499, 500, 997, 998, 999, 1000, 1001, 2000, 3000),
        ((name, FRAMINGS[name]) for name in ("no body", "length", "chunked")),
    ):
        head = f"{method} {location}first HTTP/1.1\r\nHost: x\r\n{PADDING * count}{headers}\r\n"
        one_for_one(door, f"{method}, {count} headers, {framing}", head.encode("latin-1") + body)
    one_for_one(door, "many", b"GET /hub/first HTTP/1.1\r\nHost: x\r\n" + PADDING.encode() * 400 + b"\r\n")
    assert [one.target for seen in door.hub.connections for one in seen.requests] == ["/hub/first", "/hub/second"]


def test_a_websocket_is_not_asked_for_behind_many_headers(door: Door) -> None:
    """What is behind them counts as what it is: no bytes pass that nobody asked a websocket for."""
    for count in (100, 499, 998, 1000, 3000):
        head = f"GET {LAB}/first HTTP/1.1\r\nHost: x\r\n{PADDING * count}{EXTRAS['Upgrade to a websocket']}\r\n"
        one_for_one(door, f"{count} headers, then a websocket", head.encode() + HIDDEN)


def test_one_request_in_is_one_out_whatever_its_first_line(door: Door) -> None:
    """Nor does another version of HTTP, another form of an address, or what is no first line at all."""
    for line, framing in itertools.product(LINES, ("no body", "length", "chunked", "chunked and length")):
        headers, body = FRAMINGS[framing]
        one_for_one(door, f"{line}, {framing}", f"{line}\r\nHost: x\r\n{headers}\r\n".encode("latin-1") + body)


def test_a_plain_body_arrives_whole(door: Door) -> None:
    """What is refused and taken apart here does not concern a plain request: with every method, a body of a known
    length and one in chunks arrive as they were sent, over however many writes."""
    body = bytes(range(256)) * 1000
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        for headers, sent in (
            (f"Content-Length: {len(body)}", body),
            ("Transfer-Encoding: chunked", b"%x\r\n%b\r\n1\r\n!\r\n0\r\n\r\n" % (len(body), body)),
        ):
            door.forget()
            head = f"{method} /hub/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n\r\n"
            assert b" 200 OK\r\n" in door.say(head.encode() + sent)
            (request,) = door.hub.requests
            assert request.body in (body, body + b"!"), method


def test_half_a_body_is_no_request(door: Door) -> None:
    """Of a request whose sender goes away in the midst of the body hub and lab see no whole one."""
    for location, method, headers in itertools.product(
        PLACES, ("POST", "DELETE", "OPTIONS"), ("Content-Length: 500", "Transfer-Encoding: chunked")
    ):
        begun = b"1f4\r\n" if "chunked" in headers else b""
        with door.connect() as guest:
            head = f"{method} {location}first HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n"
            guest.sendall(head.encode() + begun + HIDDEN)
    assert door.get("/hub/after").read() == b"<GET /hub/after>"
    assert [request.target for request in door.hub.requests] == ["/hub/after"]
    assert not door.labs[LAB].requests


def test_answers_keep_their_order(door: Door) -> None:
    """Many requests on one connection, with bodies and without, are answered in their turn, each with its own."""
    sent, expected = b"", []
    for number in range(60):
        location, (headers, body) = PLACES[number % 2], FRAMINGS[("no body", "length", "chunked")[number % 3]]
        method = ("POST", "DELETE", "OPTIONS", "PUT")[number % 4]
        sent += f"{method} {location}{number} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode() + body
        expected.append(f"{location}{number}")
    said = door.say(sent + b"GET /hub/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    found = [each.decode() for each in re.findall(rb"^X-Target: (\S+)", said, re.M | re.I)]
    assert found == [*expected, "/hub/last"]


def test_one_connection_asks_one_thing_at_a_time(door: Door) -> None:
    """Requests that are sent before the answers to those in front of them wait for their turn; who sends thousands so
    is hung up on. A guest took the proxy's memory, and all connections to the hub, by one packet."""
    one = b"POST /hub/waits HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
    for count in (50, 20_000):
        door.forget()
        door.hub.answerer = lambda _: b""  # it never answers
        with door.connect() as guest, contextlib.suppress(ConnectionError):
            guest.sendall(one * count)
            if count > 100:
                assert guest.recv(1) == b""
            else:
                until(lambda: bool(door.hub.requests), "the first is asked")
                door.say(f"GET {LAB}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert len(door.hub.connections) <= 1
    door.forget()
    assert door.get("/hub/after").read() == b"<GET /hub/after>"


def test_what_is_left_of_an_answer_is_nobodys(door: Door) -> None:
    """A lab or hub that says more than was asked, an answer behind its answer, says it to nobody: no connection to them
    carries a second request."""
    planted = answer("planted", "X-Planted: 1")
    for location in PLACES:
        door.forget()
        fake_server = door.hub if location.startswith("/hub") else door.labs[LAB]
        fake_server.answerer = lambda request: answer("own") + planted
        assert [door.get(f"{location}{number}").read() for number in range(20)] == [b"own"] * 20
        assert all(len(seen.requests) == 1 for seen in fake_server.connections)


def test_a_websocket_is_asked_for_once(door: Door) -> None:
    """What follows a request for a websocket before its answer goes nowhere; a refusal by the lab is told, and ends the
    connection; behind a request that is not answered yet none is opened."""
    ask = (
        f"GET {LAB}/first HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
        "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n"
    )
    lab = door.labs[LAB]
    assert b" 200 OK\r\n" in door.say(f"{ask}\r\n".encode())
    (request,) = lab.requests
    assert (request.values("connection"), request.values("upgrade")) == (["Upgrade"], ["websocket"])
    for more, length in ((HIDDEN, ""), (HIDDEN, f"Content-Length: {LENGTH}\r\n"), (CHUNKED, FRAMINGS["chunked"][0])):
        door.forget()
        door.say(f"{ask}{length}\r\n".encode() + more)
        assert all(len(seen.requests) <= 1 and not seen.rest for seen in lab.connections)
        assert not door.hub.requests
    door.forget()
    door.hub.answerer = lambda request: b""  # it never answers
    door.say(b"GET /hub/slow HTTP/1.1\r\nHost: x\r\n\r\n" + f"{ask}\r\n".encode())
    assert not lab.requests


def test_a_post_over_a_socket_is_answered(door: Door) -> None:
    """A request with a body is answered by hub or lab, not by the proxy, also where they close at once behind the
    answer: one in five failed once."""
    for number in range(200):
        body = b"x" * (number * 37 % 5000)
        head = f"POST {PLACES[number % 2]}{number} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        framing = (
            f"Content-Length: {len(body)}\r\n\r\n".encode() if number % 3 else b"Transfer-Encoding: chunked\r\n\r\n"
        )
        sent = body if number % 3 else (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        assert b" 200 OK\r\n" in door.say(head.encode() + framing + sent), number
    until(lambda: len(door.hub.requests) == 100, "the hub saw its half")
