"""What copies keep of the history; one that is not there, or damaged, is no reason to make no copy."""

from __future__ import annotations

from generator.engine.kept import Kept

KEEPS = (
    Kept(
        volume="history",
        owner="990:100",
        databases=("history.sqlite",),
        without=("history.sqlite.damaged",),
        dispensable=True,
    ),
)
