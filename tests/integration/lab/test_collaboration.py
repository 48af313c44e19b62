"""Several people in one document: what keeps such a lab."""

from __future__ import annotations

from websockets.sync.client import ClientConnection

from tests.hub_deployment import HubDeployment
from tests.person import Person

ALIVE = b"\x01\x01\x00"
"""An open page's sign of life: who is there, told of nobody."""
EDIT = b"\x00\x02\x02\x00\x00"
"""A change that changes nothing."""
QUESTION, ANSWER = b"\x00\x00\x01\x00", b"\x00\x01"
"""What a page asks for the whole document with, and how the reply begins."""


def test_an_edit_keeps_a_lab_and_an_open_page_does_not(seminar: HubDeployment) -> None:
    """Typing into a shared document is activity, though no request and no kernel tells of it; the page's own signs of
    life are none."""
    person = Person(seminar, "emmy")
    person.sign_in("")
    person.start_lab("pair")
    person.lab_api("PUT", "contents/shared.md", json={"type": "file", "format": "text", "content": "begun"})
    asked = {"format": "text", "type": "file"}
    session = person.lab_api("PUT", "collaboration/session/shared.md", json=asked).json()
    room = f"{session['format']}:{session['type']}:{session['fileId']}"
    with person.websocket(f"collaboration/room/{room}?sessionId={session['sessionId']}") as page:
        send(page, ALIVE)
        before = last_activity(person)
        send(page, ALIVE)
        assert last_activity(person) == before
        send(page, EDIT)
        assert last_activity(person) > before


def send(page: ClientConnection, message: bytes) -> None:
    """Send a message; returns when the lab has it."""
    page.send(message)
    page.send(QUESTION)
    while not page.recv(timeout=30, decode=False).startswith(ANSWER):
        pass


def last_activity(person: Person) -> str:
    """When the lab says that something was last done in it."""
    found: str = person.lab_api("GET", "status").json()["last_activity"]
    return found
