"""From an unknown visitor to a lab with files of one's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Visitor
from tests.browser.pages import Accounts, Home, Lab, SignIn, SignUp, sign_in
from tests.hub_deployment import HubDeployment


def test_sign_up_approval_lab_and_files(deployment: HubDeployment, visitor: Visitor) -> None:
    """Who signs up waits for approval, is told so, and then has a lab whose files outlive it."""
    person, administrator = visitor(), visitor()

    assert "once the administrator has approved" in SignUp(person, deployment).open().submit("ada", PASSWORD)
    expect(person.get_by_label("Password:")).to_have_count(0)  # nothing is left to fill in
    assert "waits for the administrator's approval" in SignIn(person, deployment).open().refusal("ada", PASSWORD)

    SignIn(administrator, deployment).open("home").submit("admin", deployment.password)
    administrator.get_by_role("link", name="Accounts").click()
    accounts = Accounts(administrator, deployment)
    expect(accounts.row("ada")).to_contain_text("waiting")
    accounts.approve("ada")

    lab = sign_in(person, deployment, "ada", PASSWORD).new_notebook()
    assert lab.run("print(6 * 7)") == "42"
    assert lab.run("from pathlib import Path; Path('kept.txt').write_text('still here')") == "10"
    lab.save_as("first.ipynb")

    home = Home(person, deployment).open()
    home.stop()
    home.start()
    lab = Lab(person, deployment, "ada").wait().open_notebook("first.ipynb")
    expect(lab.notebook.locator(".jp-OutputArea-output").first).to_have_text("42")
    assert lab.run("print(open('kept.txt').read())") == "still here"


def test_approval_can_be_taken_back_but_not_the_administrators(deployment: HubDeployment, visitor: Visitor) -> None:
    """The administrator can shut a person out again, and cannot shut themselves out."""
    person, administrator = visitor(), visitor()
    SignUp(person, deployment).open().submit("grace", PASSWORD)
    SignIn(administrator, deployment).open("home").submit("admin", deployment.password)
    administrator.get_by_role("link", name="Accounts").click()
    accounts = Accounts(administrator, deployment)
    accounts.approve("grace")
    administrator.get_by_role("button", name="Revoke approval: grace").click()
    expect(accounts.row("grace")).to_contain_text("waiting")
    assert "approval" in SignIn(person, deployment).open().refusal("grace", PASSWORD)
    expect(accounts.row("admin")).to_contain_text("administrator")
    expect(accounts.row("admin").get_by_role("button", name="Revoke approval: admin")).to_have_count(0)
    administrator.evaluate(
        """() => fetch("authorize/admin", {
            method: "POST", body: new URLSearchParams({_xsrf: document.querySelector("[name=_xsrf]").value})
        })"""
    )
    SignIn(person, deployment).open("home").submit("admin", deployment.password)
    expect(person.get_by_role("button", name="Sign out")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "password", "again", "reason"),
    [
        ("admin", PASSWORD, PASSWORD, "name is taken"),
        ("Admin", PASSWORD, PASSWORD, "name is taken"),
        ("-rf", PASSWORD, PASSWORD, "name cannot be used"),
        ("a/b", PASSWORD, PASSWORD, "name cannot be used"),
        ("emmy-a", "short", "short", "at least 10 characters"),
        ("emmy-b", "password123", "password123", "common one"),
        ("emmy-c", PASSWORD, PASSWORD + "!", "not the same"),
        ("emmy-d", "é" * 40, "é" * 40, "too long"),
    ],
    ids=["admin", "admin-in-capitals", "dash", "slash", "short", "common", "mismatch", "long"],
)
def test_sign_up_says_why_not(
    deployment: HubDeployment, page: Page, name: str, password: str, again: str, reason: str
) -> None:
    """A name or password that cannot be had is refused with its reason, and the name stays in the form."""
    answer = SignUp(page, deployment).open().submit(name, password, again)
    assert reason in answer
    assert page.get_by_label("Username:").input_value() == name
    newcomer = name if name.startswith("emmy") else "emmy"  # few tries each: the page tells of a lock after some
    assert "do not match" in SignIn(page, deployment).open().refusal(newcomer, password)


def test_the_form_itself_asks_for_a_longer_password(deployment: HubDeployment, page: Page) -> None:
    """A short password is refused before it is sent."""
    form = SignUp(page, deployment).open()
    page.get_by_label("Username:").fill("emmy")
    form.password.press_sequentially("short")
    page.get_by_role("button", name="Sign up").click()
    assert form.password.evaluate("field => field.validity.tooShort")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_wrong_passwords_lock_an_account(deployment: HubDeployment, page: Page, add_account: object) -> None:
    """After LOGIN_ATTEMPTS wrong passwords the right one is refused as well, with the reason."""
    assert callable(add_account)
    password = add_account("lise")
    form = SignIn(page, deployment).open()
    for _ in range(5):
        assert form.refusal("lise", "not the password") == "This username and password do not match. Please try again."
    assert "Too many wrong passwords. Please wait 10 min" in form.refusal("lise", password)


def test_approval_needs_the_form(deployment: HubDeployment, visitor: Visitor) -> None:
    """An address that an administrator is made to follow approves nobody, and throws nobody's sign-up away."""
    SignUp(visitor(), deployment).open().submit("not-yet", PASSWORD)
    administrator = visitor()
    SignIn(administrator, deployment).open("home").submit("admin", deployment.password)
    for verb in ("authorize", "discard"):
        answer = administrator.goto(f"{deployment.url}hub/{verb}/not-yet")
        assert answer is not None
        assert answer.status == 405
        forged = administrator.request.post(f"{deployment.url}hub/{verb}/not-yet", form={"any": "thing"})
        assert forged.status == 403
    expect(Accounts(administrator, deployment).open().row("not-yet")).to_contain_text("waiting")


