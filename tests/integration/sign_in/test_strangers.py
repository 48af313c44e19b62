"""Who has no business here: a guest without an account, somebody else's account, another website, a lab's own token."""

from __future__ import annotations

import contextlib
import html
import http.client
import itertools
import json
import re
import socket
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.faults import kill, until, until_healthy
from tests.hub_deployment import HubDeployment, engine
from tests.person import Person

EVIL = "http://evil.example"
MANY_BYTES = 3_000_000
CLOSED = (
    "hub/home",
    "hub/admin",
    "hub/authorize",
    "hub/token",
    "hub/spawn",
    "hub/metrics",
    "hub/api/users",
    "hub/api/proxy",
    "hub/api/info",
    "hub/api/services",
    "hub/homeroom/labs/admin/reset",
    "user/admin/lab",
    "user/admin/files/x",
    "user/admin/api/contents",
    "user/admin/api/kernels",
    "user/admin/api/terminals",
    "user/admin/metrics",
    "api/routes",
)


@pytest.fixture(scope="module")
def admin(deployment: HubDeployment) -> Iterator[Person]:
    """The administrator with a running lab."""
    person = Person(deployment, "admin")
    person.sign_in(deployment.password)
    person.start_lab()
    yield person
    person.stop_lab_if_any()


@pytest.fixture(scope="module")
def other(deployment: HubDeployment, admin: Person) -> Person:
    """Somebody else with an account."""
    person = Person(deployment, "stranger")
    person.sign_in(deployment.new_password("stranger"))
    return person


@pytest.mark.parametrize("path", CLOSED)
def test_a_guest_is_shown_the_sign_in_page_or_nothing(deployment: HubDeployment, admin: Person, path: str) -> None:
    """Without an account there is no page, no API and no lab: the sign-in page, or a refusal. The same is open to who
    may have it."""
    answer = requests.get(deployment.url + path, timeout=30)
    assert answer.status_code in (403, 404) or urlsplit(answer.url).path == "/hub/login", answer.url
    if path not in ("api/routes", "user/admin/files/x", "hub/metrics"):  # the proxy's API; no such file; a token's
        assert admin.get(path).status_code == 200


# Where an address, or a part of it, goes on into a redirect, a header, a page, the database or the log.
ODD_PLACES = (
    "{}",
    "?{}",
    "services/{}",
    "user/{}/lab",
    "user/admin{}",
    "user/admin/{}",
    "user/admin/lab?{}",
    "user/admin/login?next={}",
    "user/admin/oauth_callback?code=x&state={}",
    "hub/{}",
    "hub/?next={}",
    "hub/login?next={}",
    "hub/login?next=/{}",
    "hub/login?username={}",
    "hub/logout?next={}",
    "hub/signup?next={}",
    "hub/home?next={}",
    "hub/admin?{}",
    "hub/token?{}",
    "hub/user/{}",
    "hub/user-redirect/{}",
    "hub/user-redirect/lab?x={}",
    "hub/spawn/{}",
    "hub/spawn/admin/{}",
    "hub/spawn?next={}",
    "hub/spawn-pending/{}",
    "hub/spawn-pending/admin/{}",
    "hub/accept-share?code={}",
    "hub/authorize/{}",
    "hub/change-password/{}",
    "hub/error/{}",
    "hub/error/404?url={}",
    "hub/static/{}",
    "hub/homeroom/labs/{}/reset",
    "hub/api/users/{}",
    "hub/api/users/admin/servers/{}",
    "hub/api/users?offset={}",
    "hub/api/oauth2/authorize?client_id={}",
    "hub/api/oauth2/authorize?client_id=jupyterhub-user-admin&response_type=code&redirect_uri={}",
)
ODD_PARTS = ("%0d%0aX-Planted:%201", "%0a", "%00", "%09", "%1f", "%7f", "%ff", "%zz", "%", "%e2%80%a8", "%2f%09%2fevil")


