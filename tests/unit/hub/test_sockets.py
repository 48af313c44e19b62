"""homeroom.contract.sockets and homeroom.hub.health: where labs, hub and proxy meet."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from homeroom.contract import sockets
from homeroom.hub import health
from hypothesis import given
from hypothesis import strategies as st

LONGEST_SOCKET_BYTES = 107
"""What `sun_path` holds beside its closing zero (unix(7))."""


@given(st.text(), st.text())
def test_a_labs_socket_always_fits(user: str, server: str) -> None:
    """However long the names, the socket's path fits into an address, as hub and proxy see it."""
    path = sockets.LABS / sockets.directory_name(user, server) / "lab.sock"
    assert len(str(path).encode()) <= LONGEST_SOCKET_BYTES


@given(st.text(), st.text())
def test_a_directory_is_one_harmless_name(user: str, server: str) -> None:
    """No name of a person or server leads out of the labs' directory."""
    name = sockets.directory_name(user, server)
    assert name.isalnum()
    assert name.isascii()


@pytest.mark.parametrize(
    ("one", "other"),
    [(("ada", ""), ("ada", "b")), (("ada", "b"), ("adab", "")), (("a", "da"), ("ad", "a")), (("ada", ""), ("ad", "a"))],
)
def test_no_two_labs_share_a_directory(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Different people, or different servers of one, have different directories, however the names are split."""
    assert sockets.directory_name(*one) != sockets.directory_name(*other)


def test_a_lab_finds_its_directory_again() -> None:
    """The name depends on person and server alone, so a restarted hub finds running labs: this value never changes."""
    assert sockets.directory_name("ada", "") == "a88ba3146a1b3daa62f18a27"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_an_address_gives_the_path_back(name: str) -> None:
    """The address of a socket holds its whole path as the host, so nothing of it is taken for a port or a query."""
    path = Path("/run") / name
    parts = urlsplit(sockets.url(path))
    assert (parts.scheme, unquote(parts.netloc), parts.path) == ("http+unix", str(path), "")


@given(st.text(), st.text())
def test_a_labs_address_survives_the_hub(user: str, server: str) -> None:
    """The hub keeps an address as a host name, in lower case: the path in it has no upper case to lose."""
    path = sockets.LABS / sockets.directory_name(user, server) / "lab.sock"
    assert unquote(urlsplit(sockets.url(path)).hostname or "") == str(path)


def test_only_a_real_socket_is_one(tmp_path: Path) -> None:
    """A link to another's socket, a file, a directory or nothing at all is not a lab's socket."""
    real = tmp_path / "real.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(real))
        (tmp_path / "link.sock").symlink_to(real)
        (tmp_path / "file.sock").write_text("")
        assert sockets.is_socket(real)
        for other in ("link.sock", "file.sock", "none.sock", "."):
            assert not sockets.is_socket(tmp_path / other), other


class Hub:
    """A hub's socket that answers every request with the same bytes."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self.asked = b""
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            self.asked = connection.recv(1024)
            connection.sendall(self._answer)

    def close(self) -> None:
        """Wait for the answer that was given; listen no more."""
        self._thread.join(5)
        self._listener.close()


@pytest.fixture
def hub_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in place of the hub's own."""
    monkeypatch.setattr(sockets, "HUB", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("answer", "healthy"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", False),
        (b"", False),
    ],
)
def test_the_hub_is_healthy_when_its_api_answers(hub_directory: Path, answer: bytes, *, healthy: bool) -> None:
    """Only 200 from the API under the deployment's own path counts."""
    hub = Hub(hub_directory / "hub.sock", answer)
    assert health.answers("/biology/") == healthy
    hub.close()
    assert hub.asked.startswith(b"GET /biology/hub/api/ HTTP/1.0\r\n")


def test_no_socket_is_not_healthy(hub_directory: Path) -> None:
    """Before the hub listens its health is a plain no, not an error."""
    assert not health.answers("/")


def test_a_hanging_hub_is_not_healthy(hub_directory: Path) -> None:
    """A hub that accepts and says nothing is unhealthy after the time-out."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(hub_directory / "hub.sock"))
        listener.listen()
        assert not health.answers("/", timeout_seconds=0.05)
