"""An assistant in the browser: finds the people of a group, starts a lab of theirs, goes into it; and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Lab, SignIn
from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import Person

GROUP = "helped-by-tess"
LISTS = f"assistants:\n- people: [tutor-tess]\n  of: [{GROUP}]\n  open_labs: true\n"


@pytest.fixture
def pupil(deployment: HubDeployment, add_account: Callable[[str], str]) -> Iterator[Person]:
    """Somebody in a group of the hub's; tess is its assistant."""
    path = deployment.directory / "site/people.yaml"
    before = path.read_text()
    pupil, admin = Person(deployment, "pupil-tess"), Person(deployment, "admin")
    pupil.sign_in(add_account("pupil-tess"))
    admin.sign_in(deployment.password)
    assert admin.api("POST", f"groups/{GROUP}").status_code == 201
    assert admin.api("POST", f"groups/{GROUP}/users", json={"users": [pupil.name]}).status_code == 200
    path.write_text(LISTS)
    yield pupil
    path.write_text(before)
    admin.api("DELETE", f"groups/{GROUP}")
    pupil.stop_lab_if_any()


def test_an_assistant_goes_into_a_lab_of_their_group(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str], pupil: Person
) -> None:
    """The page *Admin* shows the group's people and nobody else, and no button that is not for an assistant; the lab
    that they start there opens, and its owner reads who was there."""
    password = add_account("tutor-tess")
    tutor = Person(deployment, "tutor-tess")
    tutor.sign_in(password)
    until(lambda: tutor.api("GET", "users").status_code == 200, "the hub has read the list")
    assert [user["name"] for user in tutor.api("GET", "users").json()] == [pupil.name]
    SignIn(page, deployment).open("admin").submit("tutor-tess", password)
    row = page.get_by_role("row").filter(has_text=pupil.name)
    row.get_by_role("button", name="Start lab").click()
    expect(row.get_by_role("button", name="Stop lab")).to_be_visible()
    for name in ("Shutdown Hub", "Add Users", "Manage Groups", "Edit User"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.goto(f"{deployment.url}user/{pupil.name}/lab")
    page.get_by_role("button", name="Allow").click()
    Lab(page, deployment, pupil.name).wait()
    assert "tutor-tess" in pupil.get("hub/home").text