@pytest.mark.parametrize("location", ODD_PLACES)
def test_no_address_breaks_a_page(deployment: HubDeployment, admin: Person, location: str) -> None:
    """Line ends, other control characters and what is no text, anywhere in an address, are refused or taken for what
    they are: no page fails by them, no header is made of them, and nobody is sent elsewhere; signed in or not."""
    mine = admin.web.prepare_request(
        requests.Request("GET", f"{deployment.url}{location.split('/')[0]}/admin/")
    ).headers
    for headers, part in itertools.product(({}, {"Cookie": mine.get("Cookie", "")}), ODD_PARTS):
        connection = http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=30)
        connection.request("GET", deployment.base_url + location.format(part), headers=headers)
        answer = connection.getresponse()
        connection.close()
        assert answer.status < 500, f"{location.format(part)}: {answer.status}"
        assert "X-Planted" not in answer.headers
        assert urlsplit(answer.headers.get("Location", "")).netloc in ("", f"127.0.0.1:{deployment.port}")


def test_a_form_that_is_refused_is_answered_with_a_page(deployment: HubDeployment) -> None:
    """Where the sign-in form itself is refused, for what was typed into it, its page says so."""
    for name in ("\x1b[2J", "a\r\nb", "\0"):
        answer = Person(deployment, name).sign_in("any-password")
        assert answer.status_code == 400
        assert "cannot contain control characters" in answer.text


def channels(person: Person, kernel_id: str) -> str:
    """The address of the administrator's kernel."""
    address = urlsplit(person.deployment.url)
    return f"ws://{address.netloc}/user/admin/api/kernels/{kernel_id}/channels"


def cookies(person: Person) -> str:
    """What a browser would send to the administrator's lab."""
    request = requests.Request("GET", person.deployment.url + "user/admin/")
    return person.web.prepare_request(request).headers.get("Cookie", "")


def test_another_person_gets_nothing_of_a_lab(deployment: HubDeployment, admin: Person, other: Person) -> None:
    """Somebody with their own account gets no page, file, API or kernel of another's lab, and learns of nobody."""
    for path in ("lab", "api/contents", "api/kernels", "files/x"):
        assert other.get(f"user/admin/{path}").status_code in (403, 404), path
    assert other.api("GET", "users").status_code == 403
    assert other.api("GET", "users/admin").status_code in (403, 404)
    assert other.api("DELETE", "users/admin/server").status_code in (403, 404)
    assert other.api("POST", "users/admin/tokens").status_code in (403, 404)
    with admin.kernel() as kernel, pytest.raises(InvalidStatus) as refused:
        connect(channels(other, kernel.id), additional_headers={"Cookie": cookies(other)}, proxy=None)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["hub/login", "hub/api/users", "user/admin/api/contents/x", "user/admin/nowhere"])
@pytest.mark.parametrize("framing", ["Content-Length: 400000000", "Transfer-Encoding: chunked"])
def test_a_guest_fills_nobodys_memory(deployment: HubDeployment, admin: Person, path: str, framing: str) -> None:
    """A request larger than a guest can have a reason for is refused with its first bytes: hub and labs hold no
    hundreds of megabytes for whoever reaches the port."""
    with socket.create_connection(("127.0.0.1", deployment.port), timeout=30) as guest:
        guest.sendall(f"POST {deployment.base_url}{path} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n".encode())
        with contextlib.suppress(ConnectionError):
            chunk = b"%x\r\n" % MANY_BYTES if "chunked" in framing else b""
            guest.sendall(chunk + bytes(MANY_BYTES))
            said = guest.recv(64)
            assert said[9:12] in (b"", b"400", b"503"), said


def test_a_guest_who_hangs_up_leaves_nothing_open(deployment: HubDeployment) -> None:
    """Whoever asks for websockets and goes away before the answer keeps no connection of the proxy's, of which it has a
    number: everybody would be shut out."""
    proxy = deployment.container("proxy")

    def connections() -> int:
        return len(proxy.exec_run(["ls", "/proc/1/fd"]).output.split())

    before = connections()
    websocket = (
        "HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\nContent-Length: 5\r\n\r\n"
    )
    for path, rest in (("hub/homeroom/echo", ""), ("hub/homeroom/echo", "too early"), ("%zz", "")) * 20:
        with socket.create_connection(("127.0.0.1", deployment.port), timeout=30) as guest:
            guest.sendall(f"GET {deployment.base_url}{path} {websocket}".encode())
            time.sleep(0.02)
            guest.sendall(rest.encode())
    until(lambda: connections() <= before + 10, f"{before} files are open, as before", interval=0.2)


