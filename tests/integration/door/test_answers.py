"""The way to a lab and back: every spelling of its path, and answers that reach no further than that path."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from http.cookiejar import CookieJar

import pytest
import requests

from tests.door import HANG_UP, Door, answer, open_door
from tests.hub_deployment import HubDeployment

LAB = "/user/ada"
MAIL = "/user/ada+b@uni.example"  # as the table of routes has it
MAIL_ADDRESS = "/user/ada%2Bb@uni.example"  # as hub and lab write it
BEYOND = (
    "Service-Worker-Allowed: /",
    "Clear-Site-Data: *",
    "Set-Cookie2: a=b; Path=/; Version=1",
    "Set-Login: logged-out",
    "Strict-Transport-Security: max-age=31536000",
    "Public-Key-Pins: max-age=31536000",
    "Expect-CT: max-age=31536000, enforce",
    'Alt-Svc: h2="evil.example:443"',
    'Report-To: {"max_age": 31536000}',
    'NEL: {"report_to": "x", "max_age": 31536000}',
    "Accept-CH: Sec-CH-UA",
    "Critical-CH: Sec-CH-UA",
    'Use-As-Dictionary: match="/*"',
    "Origin-Agent-Cluster: ?1",
    'WWW-Authenticate: Basic realm="Your password"',
    'Secure-Session-Registration: (ES256);path="/"',
    "X-Accel-Redirect: /etc/passwd",
    "X-Sendfile: /etc/passwd",
)
WITHIN = (
    "Cache-Control: no-store",
    "Location: /user/ada/lab",
    "Refresh: 3",
    "Access-Control-Allow-Origin: http://x",
    "Content-Security-Policy: frame-ancestors 'none'",
    "X-Accel-Buffering: no",
    "X-Custom: 1",
)
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n"
)
ACCEPTED = "Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk="


@pytest.fixture(scope="module")
def door(deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The proxy that the tests' deployment has, before labs that answer as they like."""
    with open_door(f"{deployment.project}-proxy:local", tmp_path_factory.mktemp("door"), [LAB, MAIL]) as made:
        yield made


@pytest.fixture(autouse=True)
def forgetful(door: Door) -> None:
    """Each test begins with nothing seen."""
    door.forget()


def cookies_of(door: Door, path: str, *cookies: str) -> list[str]:
    """The cookies that come back where a lab's answer sets these."""
    lab = MAIL if path.startswith(MAIL_ADDRESS) else LAB
    door.labs[lab].answerer = lambda _: answer("", *(f"Set-Cookie: {cookie}" for cookie in cookies))
    return door.get(path).headers.get_all("Set-Cookie") or []


@pytest.mark.parametrize(
    "wanted", ["/", "/hub/", "/user/", "/user/ad", "/user/adam/", "", " ", "hub/", "/user/bob/", None]
)
@pytest.mark.parametrize("domain", ["", "; Domain=uni.example", "; domain = .uni.example"])
@pytest.mark.parametrize("path", [LAB, f"{LAB}/", f"{LAB}/files/a.png"])
def test_a_cookie_of_a_lab_is_the_labs(door: Door, path: str, domain: str, wanted: str | None) -> None:
    """Whatever path or domain a lab's cookie asks for, or none: it is kept for the lab's path on this host alone, so no
    login of the hub's or of another lab's is replaced by it."""
    attribute = "" if wanted is None else f"; Path={wanted}"
    (found,) = cookies_of(door, path, f"jupyterhub-hub-login=evil; HttpOnly{attribute}{domain}; Max-Age=9")
    assert found == f"jupyterhub-hub-login=evil; HttpOnly; Max-Age=9; Path={LAB}/"
    (found,) = cookies_of(door, path, f"a=b; Path={LAB}/{attribute}; PATH = /hub/{domain}")
    assert found == f"a=b; Path={LAB}/"


def test_a_labs_own_cookies_are_kept_as_they_are(door: Door) -> None:
    """What a single-user server sets comes back unchanged, also where a name is spelled otherwise in addresses."""
    for base in (f"{LAB}/", f"{MAIL_ADDRESS}/"):
        own = [
            f'jupyterhub-user-ada="2|1:0|10:1|{"x" * 200}"; HttpOnly; SameSite=Lax; Path={base}',
            f"_xsrf=2|abc; Secure; Expires=Thu, 01 Jan 2032 00:00:00 GMT; Path={base}",
            f"of-an-app=1; Path={base}proxy/8050/",
        ]
        assert cookies_of(door, base, *own) == own