def test_all_who_wait_are_approved_at_once(deployment: HubDeployment, visitor: Visitor) -> None:
    """An administrator finds people by a part of their name, and approves those who are shown, and nobody else."""
    for name in ("course-a", "course-b", "late"):
        SignUp(visitor(), deployment).open().submit(name, PASSWORD)
    administrator = visitor()
    SignIn(administrator, deployment).open("authorize").submit("admin", deployment.password)
    accounts = Accounts(administrator, deployment)
    administrator.get_by_role("searchbox", name="Part of a name").fill("COURSE-")
    administrator.get_by_role("button", name="Search").click()
    expect(accounts.row("late")).to_have_count(0)
    administrator.get_by_role("button", name="Approve all 2 shown").click()
    for name in ("course-a", "course-b"):
        expect(accounts.row(name)).to_contain_text("approved")
    administrator.get_by_role("link", name="All", exact=True).click()
    expect(accounts.row("late")).to_contain_text("waiting")


def test_a_person_is_removed_in_one_step(
    deployment: HubDeployment, visitor: Visitor, add_account: Callable[[str], str]
) -> None:
    """The administrator is asked once, with what goes and what stays; then the person is gone from the list, and signed
    out in the browser that they have open."""
    password = add_account("gone")
    person, administrator = visitor(), visitor()
    SignIn(person, deployment).open("home").submit("gone", password)
    SignIn(administrator, deployment).open("authorize").submit("admin", deployment.password)
    administrator.get_by_role("link", name="Remove: gone").click()
    expect(administrator.get_by_text("Files stay for 30 days.")).to_be_visible()
    administrator.get_by_role("button", name="Remove gone").click()
    expect(administrator.get_by_role("heading", name="Accounts")).to_be_visible()
    expect(Accounts(administrator, deployment).row("gone")).to_have_count(0)
    person.goto(f"{deployment.url}hub/home")
    expect(person.get_by_role("button", name="Sign in", exact=True)).to_be_visible()


def test_a_page_that_was_open_for_too_long_keeps_what_was_typed(deployment: HubDeployment, page: Page) -> None:
    """A form whose time is over comes back with the name, says so in a sentence, and works when it is sent again."""
    form = SignUp(page, deployment).open()
    page.wait_for_load_state("networkidle")  # an answer that is still on its way would bring the cookie back
    page.context.clear_cookies()
    assert "open for too long" in form.submit("patient", PASSWORD)
    assert page.get_by_label("Username:").input_value() == "patient"
    assert form.password.input_value() == ""
    assert "approved your account" in form.submit("patient", PASSWORD)

    sign_in_page = SignIn(page, deployment).open("authorize")
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    assert "open for too long" in sign_in_page.refusal("admin", deployment.password)
    assert page.get_by_label("Username:").input_value() == "admin"
    sign_in_page.submit("admin", deployment.password)

    page.goto(f"{deployment.url}hub/authorize")
    page.evaluate("document.querySelectorAll('[name=_xsrf]').forEach(field => { field.value = 'old' })")
    page.get_by_role("button", name="Approve: patient").click()
    expect(page.get_by_role("alert")).to_contain_text("press the button once more")
    Accounts(page, deployment).approve("patient")


def test_a_link_on_another_website_asks(deployment: HubDeployment, page: Page) -> None:
    """A browser that follows a link from elsewhere shows a page that asks; nothing starts, and nobody is signed out."""
    SignIn(page, deployment).open("home").submit("admin", deployment.password)
    links = "".join(f"<a href='{deployment.url}hub/{path}'>{path}</a> " for path in ("spawn/admin/second", "logout"))
    page.goto(f"data:text/html,{links}")
    page.get_by_role("link", name="spawn/admin/second").click()
    expect(page.get_by_role("heading", name="Start your lab second?")).to_be_visible()
    page.goto(f"data:text/html,{links}")
    page.get_by_role("link", name="logout").click()
    expect(page.get_by_role("heading", name="Sign out?")).to_be_visible()
    page.get_by_role("link", name="Stay signed in").click()
    expect(page).to_have_url(f"{deployment.url}hub/home")
    page.goto(f"data:text/html,{links}")
    page.get_by_role("link", name="logout").click()
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