def test_who_may_use_a_lab_sends_it_large_files(admin: Person) -> None:
    """What is refused to a guest is taken from the lab's own page, and from a program with a token."""
    model = {"type": "file", "format": "text", "content": "x" * MANY_BYTES}
    assert admin.lab_api("PUT", "contents/large.txt", json=model).status_code in (200, 201)
    token = admin.api("POST", "users/admin/tokens", json={"expires_in": 60}).json()["token"]
    address = f"{admin.deployment.url}user/admin/api/contents/large.txt"
    headers = {"Authorization": f"token {token}"}
    assert requests.put(address, json=model, headers=headers, timeout=30).status_code == 200
    assert requests.delete(address, headers=headers, timeout=30).status_code == 204


def test_whose_approval_is_taken_back_is_out(deployment: HubDeployment, admin: Person, other: Person) -> None:
    """From that moment neither the browser in which they are signed in nor a token they made gets them anything, and
    their lab is stopped; when it is given again, both do."""
    token = other.api("POST", "users/stranger/tokens", json={"expires_in": 600}).json()["token"]

    def by_token() -> int:
        headers = {"Authorization": f"token {token}"}
        return requests.get(f"{deployment.url}hub/api/users/stranger", headers=headers, timeout=30).status_code

    other.start_lab()
    assert by_token() == 200
    assert admin.post_form("hub/authorize/stranger").status_code == 200
    try:
        assert deployment.labs("stranger") == []
        assert by_token() == 403
        assert other.api("POST", "users/stranger/server").status_code == 403
        assert urlsplit(other.get("hub/home").url).path == "/hub/login"
        assert deployment.labs("stranger") == []
    finally:
        assert admin.post_form("hub/authorize/stranger").status_code == 200
    assert by_token() == 200
    assert other.get("hub/home").url == f"{deployment.url}hub/home"


def newcomer(deployment: HubDeployment, name: str) -> Person:
    """Somebody whose account was made from the server's shell, signed in."""
    person = Person(deployment, name)
    assert person.sign_in(deployment.new_password(name)).status_code == 200
    return person


def opens(deployment: HubDeployment, token: str) -> bool:
    """Whether a token is good for anything."""
    headers = {"Authorization": f"token {token}"}
    return requests.get(f"{deployment.url}hub/api/user", headers=headers, timeout=30).status_code == 200


@pytest.mark.parametrize("way", ["page", "api"])
def test_who_is_removed_stays_away(deployment: HubDeployment, admin: Person, way: str, tmp_path: Path) -> None:
    """One button, or the API's own verb, ends a person's sessions, tokens and running lab at once, and nobody can sign
    up for the name, nor is it given to anybody: the home is there. Who is brought back has files and password, and
    nothing else of old: no session, no token."""
    name = f"leaver-{way}"
    password = deployment.new_password(name)
    leaver = Person(deployment, name)
    assert leaver.sign_in(password).status_code == 200
    token = leaver.api("POST", f"users/{name}/tokens", json={"expires_in": 600}).json()["token"]
    leaver.start_lab()
    assert leaver.run("open('kept.txt', 'w').write('hers')") == ""
    assert opens(deployment, token)

    if way == "page":
        assert "Remove" in admin.get(f"hub/remove/{name}").text
        assert admin.post_form(f"hub/remove/{name}").status_code == 200
    else:
        assert admin.api("DELETE", f"users/{name}").status_code == 204
    until(lambda: not deployment.labs(name), "the lab is gone", interval=0.2)
    assert not opens(deployment, token)
    for path in ("hub/home", f"user/{name}/lab"):
        assert urlsplit(leaver.get(path).url).path == "/hub/login"
    guest = Person(deployment, name)
    assert "name is taken" in guest.sign_up("one more bicycle").text
    assert f"hub/remove/{name}" not in admin.get("hub/authorize").text

    assert "the files are still there" in deployment.verb("account", name).stdout
    assert admin.api("POST", f"users/{name}").status_code == 409
    if way == "page":  # while the files are kept they can be taken along
        archive = tmp_path / "leaver.tar.gz"
        deployment.make("user-export", f"NAME={name}", f"TO={archive}")
        with tarfile.open(archive) as opened:
            kept = opened.extractfile("home/kept.txt")
            assert kept is not None
            assert kept.read() == b"hers"
    assert "is back" in deployment.make("user-restore", f"NAME={name}").stdout
    again = Person(deployment, name)
    assert again.sign_in(password).status_code == 200
    assert not opens(deployment, token)
    assert urlsplit(leaver.get("hub/home").url).path == "/hub/login"
    again.start_lab()
    assert again.run("print(open('kept.txt').read())") == "hers\n"
    again.stop_lab()


