"""Rooms as people use them: two browsers, one document."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import Home, Lab, sign_in
from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import Person

ROOM = "room-study"


def entered(page: Page, deployment: HubDeployment, user: str) -> Lab:
    """Somebody in the study room, by the link on their home page."""
    sign_in(page, deployment, user, "any")
    Home(page, deployment).open()
    page.get_by_role("link", name="Enter Study room").click()
    return Lab(page, deployment, ROOM).wait()


def text_of(page: Page) -> str:
    """The text file in front."""
    return "\n".join(page.locator(".jp-FileEditor:visible .cm-line").all_inner_texts())


def typed(page: Page, text: str) -> None:
    """Type at the end of the text in front."""
    page.locator(".jp-FileEditor:visible .cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def test_two_people_write_in_one_room(seminar: HubDeployment, visitor: Callable[[], Page]) -> None:
    """Each sees at once what the other types, and who is there; the hub's restart is noticed by nobody; nothing is
    there twice."""
    rosa, vera = visitor(), visitor()
    entered(rosa, seminar, "rosa")
    rosa.locator(".jp-LauncherCard:visible").filter(has_text=re.compile("^Text File$")).click()
    expect(rosa.locator(".jp-FileEditor:visible")).to_have_count(1)
    typed(rosa, "Rosa was here.")
    entered(vera, seminar, "vera")
    expect(vera.get_by_role("listitem").filter(has_text="untitled.txt")).to_be_visible()
    vera.get_by_role("listitem").filter(has_text="untitled.txt").dblclick()
    expect(vera.locator(".jp-FileEditor:visible .cm-content")).to_contain_text("Rosa was here.")
    typed(vera, " Vera too.")
    expect(rosa.locator(".jp-FileEditor:visible .cm-content")).to_contain_text("Rosa was here. Vera too.")
    rosa.get_by_role("tab", name="Collaboration").click()
    expect(rosa.locator(".jp-RTCPanel:visible").get_by_text("vera").first).to_be_visible()
    seminar.make("restart")
    typed(rosa, " And again.")
    expect(vera.locator(".jp-FileEditor:visible .cm-content")).to_contain_text("Vera too. And again.")
    assert text_of(rosa) == text_of(vera) == "Rosa was here. Vera too. And again."
    stranger = Person(seminar, "sten")
    stranger.sign_in("")
    assert stranger.get(f"user/{ROOM}/lab").status_code == 200  # it is open to everybody
    assert stranger.get("user/room-closed/lab").status_code in (403, 404)
    assert stranger.api("POST", "users/room-closed/server").status_code in (403, 404)


def test_ones_own_lab_is_ones_own(seminar: HubDeployment, page: Page) -> None:
    """Without collaboration: neither its page nor its server has it."""
    sign_in(page, seminar, "lise", "any")
    expect(page.get_by_role("tab", name="File Browser")).to_have_count(1)
    expect(page.get_by_role("tab", name="Collaboration")).to_have_count(0)
    person = Person(seminar, "lise")
    person.sign_in("")
    asked = person.get("user/lise/api/collaboration/session/x.md")
    assert asked.status_code == 404


def unfolded(page: Page, name: str) -> Locator:
    """The part of a course's settings in which a room is."""
    found = page.locator("section", has=page.locator("#rooms")).locator("details").filter(has_text=name)
    found.locator("summary").click()
    return found


def test_a_room_of_a_courses_page(seminar: HubDeployment, page: Page) -> None:
    """Its teacher makes it on the page of settings, and enters it from the course's page with the next click. Closed,
    it lets nobody in, and the page says where its files are."""
    admin, tara = Person(seminar, "admin"), Person(seminar, "tara")
    for person in (admin, tara):
        person.sign_in("")
    admin.post_form("hub/homeroom/new-course", name="algae", title="Algae", teachers="tara")
    sign_in(page, seminar, "tara", "any")
    course = f"{seminar.url}hub/homeroom/courses/algae"
    page.goto(f"{course}/settings")
    new = unfolded(page, "New room")
    new.get_by_label("Name").fill("lab")
    new.get_by_label("Title").fill("Group one")
    new.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    page.goto(course)
    page.get_by_role("link", name="Enter Group one").click()
    Lab(page, seminar, "room-algae-lab").wait()
    expect(page.get_by_role("tab", name="Collaboration")).to_be_visible()
    page.goto(f"{course}/settings")
    unfolded(page, "Group one").get_by_role("button", name="Close it").click()
    expect(unfolded(page, "Group one")).to_contain_text("Its files are kept in the home room-algae-lab")
    until(lambda: tara.get("user/room-algae-lab/lab").status_code in (403, 404), "it is closed")
    until(lambda: not seminar.labs("room-algae-lab"), "its lab is ended")