def test_the_hubs_cookies_are_kept_as_they_are(door: Door) -> None:
    """What the hub itself sets for the whole host, cookies or other headers, reaches the browser unchanged."""
    own = ["jupyterhub-session-id=x; HttpOnly; Path=/", "jupyterhub-hub-login=y; HttpOnly; Path=/hub/"]
    door.hub.answerer = lambda _: answer("", *(f"Set-Cookie: {cookie}" for cookie in own), *BEYOND)
    found = door.get("/hub/").headers
    assert found.get_all("Set-Cookie") == own
    assert found["Clear-Site-Data"] == "*"


def test_cookies_shut_nobody_out(door: Door) -> None:
    """A page of a lab full of images whose server sets as many and as large cookies as it can: the browser's next
    requests to lab and hub are answered, with the cookies that it is signed in by."""
    browser = requests.Session()
    browser.cookies = CookieJar()  # type: ignore[assignment]  # by the rules of paths, and nothing else
    door.hub.answerer = lambda _: answer("", "Set-Cookie: jupyterhub-hub-login=hers; Path=/hub/")
    address = f"http://127.0.0.1:{door.port}"
    browser.get(f"{address}/hub/login", timeout=30)
    lab = door.labs[LAB]
    lab.answerer = lambda _: answer("", f"Set-Cookie: jupyterhub-user-ada={'x' * 200}; Path={LAB}/")
    browser.get(f"{address}{LAB}/", timeout=30)

    def bomb(target: str) -> bytes:
        number = re.sub(r"\D", "", target)
        many = [f"Set-Cookie: b{number}-{one}={'x' * 900}; Path={LAB}/; Max-Age=31536000" for one in range(9)]
        return answer("", f"Set-Cookie: a{number}={'x' * 4000}; Path=/; Max-Age=31536000", *many)

    lab.answerer = lambda request: bomb(request.target)
    for number in range(60):
        assert browser.get(f"{address}{LAB}/files/{number}.png", timeout=30).status_code == 200
        assert "jupyterhub-user-ada=" in lab.requests[-1].values("cookie")[0]
    assert browser.get(f"{address}/hub/home", timeout=30).status_code == 200
    assert door.hub.requests[-1].values("cookie") == ["jupyterhub-hub-login=hers"]


def test_too_many_cookies_are_forgotten_wherever_they_come_from(door: Door) -> None:
    """Where a browser holds more cookies than a server reads, such as of a page's script, it is told to forget the
    largest, for every path that they may be of."""
    large = [f"large{number}={'x' * 3000}" for number in range(8)]
    found = door.get(f"{LAB}/files/a?b=/c", f"Cookie: login=hers; {'; '.join(large)}; small=1")
    assert door.labs[LAB].requests[0].values("cookie")[0].split("; ")[:2] == ["small=1", "login=hers"]
    forgotten = found.headers.get_all("Set-Cookie") or []
    for path in ("/", "/user/", f"{LAB}/", f"{LAB}/files/"):
        assert sum(each.endswith(f"Path={path}") and "1970" in each for each in forgotten) == 7
    assert not any("hers" in each or "login" in each for each in forgotten)


def test_no_header_of_a_lab_reaches_beyond_its_path(door: Door) -> None:
    """What a browser would keep for the whole host, such as a worker for all its pages, or a web server in front would
    take for an order, is left out of a lab's answers; all else is there."""
    door.labs[LAB].answerer = lambda _: answer("x", *BEYOND, *(each.upper() for each in BEYOND), *WITHIN)
    found = door.get(f"{LAB}/files/sw.js")
    assert found.read() == b"x"
    names = {name.lower() for name in found.headers}
    assert not names & {each.split(":")[0].lower() for each in BEYOND}
    for each in WITHIN:
        name, _, value = each.partition(": ")
        assert found.headers[name] == value


def test_what_is_no_answer_yet_and_what_follows_one_stay_there(door: Door) -> None:
    """Informational answers before a lab's answer and trailers behind it, which may hold the same headers, are dropped,
    and so are headers that the answer says concern its connection alone."""
    early = "HTTP/1.1 103 Early Hints\r\nSet-Cookie: a=b; Path=/\r\nLink: </x>; rel=preload\r\n\r\n"
    head = (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Set-Cookie\r\nConnection: close, X-Own\r\nX-Own: 1"
    )
    body = "\r\n\r\n1\r\nx\r\n0\r\nSet-Cookie: c=d; Path=/\r\nClear-Site-Data: *\r\n\r\n"
    door.labs[LAB].answerer = lambda _: f"{early}{early}{head}{body}".encode()
    said = door.say(f"GET {LAB}/ HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE, close\r\n\r\n".encode())
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert said.endswith(b"1\r\nx\r\n0\r\n\r\n")
    for gone in (b"set-cookie", b"clear-site-data", b"trailer", b"early", b"x-own"):
        assert gone not in said.lower()