def test_a_removal_outlives_the_hub(deployment: HubDeployment, admin: Person) -> None:
    """A hub that is killed in the middle of a removal carries it on when it is back: no lab of the person runs on."""
    leaver = newcomer(deployment, "leaver-twice")
    leaver.start_lab()
    code = (
        "import sqlite3; from homeroom.sign_in.accounts import DATABASE; db = sqlite3.connect(DATABASE, timeout=20);"
        "db.execute('DELETE FROM users_info WHERE username = ?', ['leaver-twice']);"
        "db.execute('INSERT INTO homeroom_names VALUES (?, ?)', ['leaver-twice', 'leaving']); db.commit()"
    )
    deployment.compose(
        "exec", "-T", "hub", "python", "-c", code
    )  # what the removal writes before it waits for anything
    kill(deployment, "hub")
    until_healthy(deployment, "hub")
    until(lambda: not deployment.labs("leaver-twice"), "the lab is gone", interval=0.5)
    until(lambda: admin.api("GET", "users/leaver-twice").status_code == 404, "so is the person", interval=0.5)


def test_what_was_done_is_on_record(deployment: HubDeployment, admin: Person) -> None:
    """Who approved, made administrator, removed and brought back whom is shown, and nobody changed it. The hub cannot
    write there."""
    person = Person(deployment, "recorded")
    person.sign_up("one more bicycle")
    assert admin.post_form("hub/authorize/recorded").status_code == 200
    assert person.sign_in("one more bicycle").status_code == 200
    own = person.get("hub/homeroom/my-data")
    assert own.json()["hub"]["user"][0]["name"] == "recorded"
    assert "admin" not in {one["username"] for one in own.json()["sign_in"]["account"]}
    assert "hub/login" in Person(deployment, "nobody").get("hub/homeroom/my-data").url
    for is_admin in (True, False):
        assert admin.api("PATCH", "users/recorded", json={"admin": is_admin}).status_code == 200
    assert "Did you mean recorded?" in deployment.verb("user-remove", "recordd").stdout
    assert "locked" not in deployment.make("user-remove", "NAME=recorded", "WHY=finished", "NOW=recorded").stdout
    said = deployment.make("audit", "NAME=recorded").stdout
    for word in (
        "account-approve",
        "admin-give",
        "admin-take",
        "user-remove",
        "finished",
        "user-purge",
        "none changed",
    ):
        assert word in said
    assert not [one.name for one in engine().volumes.list() if one.name.endswith("-user-recorded")]
    code = "import os; print(os.access('/srv/records', os.W_OK), os.access('/srv/records/audit.jsonl', os.W_OK))"
    assert deployment.compose("exec", "-T", "hub", "python", "-c", code).split() == ["False", "False"]


