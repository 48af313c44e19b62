"""From an unknown visitor to a lab with files of one's own."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Visitor
from tests.browser.pages import Accounts, Home, Lab, SignIn, SignUp, sign_in
from tests.trial import Trial


def test_sign_up_approval_lab_and_files(trial: Trial, visitor: Visitor) -> None:
    """Who signs up waits for approval, is told so, and then has a lab whose files outlive it."""
    person, administrator = visitor(), visitor()

    assert "once the administrator has approved" in SignUp(person, trial).open().submit("ada", PASSWORD)
    expect(person.get_by_label("Password:")).to_have_count(0)  # nothing is left to fill in
    assert "waits for the administrator's approval" in SignIn(person, trial).open().refusal("ada", PASSWORD)

    SignIn(administrator, trial).open("home").submit("admin", trial.password)
    administrator.get_by_role("link", name="Accounts").click()
    accounts = Accounts(administrator, trial)
    expect(accounts.row("ada")).to_contain_text("waiting")
    accounts.approve("ada")

    lab = sign_in(person, trial, "ada", PASSWORD).new_notebook()
    assert lab.run("print(6 * 7)") == "42"
    assert lab.run("from pathlib import Path; Path('kept.txt').write_text('still here')") == "10"
    lab.save_as("first.ipynb")

    home = Home(person, trial).open()
    home.stop()
    home.start()
    lab = Lab(person, trial, "ada").wait().open_notebook("first.ipynb")
    expect(lab.notebook.locator(".jp-OutputArea-output").first).to_have_text("42")
    assert lab.run("print(open('kept.txt').read())") == "still here"


def test_approval_can_be_taken_back_but_not_the_administrators(trial: Trial, visitor: Visitor) -> None:
    """The administrator can shut a person out again, and cannot shut themselves out."""
    person, administrator = visitor(), visitor()
    SignUp(person, trial).open().submit("grace", PASSWORD)
    SignIn(administrator, trial).open("home").submit("admin", trial.password)
    administrator.get_by_role("link", name="Accounts").click()
    accounts = Accounts(administrator, trial)
    accounts.approve("grace")
    administrator.get_by_role("button", name="Take approval back: grace").click()
    expect(accounts.row("grace")).to_contain_text("waiting")
    assert "approval" in SignIn(person, trial).open().refusal("grace", PASSWORD)
    expect(accounts.row("admin").get_by_role("button")).to_have_count(0)
    administrator.evaluate(
        """() => fetch("authorize/admin", {
            method: "POST", body: new URLSearchParams({_xsrf: document.querySelector("[name=_xsrf]").value})
        })"""
    )
    SignIn(person, trial).open("home").submit("admin", trial.password)
    expect(person.get_by_role("button", name="Logout")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "password", "again", "reason"),
    [
        ("admin", PASSWORD, PASSWORD, "name is taken"),
        ("Admin", PASSWORD, PASSWORD, "name is taken"),
        ("-rf", PASSWORD, PASSWORD, "name cannot be used"),
        ("a/b", PASSWORD, PASSWORD, "name cannot be used"),
        ("emmy", "short", "short", "at least 10 characters"),
        ("emmy", "password123", "password123", "common one"),
        ("emmy", PASSWORD, PASSWORD + "!", "not the same"),
        ("emmy", "é" * 40, "é" * 40, "too long"),
    ],
    ids=["admin", "admin-in-capitals", "dash", "slash", "short", "common", "mismatch", "long"],
)
def test_sign_up_says_why_not(trial: Trial, page: Page, name: str, password: str, again: str, reason: str) -> None:
    """A name or password that cannot be had is refused with its reason, and the name stays in the form."""
    answer = SignUp(page, trial).open().submit(name, password, again)
    assert reason in answer
    assert page.get_by_label("Username:").input_value() == name
    assert "Invalid username" in SignIn(page, trial).open().refusal("emmy", password)


def test_the_form_itself_asks_for_a_longer_password(trial: Trial, page: Page) -> None:
    """A short password is refused before it is sent."""
    form = SignUp(page, trial).open()
    page.get_by_label("Username:").fill("emmy")
    form.password.press_sequentially("short")
    page.get_by_role("button", name="Sign up").click()
    assert form.password.evaluate("field => field.validity.tooShort")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_wrong_passwords_lock_an_account(trial: Trial, page: Page, add_account: object) -> None:
    """After LOGIN_ATTEMPTS wrong passwords the right one is refused as well, with the reason."""
    assert callable(add_account)
    password = add_account("lise")
    form = SignIn(page, trial).open()
    for _ in range(5):
        assert form.refusal("lise", "not the password") == "Invalid username or password"
    assert "Too many wrong passwords. Wait 10 min" in form.refusal("lise", password)


def test_approval_needs_the_form(trial: Trial, visitor: Visitor) -> None:
    """An address that an administrator is made to follow approves nobody, and throws nobody's sign-up away."""
    SignUp(visitor(), trial).open().submit("mallory", PASSWORD)
    administrator = visitor()
    SignIn(administrator, trial).open("home").submit("admin", trial.password)
    for verb in ("authorize", "discard"):
        answer = administrator.goto(f"{trial.url}hub/{verb}/mallory")
        assert answer is not None
        assert answer.status == 405
        forged = administrator.request.post(f"{trial.url}hub/{verb}/mallory", form={"any": "thing"})
        assert forged.status == 403
    expect(Accounts(administrator, trial).open().row("mallory")).to_contain_text("waiting")
