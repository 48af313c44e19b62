"""The servers of a directory: certificates that must not be taken, servers that are down or hang, what they learn."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from homeroom.ldap.directory import THREADS, LdapDirectory
from homeroom.ldap.servers import Call, Servers
from homeroom.ldap.way import LdapWay
from homeroom.sign_in.way import Identity, Unreachable
from ldap3.strategy.sync import SyncStrategy

from tests import slapd
from tests.certificates import Authority
from tests.hub_process import free_port
from tests.integration.ldap.conftest import MakeWay
from tests.slapd import Slapd

STARTTLS_DONE = bytes.fromhex("300c02010178070a010004000400")
"""An answer to STARTTLS: success."""
DROP_SECONDS = 0.05


def check(way: LdapWay, username: str = "anna", password: str = "right") -> Identity | None:
    """Sign in."""
    return asyncio.run(way.check(None, username, password))


@pytest.fixture(scope="module", autouse=True)
def _anna(directory: Slapd) -> None:
    directory.add_person("anna", "right")


@pytest.fixture(scope="module")
def make_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Slapd]]:
    """Makes servers of another kind than the shared one."""
    made: list[Slapd] = []

    def make(authority: Authority, names: tuple[str, ...] = ("localhost",), **options: Any) -> Slapd:
        server = Slapd(tmp_path_factory.mktemp("slapd"), authority, names, **options)
        made.append(server)
        server.start()
        return server

    try:
        yield make
    finally:
        for server in made:
            server.stop()


@contextlib.contextmanager
def listener(talk: Callable[[socket.socket, bytearray], None]) -> Iterator[tuple[int, bytearray]]:
    """A server of our own: its port, and all bytes that it was sent."""
    heard = bytearray()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:

        def serve() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(caller, heard), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1], heard
        finally:
            server.shutdown(socket.SHUT_RDWR)


def listen(caller: socket.socket, heard: bytearray) -> None:
    """Take everything and answer nothing."""
    with caller:
        while data := _heard(caller):
            heard += data


def _heard(caller: socket.socket) -> bytes:
    try:
        return caller.recv(4096)
    except OSError:
        return b""


def drip(caller: socket.socket, heard: bytearray) -> None:
    """Answer, byte by byte, what never ends."""
    with caller, contextlib.suppress(OSError):
        heard += _heard(caller)
        caller.sendall(b"\x30\x84\x7f\xff\xff\xff")
        while True:
            caller.sendall(b"\x02")
            time.sleep(DROP_SECONDS)


@pytest.mark.parametrize("start_tls", [True, False])
def test_a_certificate_of_somebody_else_is_not_taken(
    directory: Slapd, make_way: MakeWay, tmp_path: Path, start_tls: bool
) -> None:
    """A certificate that another CA signed is refused with what to do, in both kinds of TLS. The library takes any."""
    urls = [directory.url if start_tls else directory.tls_url]
    other = Authority.made(tmp_path, "other")
    with pytest.raises(Unreachable, match="signed by none of those"):
        check(make_way(servers=urls, ca_file=str(other.file)))
    with pytest.raises(Unreachable, match="signed by none of those"):
        check(make_way(servers=urls, ca_file=""))


def test_a_certificate_for_another_name_is_not_taken(
    authority: Authority, make_server: Callable[..., Slapd], make_way: MakeWay
) -> None:
    """A good certificate of another server of the same house is refused: whoever holds that one could listen."""
    server = make_server(authority, ("printer.uni.example",))
    for url in (server.url, server.tls_url):
        with pytest.raises(Unreachable, match="is for another name"):
            check(make_way(servers=[url]))


def test_a_certificate_that_has_expired_is_not_taken(
    authority: Authority, make_server: Callable[..., Slapd], make_way: MakeWay
) -> None:
    """A server whose certificate has expired is refused, and the operator reads why."""
    server = make_server(authority, days=-1)
    with pytest.raises(Unreachable, match="has expired"):
        check(make_way(servers=[server.url]))


def test_an_old_ca_is_not_taken_but_the_servers_own_certificate_is(
    tmp_path: Path, make_server: Callable[..., Slapd], make_way: MakeWay
) -> None:
    """A CA without keyUsage, as old ones are, is refused in every Python as the hub's refuses it; the server's own
    certificate in ca_file is the way out that the operator reads."""
    old = Authority.made(tmp_path, "old", key_usage=False)
    server = make_server(old)
    with pytest.raises(Unreachable, match=r"no keyUsage.*the server's own certificate"):
        check(make_way(servers=[server.url], ca_file=str(old.file)))
    server.add_person("anna", "right")
    own = next(path for path in server.folder.glob("old-localhost-*.pem"))
    assert check(make_way(servers=[server.url], ca_file=str(own))) is not None


def test_a_ca_file_that_changes_is_read_again(
    directory: Slapd, authority: Authority, make_way: MakeWay, tmp_path: Path
) -> None:
    """A CA that is put in place of another counts without a restart."""
    file = tmp_path / "ca.pem"
    file.write_bytes(Authority.made(tmp_path, "wrong").file.read_bytes())
    way = make_way(ca_file=str(file))
    with pytest.raises(Unreachable):
        check(way)
    file.write_bytes(authority.file.read_bytes() + b"\n")
    assert check(way) is not None
    file.unlink()
    with pytest.raises(Unreachable, match="No such file"):
        check(way)


def test_no_password_goes_out_unsealed(make_way: MakeWay) -> None:
    """Where STARTTLS is refused, not known, or cut off, no name and no password is sent: neither a person's nor the
    hub's."""
    no_tls = bytes.fromhex("300c02010178070a010204000400")  # protocolError

    def refuse(caller: socket.socket, heard: bytearray) -> None:
        heard += _heard(caller)
        caller.sendall(no_tls)
        listen(caller, heard)

    def pretend(caller: socket.socket, heard: bytearray) -> None:
        heard += _heard(caller)
        caller.sendall(STARTTLS_DONE)
        listen(caller, heard)

    for talk in (refuse, pretend):
        with listener(talk) as (port, heard):
            with pytest.raises(Unreachable):
                check(make_way(servers=[f"ldap://localhost:{port}"], timeout_seconds=1))
            assert b"1.3.6.1.4.1.1466.20037" in heard
            for secret in (b"anna", b"right", slapd.SERVICE.encode(), slapd.SERVICE_PASSWORD.encode()):
                assert secret not in heard