def test_the_old_password_is_not_guessed_either(deployment: HubDeployment, admin: Person) -> None:
    """Whoever sits at a browser that somebody left signed in has as many guesses at their password as at sign-in. A
    long one is wrong, and no error."""
    person = newcomer(deployment, "guessed")
    new = {"new_password": "one more bicycle", "new_password_confirmation": "one more bicycle"}
    for guess in ("x" * 100, "ä" * 50, *(f"guess {number}" for number in range(5))):
        answer = person.post_form("hub/change-password", old_password=guess, **new)
        assert answer.status_code == 403
        assert "not your current password" in answer.text
    assert "Too many wrong passwords" in person.post_form("hub/change-password", old_password="?", **new).text


def test_administrators_are_not_removed_by_accident(deployment: HubDeployment, admin: Person) -> None:
    """Neither the page nor the API removes an administrator, oneself least of all."""
    assert admin.post_form("hub/remove/admin").status_code == 400
    assert admin.api("DELETE", "users/admin").status_code == 400
    assert "is an administrator" in admin.get("hub/remove/admin").text
    assert admin.get("hub/home").status_code == 200


def test_a_user_made_for_tokens_is_marked(deployment: HubDeployment, admin: Person) -> None:
    """Whom an administrator makes through the API has tokens that work, a name that nobody can sign up for, and no way
    in without a token; removed, the tokens are worth nothing."""
    assert admin.api("POST", "users", json={"usernames": ["machine-a", "machine-b"]}).status_code == 201
    token = admin.api("POST", "users/machine-b/tokens", json={"expires_in": 600}).json()["token"]
    assert opens(deployment, token)
    assert "name is taken" in Person(deployment, "machine-b").sign_up("one more bicycle").text
    for name in ("machine-a", "machine-b"):
        assert admin.api("DELETE", f"users/{name}").status_code == 204
    assert not opens(deployment, token)


def test_another_website_acts_for_nobody(deployment: HubDeployment, admin: Person) -> None:
    """A page elsewhere that a signed-in browser visits changes nothing here: it has the cookies, not the token."""
    for method, path in (
        ("POST", "hub/homeroom/labs/admin/restart"),
        ("POST", "hub/homeroom/labs/admin/reset"),
        ("POST", "hub/authorize/stranger"),
        ("POST", "hub/signup"),
        ("POST", "hub/login"),
        ("POST", "hub/change-password"),
        ("POST", "hub/api/users/evil"),
        ("DELETE", "hub/api/users/admin/server"),
        ("POST", "user/admin/api/kernels"),
        ("PUT", "user/admin/api/contents/evil"),
    ):
        answer = admin.web.request(method, deployment.url + path, headers={"Origin": EVIL, "Referer": EVIL}, timeout=30)
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"


def test_links_of_another_website_ask_first(deployment: HubDeployment, other: Person) -> None:
    """A visit that another website's link, image or form leads to starts no lab, makes none, and signs nobody out: it
    shows a page that asks. With the button there it does, and a link to a lab that runs works at once."""
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    next_url = "/user/stranger/git-pull?repo=x"
    for path in (
        "hub/spawn",
        "hub/spawn/stranger",
        "hub/spawn/stranger?profile=small",
        "hub/spawn/stranger/another",
        "hub/user-redirect/git-pull?repo=x",
        "hub/",
        "hub/login",
    ):
        answer = other.get(path, headers=elsewhere)
        assert answer.status_code == 200, path
        assert "A link on another website led here" in answer.text, path
    assert deployment.labs("stranger") == []
    assert other.api("GET", "users/stranger").json()["servers"] == {}

    asked = other.get("hub/logout", headers=elsewhere)
    assert "Sign out?" in asked.text
    assert other.get("hub/home").url == f"{deployment.url}hub/home"

    asked = other.get(f"hub/spawn?next={quote(next_url)}", headers=elsewhere)
    assert "git-pull" in asked.text
    (start,) = re.findall(r'id="start"[^>]* href="([^"]+)"', asked.text)
    here = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    started = other.get(html.unescape(start).lstrip("/"), headers=here, allow_redirects=False)
    assert "/hub/spawn-pending/" in started.headers["Location"]
    other.wait_for_lab()
    followed = other.get("hub/user-redirect/lab", headers=elsewhere)
    assert urlsplit(followed.url).path == "/user/stranger/lab"
    other.stop_lab()


