"""What people see when something is not there."""

from __future__ import annotations

import http.client
from collections import Counter
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.pages import Home, Lab, SignIn, sign_in
from tests.hub_deployment import HubDeployment

POSTS = 300


def test_a_dead_lab_is_named_and_can_be_started_again(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """A lab that died says so, and leads to the page that starts it again."""
    lab = sign_in(page, deployment, "ronja", add_account("ronja"))
    deployment.lab("ronja").kill()
    page.goto(f"{deployment.url}user/ronja/lab")
    expect(page.get_by_role("heading")).to_have_text("This lab is not running")
    page.get_by_role("link", name="start it again").click()
    Home(page, deployment).start()
    lab.wait()


def test_the_page_comes_back_with_the_hub(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """While the hub is down its pages say so and then come by themselves; labs can even be opened."""
    sign_in(page, deployment, "noor", add_account("noor"))
    deployment.compose("stop", "hub")
    try:
        page.reload()
        Lab(page, deployment, "noor").wait()
        answer = page.goto(f"{deployment.url}hub/home")
        assert answer is not None
        assert answer.status == 503
        expect(page.get_by_role("heading")).to_have_text("The hub is restarting")
        assert page.request.get(f"{deployment.url}hub/api/").text() == "Service Unavailable"
    finally:
        deployment.compose("start", "hub")
    expect(Home(page, deployment).stop_button).to_be_visible()


def test_a_form_sent_to_a_hub_that_is_down_leads_back_to_it(deployment: HubDeployment, page: Page) -> None:
    """A sign-in that meets no hub ends on the sign-in page, not in a form that is sent twice."""
    form = SignIn(page, deployment).open()
    deployment.compose("stop", "hub")
    try:
        form.submit("admin", deployment.password)
        expect(page.get_by_role("heading")).to_have_text("The hub is restarting")
    finally:
        deployment.compose("start", "hub")
    expect(page.get_by_role("heading")).to_have_text("Sign in")


def test_every_post_gets_its_own_answer(deployment: HubDeployment) -> None:
    """Requests with a body get the hub's answer, not a 503 of the proxy's own (see proxy/door.mjs)."""
    connection = http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=60)
    answers: Counter[int] = Counter()
    for _ in range(POSTS):
        connection.request("POST", f"{deployment.base_url}hub/api/nothing-here", body="{}")
        answer = connection.getresponse()
        answer.read()
        answers[answer.status] += 1
    connection.close()
    assert answers == {404: POSTS}