def test_plain_is_plain_where_it_is_said(
    authority: Authority, make_server: Callable[..., Slapd], make_way: MakeWay
) -> None:
    """`plain` asks a server without TLS; one that wants TLS says so, and the operator reads it."""
    server = make_server(authority, clear=True)
    server.add_person("anna", "right")
    assert check(make_way(servers=[server.url], security="plain")) is not None


def test_a_server_that_wants_tls_is_no_wrong_password(directory: Slapd, make_way: MakeWay) -> None:
    """A directory that takes no password over a plain connection is told to the operator."""
    with pytest.raises(Unreachable, match="confidentialityRequired"):
        check(make_way(security="plain"))


@pytest.mark.parametrize("kind", ["down", "hangs", "no such name", "wrong certificate"])
def test_the_next_server_is_asked(
    directory: Slapd, make_way: MakeWay, make_server: Callable[..., Slapd], tmp_path: Path, kind: str
) -> None:
    """Where the first server is down, hangs, has no address or is another one, the second is asked; and for a while it
    is asked first."""
    with listener(listen) as (port, heard):
        first = {
            "down": f"ldap://localhost:{free_port()}",
            "hangs": f"ldap://localhost:{port}",
            "no such name": "ldap://no-such-host.invalid",
            "wrong certificate": "",
        }[kind] or make_server(Authority.made(tmp_path, "other")).url
        way = make_way(servers=[first, directory.url], timeout_seconds=1)
        assert check(way) is not None
        assert way.directory.known_servers.in_order() == [directory.url, first]
        before = len(heard)
        assert check(way) is not None
        assert len(heard) == before


