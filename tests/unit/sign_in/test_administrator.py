"""The administrator's account, which the first `make up` makes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from generator.core.errors import HomeroomError
from generator.engine.deployment import Deployment
from generator.topics.sign_in import accounts
from tests.sample_settings import settings

NOBODY = {"done": False}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A deployment in which no home is."""
    monkeypatch.setattr("generator.topics.storage.homes.owners", lambda *_: [])
    return cast(Deployment, SimpleNamespace(settings=settings(JUPYTERHUB_ADMIN="grace"), client=None))


@pytest.mark.parametrize("made", [True, False])
def test_a_password_is_shown_only_for_an_account_that_was_made(
    here: Deployment, monkeypatch: pytest.MonkeyPatch, made: bool
) -> None:
    """The hub makes no account under the name of somebody who was removed: that is told, and no password is."""

    def answer(_: Deployment, verb: str, *__: str, **___: Any) -> dict[str, bool]:
        return {"done": made} if verb == "add" else NOBODY

    monkeypatch.setattr(accounts, "ask_hub", answer)
    if made:
        assert accounts.ensure_admin(here)
        return
    with pytest.raises(HomeroomError, match="make user-restore NAME=grace") as told:
        accounts.ensure_admin(here)
    assert told.value.location == ".env: JUPYTERHUB_ADMIN"