def test_who_puts_an_answer_off_without_end_has_not_answered(door: Door) -> None:
    """A lab that sends informational answers one after the other would keep the proxy from everybody: its request
    fails, and so does one for a websocket. As many as servers send are taken."""
    early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    for count, status in ((10, 200), (20_000, 503)):
        said = count * early.encode() + answer("x")
        door.labs[LAB].answerer = lambda _, said=said: said  # type: ignore[misc]
        assert door.get(f"{LAB}/").status == status
        told = door.say(f"GET {LAB}/ HTTP/1.1\r\nHost: x\r\n{UPGRADE}\r\n".encode())
        assert told.startswith(f"HTTP/1.1 {status}".encode())


def websocket(door: Door, path: str = LAB) -> tuple[bytes, socket.socket]:
    """What is said to whoever asks for a websocket, up to the end of its headers, and the connection."""
    guest = door.connect()
    guest.sendall(f"GET {path}/channels HTTP/1.1\r\nHost: x\r\n{UPGRADE}\r\n".encode())
    said = b""
    while b"\r\n\r\n" not in said and (more := guest.recv(1)):
        said += more
    return said, guest


def test_a_websockets_answer_is_its_handshake(door: Door) -> None:
    """Of the answer that opens a websocket, what belongs to the handshake comes back, and then what is said over it."""
    many = [*BEYOND, *WITHIN, "Set-Cookie: a=b; Path=/"]
    head = ["HTTP/1.1 101 Fine", "Upgrade: websocket", "Connection: Upgrade", ACCEPTED, "Sec-WebSocket-Protocol: v1"]
    door.labs[LAB].answerer = lambda _: "\r\n".join([*head, *many, "", "hello"]).encode()
    said, guest = websocket(door)
    with guest:
        assert said.split(b"\r\n")[0] == b"HTTP/1.1 101 Switching Protocols"
        names = {line.split(b":")[0].lower() for line in said.split(b"\r\n")[1:] if line}
        assert names == {b"upgrade", b"connection", b"sec-websocket-accept", b"sec-websocket-protocol"}
        assert guest.recv(5) == b"hello"


def test_a_refused_websockets_answer_is_like_any_other(door: Door) -> None:
    """Where a lab answers a request for a websocket with something else, that answer reaches no further either, and it
    is the last on its connection."""
    door.labs[LAB].answerer = lambda _: answer("no", *BEYOND, *WITHIN, "Set-Cookie: a=b; Path=/", status="403 No")
    said, guest = websocket(door)
    with guest:
        assert guest.recv(100) + guest.recv(100) == b"no"
    lines = said.decode().lower().split("\r\n")
    assert lines[0] == "http/1.1 403 no"
    assert f"set-cookie: a=b; path={LAB}/" in lines
    assert "connection: close" in lines
    assert "x-custom: 1" in lines
    assert not {line.split(":")[0] for line in lines} & {each.split(":")[0].lower() for each in BEYOND}