def test_the_first_server_is_asked_again_later() -> None:
    """A server that failed is first again when its time is over."""
    now = 0.0
    servers = Servers(
        ("ldaps://a", "ldaps://b"), security="starttls", ca_file=None, timeout_seconds=1, clock=lambda: now
    )
    servers._avoided_until["ldaps://a"] = 30.0
    assert servers.in_order() == ["ldaps://b", "ldaps://a"]
    now = 31.0
    assert servers.in_order() == ["ldaps://a", "ldaps://b"]


def test_a_server_that_fails_after_the_connection_is_left(directory: Slapd, make_way: MakeWay) -> None:
    """One that takes the connection and not the name that follows is left for the next server, too."""
    with listener(listen) as (port, _):
        hangs = f"ldap://localhost:{port}"
        way = make_way(servers=[hangs], security="plain", timeout_seconds=1)
        with pytest.raises(Unreachable, match="does not answer"):
            check(way)
        way = make_way(servers=[hangs, directory.url], timeout_seconds=1)
        assert check(way) is not None


@pytest.mark.parametrize("talk", [listen, drip])
def test_a_hanging_server_keeps_nobody_else(
    make_way: MakeWay, talk: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While more people than there are threads wait for a directory that hangs, or that answers for ever byte by byte,
    the hub goes on with everybody else, in its loop and in its threads; each of them is told in the end, and no thread
    is left behind."""
    monkeypatch.setattr(LdapDirectory, "most_seconds", 4)

    async def many() -> list[object]:
        waiting = [asyncio.ensure_future(way.check(None, "anna", "right")) for _ in range(THREADS + 4)]
        for _ in range(20):
            await asyncio.to_thread(str)
            await asyncio.sleep(0)
        assert not any(each.done() for each in waiting)
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    with listener(talk) as (port, _):
        way = make_way(servers=[f"ldap://localhost:{port}"], security="plain", timeout_seconds=10)
        ended = asyncio.run(many())
        way.directory._threads.shutdown(wait=False)
        for thread in way.directory._threads._threads:
            thread.join(30)
            assert not thread.is_alive()
    assert {type(each) for each in ended} == {Unreachable}


def test_who_gives_up_while_a_connection_is_made_waits_no_longer(
    make_way: MakeWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An errand that is cut before there is a socket to cut ends all the same, also at a server that answers for
    ever."""
    call, opened = Call(), SyncStrategy.open

    def open_late(strategy: Any, **options: Any) -> None:
        call.cut()
        opened(strategy, **options)

    monkeypatch.setattr(SyncStrategy, "open", open_late)
    with listener(drip) as (port, _):
        way = make_way(servers=[f"ldap://localhost:{port}"], security="plain", timeout_seconds=10)
        with pytest.raises(Unreachable, match="in time"):
            way.directory.known_servers.connect(call)
        call.close()


def test_a_directory_that_is_down_says_so_and_throws_nobody_out(
    authority: Authority, make_server: Callable[..., Slapd], make_way: MakeWay
) -> None:
    """With the server away nobody is known to be gone: that is not the same as an entry that is gone."""
    server = make_server(authority)
    server.add_person("anna", "right")
    way = make_way(servers=[server.url])
    known = check(way)
    assert known is not None
    server.stop()
    with pytest.raises(Unreachable, match="nothing listens there"):
        check(way)
    with pytest.raises(Unreachable, match="nothing listens there"):
        asyncio.run(way.refresh(known))
    server.start()
    assert asyncio.run(way.refresh(known)) == known


def test_a_referral_is_not_followed(directory: Slapd, make_way: MakeWay) -> None:
    """Where a directory names another server, that one is not asked: the library would hand it the password, without
    TLS."""
    with listener(listen) as (port, heard), directory.root() as connection:
        elsewhere = f"ou=elsewhere,{slapd.SUFFIX}"
        values = {"ou": "elsewhere", "ref": f"ldap://127.0.0.1:{port}/{elsewhere}"}
        connection.add(
            elsewhere, ["referral", "extensibleObject"], values, controls=[("2.16.840.1.113730.3.4.2", True, None)]
        )
        with pytest.raises(Unreachable, match="another server"):
            check(make_way(user_search_base=elsewhere))
        assert bytes(heard) == b""
        assert check(make_way(user_search_base=slapd.SUFFIX)) is not None
        assert bytes(heard) == b""
