"""Names on the real hub: at its API, on its sign-up page, and what is on the engine afterwards."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.person import Person
from tests.trial import Trial, engine

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


@pytest.fixture
def admin(trial: Trial) -> Person:
    """The administrator, signed in."""
    person = Person(trial, "admin")
    person.sign_in(trial.password)
    person.get("hub/home")
    return person


def on_engine(trial: Trial) -> set[str]:
    """The volumes and containers of the deployment, by name."""
    client = engine()
    labelled: Any = {"label": f"homeroom.deployment={trial.project}"}
    found = [*client.volumes.list(filters=labelled), *client.containers.list(all=True, filters=labelled)]
    return {one.name for one in found}


def names_of(admin: Person) -> set[str]:
    """Everybody whom the hub knows."""
    return {user["name"] for user in admin.api("GET", "users").json()}


@pytest.mark.parametrize("name", REFUSED)
def test_the_api_makes_nobody_of_a_harmful_name(admin: Person, name: str) -> None:
    """Not even an administrator makes such a user, neither by the address nor by a list."""
    before = names_of(admin)
    assert admin.api("POST", f"users/{quote(name, safe='')}").status_code in (400, 404)
    assert admin.api("POST", "users", json={"usernames": [name]}).status_code == 400
    assert names_of(admin) == before


@pytest.mark.parametrize("name", REFUSED)
def test_the_sign_up_page_refuses_a_harmful_name(trial: Trial, admin: Person, name: str) -> None:
    """The page says that the name cannot be used; no account waits for approval."""
    answer = Person(trial, name).sign_up(PASSWORD)
    assert answer.status_code == 200, answer.text
    assert "cannot be used" in answer.text
    assert "waits for approval" not in admin.get("hub/authorize").text


def test_another_case_is_the_same_person(trial: Trial, admin: Person) -> None:
    """Names differ in nothing but their letters: a sign-up in capitals is for the same account, and is refused where
    there is one; a user made through the API is found under small letters."""
    assert "administrator has approved" in Person(trial, "Case.Test@Uni.example").sign_up(PASSWORD).text
    assert "is taken" in Person(trial, "case.test@uni.example").sign_up(PASSWORD).text
    assert "is taken" in Person(trial, "ADMIN").sign_up(PASSWORD).text
    assert admin.post_form("hub/discard/case.test@uni.example").status_code == 200
    assert admin.api("POST", "users/CASE-TEST").json()["name"] == "case-test"
    assert admin.api("POST", "users/case-test").status_code == 409
    assert admin.api("DELETE", "users/case-test").status_code == 204


def test_a_renamed_user_gets_nobodys_home(trial: Trial, admin: Person) -> None:
    """The API lets an administrator rename users without asking the rule. Whatever the name becomes, the lab gets a
    home that is named after it alone."""
    admin.api("POST", "users/rename-test")
    before = on_engine(trial)
    new = "../" + "admin"
    try:
        answer = admin.api("PATCH", "users/rename-test", json={"name": new})
        if answer.status_code == 200:
            admin.api("POST", f"users/{quote(new, safe='')}/server")
        made = on_engine(trial) - before
        assert all(name.endswith("-2e-2e-2fadmin") for name in made), made
    finally:
        for name in ("rename-test", quote(new, safe="")):
            admin.api("DELETE", f"users/{name}")
