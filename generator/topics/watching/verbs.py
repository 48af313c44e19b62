"""`make test-alert`."""

from __future__ import annotations

import typer

verbs = typer.Typer()


@verbs.command("test-alert")
def test_alert() -> None:
    """Send a message by each way that is set, and say what came back."""
    from generator.engine import deployment
    from generator.topics.watching import channels

    if not channels.try_all(deployment.load_settings()):
        raise typer.Exit(1)
