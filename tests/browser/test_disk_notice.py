"""What a lab's page says of its disk, before somebody loses work by it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.pages import sign_in
from tests.trial import Trial

KEEP_NOTHING = """\
def keep_nothing(spawner):
    spawner.ephemeral = spawner.user.name == "passing"


c.Spawner.pre_spawn_hook = keep_nothing
"""


def test_a_lab_that_keeps_nothing_says_so(trial: Trial, page: Page, add_account: Callable[[str], str]) -> None:
    """Who works in an ephemeral lab is told at once, and the words stay until they are put away."""
    hook = trial.directory / "site" / "hub.d" / "passing.py"
    hook.write_text(KEEP_NOTHING)
    try:
        trial.make("restart")
        sign_in(page, trial, "passing", add_account("passing"))
        expect(page.get_by_text("This lab keeps nothing").first).to_be_visible()
    finally:
        hook.unlink()
        trial.make("restart")