def test_an_answer_that_breaks_off_breaks_off(door: Door) -> None:
    """Whoever waits for the rest of an answer, of a websocket that was refused too, is not left waiting."""
    for framing in (b"Content-Length: 9", b"Transfer-Encoding: chunked"):
        said = b"HTTP/1.1 200 OK\r\n%b\r\n\r\n4\r\nhalf" % framing
        door.labs[LAB].answerer = lambda _, said=said: said + HANG_UP  # type: ignore[misc]
        assert b"200 OK" in door.say(f"GET {LAB}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert b"200 OK" in door.say(f"GET {LAB}/ HTTP/1.1\r\nHost: x\r\n{UPGRADE}\r\n".encode())


def test_an_answer_whose_first_line_is_odd_is_an_answer(door: Door) -> None:
    """Whoever asks a lab is answered, whatever status or reason it gives: nobody is left waiting."""
    odd = {"099 No": 502, "000 No": 502, "200 \x00a\x01\x7f\xff": 200, "999 Odd": 999}
    for head, status in odd.items():
        said = f"HTTP/1.1 {head}\r\nContent-Length: 2\r\n\r\nok".encode("latin-1")
        door.labs[LAB].answerer = lambda _, said=said: said  # type: ignore[misc]
        found = door.get(f"{LAB}/")
        assert (found.status, found.read()) == (status, b"ok"), head
        told = door.say(f"GET {LAB}/ HTTP/1.1\r\nHost: x\r\n{UPGRADE}\r\n".encode())
        assert told.startswith(f"HTTP/1.1 {status} ".encode()), head
        assert told.endswith(b"\r\n\r\nok"), head


def test_nothing_follows_an_answer(door: Door) -> None:
    """What a lab says where its answer is over, such as a body where there is none, is an error that nobody is told:
    the proxy writes nothing behind an answer, and goes on without one of its own."""
    for status in (204, 304):
        said = f"HTTP/1.1 {status} No\r\nContent-Length: 5\r\n\r\nhello".encode()
        door.labs[LAB].answerer = lambda _, said=said: said  # type: ignore[misc]
        for more in (UPGRADE, "Connection: close\r\n", "Expect: 100-continue\r\nConnection: close\r\n"):
            for _ in range(20):
                told = door.say(f"GET {LAB}/ HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
                statuses = [line for line in told.split(b"\r\n") if line.startswith(b"HTTP/") and b" 100 " not in line]
                assert [line.split(b" ")[1] for line in statuses] == [str(status).encode()], told
    assert b"Uncaught" not in door.container.logs()


def test_a_websocket_that_nobody_asked_for_is_no_answer(door: Door) -> None:
    """A lab that switches to another protocol, of its own accord, or says what is no HTTP at all, has not answered: the
    page is told so."""
    switch = f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{ACCEPTED}\r\n\r\n"
    for said in (switch + answer("planted").decode(), "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nA\r\n\r\n"):
        door.labs[LAB].answerer = lambda _, said=said: said.encode()  # type: ignore[misc]
        found = door.get(f"{LAB}/")
        assert found.status == 503
        assert b"planted" not in found.read()


@pytest.mark.parametrize(
    "spelled",
    [
        "/user/ada+b@uni.example",
        "/user/ada%2bb@uni.example",
        "/user/ada%2Bb%40uni.example",
        "/%75ser/%61da%2Bb%40uni%2Eexample",
        "/user%2Fada%2Bb@uni.example",
        "//user/ada+b@uni.example",
        "/%2fuser/ada+b@uni.example",
        "/hub/../user/x/../ada+b@uni.example",
    ],
)
def test_every_spelling_of_a_name_leads_to_its_lab(door: Door, spelled: str) -> None:
    """However a link writes a name, it leads to that person's lab, in the spelling that the lab knows; what is sent
    there arrives, and nobody else's lab sees it."""
    rest = "/lab/tree/a%20b%2Fc?next=%2Fx&y=%40"
    found = door.get(spelled + rest)
    assert (found.status, found.headers["Location"]) == (302, MAIL_ADDRESS + rest)
    head = f"POST {spelled}{rest} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody"
    assert b" 200 OK\r\n" in door.say(head.encode())
    door.say(f"GET {spelled}/channels HTTP/1.1\r\nHost: x\r\n{UPGRADE}\r\n".encode())
    posted, asked = door.labs[MAIL].requests
    assert (posted.line, posted.body) == (f"POST {MAIL_ADDRESS}{rest} HTTP/1.1", b"body")
    assert asked.target == f"{MAIL_ADDRESS}/channels"
    assert not door.labs[LAB].requests


@pytest.mark.parametrize(
    ("path", "lab"),
    [
        (f"{MAIL_ADDRESS}/x%2By+z@", MAIL),
        (f"{MAIL_ADDRESS}?x", MAIL),
        (f"{LAB}/files/a%40b+c%2B", LAB),
        (LAB, LAB),
        ("/user/Ada/", None),
        ("/user/ada%20b/", None),
        ("/user/ada%2Bb/", None),
        ("/user/%2541da/", None),
        ("/user/%2561da/", None),
    ],
)
def test_another_name_is_nobodys_lab(door: Door, path: str, lab: str | None) -> None:
    """The right spelling goes on as it is, with all that follows; a name that is another one leads to the hub."""
    assert door.get(path).status == 200
    seen = {MAIL: door.labs[MAIL], LAB: door.labs[LAB], None: door.hub}
    for key, fake_server in seen.items():
        assert [each.target for each in fake_server.requests] == ([path] if key == lab else [])
