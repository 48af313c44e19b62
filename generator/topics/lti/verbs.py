"""`make lti`, `make lti-register`, `make lti-allow`, `make lti-remove` and `make lti-new-key`."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from generator.core import console
from generator.core.errors import HomeroomError, did_you_mean

verbs = typer.Typer()


@verbs.command()
def lti() -> None:
    """Show the learning platforms that registered themselves, and what waits to be allowed."""
    from generator.engine import deployment
    from generator.topics.lti.registration import ask_hub

    found = ask_hub(deployment.open_deployment(), "list")["platforms"]
    for name, platform in found.items():
        console.note(f"[bold]{name}[/bold]  {platform['issuer']}, client {platform['client_id']}")
        for each in platform["allowed"]:
            console.note(f"  deployment {each}")
        for each in platform["waiting"]:
            console.note(f"  deployment {each} waits: make lti-allow PLATFORM={name} DEPLOYMENT='{each}'")
    if not found:
        console.note("No learning platform has registered itself; those of site/lti.yaml are not listed here.")


@verbs.command()
def lti_register(name: Annotated[str, typer.Argument(help="What the platform is called here.")] = "") -> None:
    """Print an address that, opened by a learning platform, sets up both sides. It works once, for a day."""
    from generator.engine import deployment
    from generator.topics.lti.registration import ask_hub

    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,19}", name):
        raise HomeroomError(
            "what is the platform called here? Small letters, digits and dashes, 20 at most",
            location="NAME",
            remedy="Run `make lti-register NAME=moodle`.",
        )
    here = deployment.open_deployment()
    token = ask_hub(here, "invite", name)["token"]
    console.note(
        "Paste this into the platform's dynamic registration (Moodle: the tool's URL). It works once, for a day:"
    )
    console.note(f"{here.settings.public_url}hub/lti13/register?token={token}")


@verbs.command()
def lti_allow(
    platform: Annotated[str, typer.Argument(help="The platform, as `make lti` names it.")] = "",
    deployment_id: Annotated[str, typer.Argument(help="The deployment that waits there.")] = "",
) -> None:
    """Let a part of a registered platform in."""
    from generator.engine import deployment
    from generator.topics.lti.registration import ask_hub

    here = deployment.open_deployment()
    waiting = {name: found["waiting"] for name, found in ask_hub(here, "list")["platforms"].items()}
    _require(platform, waiting, "PLATFORM")
    _require(deployment_id, waiting[platform], "DEPLOYMENT")
    ask_hub(here, "allow", platform, deployment_id)
    console.note(f"Launches of deployment {deployment_id} of {platform} are taken now.")


@verbs.command()
def lti_remove(platform: Annotated[str, typer.Argument(help="The platform, as `make lti` names it.")] = "") -> None:
    """Forget a platform that registered itself; its people sign in no more, and their homes stay."""
    from generator.engine import deployment
    from generator.topics.lti.registration import ask_hub

    here = deployment.open_deployment()
    _require(platform, list(ask_hub(here, "list")["platforms"]), "PLATFORM")
    ask_hub(here, "remove", platform)
    console.note(f"{platform} is forgotten.")


@verbs.command()
def lti_new_key() -> None:
    """Replace the hub's own LTI keys at once, for when somebody else may have them."""
    from generator.engine import deployment
    from generator.topics.lti.registration import ask_hub

    kid = ask_hub(deployment.open_deployment(), "new-key")["kid"]
    console.note(f"The hub signs by the key {kid} within a minute; platforms fetch it by themselves.")


def _require(name: str, known: list[str] | dict[str, list[str]], location: str) -> None:
    if name not in known:
        raise HomeroomError(f"there is none called {name!r}", location=location, remedy=did_you_mean(name, list(known)))
