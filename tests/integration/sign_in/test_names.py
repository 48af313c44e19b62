"""Names on the real hub: at its API and on its sign-up page."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.hub_deployment import HubDeployment
from tests.person import Person

REFUSED = [
    "-rf",
    "ada\nroot",
    "../ada",
    "..",
    "a b",
    "a/b",
    "a:rw",
    "a" * 65,
    "a" * 300,
    "\u212aim",
    "\u0430da",
    "${x}",
]
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def admin(deployment: HubDeployment) -> Iterator[Person]:
    """The administrator, signed in, and somebody whose name may be tried to change."""
    person = Person(deployment, "admin")
    person.sign_in(deployment.password)
    person.get("hub/home")
    assert person.api("POST", "users/renamed").status_code == 201
    yield person
    assert person.api("DELETE", "users/renamed").status_code == 204


@pytest.mark.parametrize("name", REFUSED)
def test_the_api_makes_nobody_of_a_harmful_name(admin: Person, name: str) -> None:
    """Not even an administrator makes such a user, neither by the address nor by a list, nor by renaming one."""
    before = {user["name"] for user in admin.api("GET", "users").json()}
    assert admin.api("POST", f"users/{quote(name, safe='')}").status_code in (400, 405)  # `..` is the list's address
    assert admin.api("POST", "users", json={"usernames": [name]}).status_code == 400
    assert admin.api("PATCH", "users/renamed", json={"name": name}).status_code == 400
    assert {user["name"] for user in admin.api("GET", "users").json()} == before


@pytest.mark.parametrize("name", REFUSED)
def test_the_sign_up_page_refuses_a_harmful_name(deployment: HubDeployment, admin: Person, name: str) -> None:
    """The page says that the name cannot be used; no account waits for approval. A form that no page would send, with
    two lines in one field, is refused as a whole."""
    answer = Person(deployment, name).sign_up(PASSWORD)
    status, words = (200, "cannot be used") if name.isprintable() else (400, "cannot contain control characters")
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert "waits for approval" not in admin.get("hub/authorize").text


def test_another_case_is_the_same_person(deployment: HubDeployment, admin: Person) -> None:
    """Names differ in nothing but their letters: a sign-up in capitals is for the same account, and is refused where
    there is one; the API makes a user under small letters."""
    assert "administrator has approved" in Person(deployment, "Case.Test@Uni.example").sign_up(PASSWORD).text
    assert "is taken" in Person(deployment, "case.test@uni.example").sign_up(PASSWORD).text
    assert "is taken" in Person(deployment, "ADMIN").sign_up(PASSWORD).text
    assert admin.post_form("hub/discard/case.test@uni.example").status_code == 200
    assert admin.api("POST", "users/CASE-TEST").status_code == 400
    made = admin.api("POST", "users", json={"usernames": ["CASE-TEST"]}).json()
    assert [user["name"] for user in made] == ["case-test"]
    assert admin.api("POST", "users/case-test").status_code == 409
    assert admin.api("DELETE", "users/case-test").status_code == 204


def test_nobody_is_renamed(admin: Person) -> None:
    """The page *Admin* makes somebody administrator and sends the name along, which stays; another one is refused,
    since files and account would stay behind."""
    try:
        assert admin.api("PATCH", "users/renamed", json={"name": "renamed", "admin": True}).json()["admin"]
        assert admin.api("GET", "users/renamed").json()["admin"]
        answer = admin.api("PATCH", "users/renamed", json={"name": "other", "admin": False})
        assert (answer.status_code, answer.json()["message"][:22]) == (400, "Users keep their names")
        assert admin.api("GET", "users/renamed").json()["admin"]
        assert all(user["name"] for user in admin.api("GET", "users").json())
    finally:
        admin.api("PATCH", "users/renamed", json={"admin": False})