def test_nobody_fills_the_hubs_database(deployment: HubDeployment, other: Person) -> None:
    """One person has so many tokens with short notes, no labs beyond those they may have, and short choices of labs:
    the database, and the disk under it, are everybody's."""
    tokens = "users/stranger/tokens"
    for body in (
        {"note": "x" * 201},
        {"note": ["x"]},
        {"scopes": ["read:users!user=stranger"] * 1000},
        {"expires_in": 10**20},
        {"expires_in": -1},
    ):
        assert other.api("POST", tokens, json=body).status_code == 400, str(body)[:80]
    made = []
    while (answer := other.api("POST", tokens, json={"expires_in": 600})).status_code == 201:
        made.append(answer.json()["id"])
        assert len(made) <= 100
    assert "has 100 tokens" in answer.text
    assert len(other.api("GET", tokens).json()["api_tokens"]) <= 100 + 1
    for each in made:
        assert other.api("DELETE", f"{tokens}/{each}").status_code == 204

    refused = other.api("PUT", "users/stranger/servers/another")
    assert refused.status_code in (400, 403)
    assert "one lab only, the one without a name" in refused.json()["message"]
    assert other.api("POST", "users/stranger/server", json={"profile": "x" * 3000}).status_code == 400
    assert other.api("PATCH", "users/stranger/servers/another", json={"anything": 1}).status_code == 400
    assert other.api("GET", "users/stranger").json()["servers"] == {}


def test_another_website_opens_no_kernel(admin: Person) -> None:
    """A websocket that a page elsewhere opens is refused, although the browser sends the cookies along."""
    with admin.kernel() as kernel:
        assert kernel.run("print(1)") == "1\n"
        headers = {"Cookie": cookies(admin), "Origin": EVIL}
        with pytest.raises(InvalidStatus) as refused:
            connect(channels(admin, kernel.id), additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["hub/login", "hub/home", "hub/signup", "hub/authorize", "user/admin/lab"])
def test_no_page_is_shown_in_a_frame(admin: Person, path: str) -> None:
    """No page elsewhere can lay one of these under a visitor's mouse."""
    answer = admin.web.get(admin.deployment.url + path, timeout=30)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


# The lab's own token, on the hub's socket: an address, and the answer's status.
ASK = """
import json, os, socket, sys
found = {}
for path in sys.argv[1:]:
    method, _, address = path.partition(" ")
    with socket.socket(socket.AF_UNIX) as hub:
        hub.connect("/run/hub/hub.sock")
        token = os.environ["JUPYTERHUB_API_TOKEN"]
        lines = [f"{method} /hub/api/{address} HTTP/1.0", "Host: hub", f"Authorization: token {token}",
                 "Content-Length: 2", "Content-Type: application/json", "", "{}"]
        hub.sendall("\\r\\n".join(lines).encode())
        found[path] = int(hub.recv(64).split()[1])
print(json.dumps(found))
"""


def test_a_labs_token_is_for_its_own_activity(deployment: HubDeployment, other: Person) -> None:
    """The token in a lab says who its owner is and that the lab is in use. It starts and stops nothing, makes no
    tokens, and tells of nobody else."""
    other.start_lab()
    closed = [
        "GET users",
        "GET users/admin",
        "POST users/evil",
        "DELETE users/admin/server",
        "POST users/admin/server",
        "POST users/stranger/tokens",
        "POST users/admin/tokens",
        "GET proxy",
        "GET groups",
        "POST shutdown",
    ]
    try:
        code, output = deployment.lab("stranger").exec_run(["python3", "-c", ASK, "GET user", *closed])
        assert code == 0, output.decode()
        found = json.loads(output)
        assert found.pop("GET user") == 200
        assert set(found.values()) <= {403, 404}, found
    finally:
        other.stop_lab()
