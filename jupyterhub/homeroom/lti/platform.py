"""The platforms whose launches are taken: each a learning management system, and its registration of this hub there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.sign_in.way import Refused
from homeroom.texts.said import say

WAY = "lti"
MADE, NONE = "made", "none"
"""Whether the first launch of a course's teacher makes the course here."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """One registration at a platform.

    :param name: its word here: in names of groups, and in what people are told.
    :param issuer: who it says it is, letter by letter.
    :param client_id: what it calls this hub.
    :param deployment_ids: where in it this hub was put; a token from elsewhere in it is refused.
    :param algorithms: by which it may sign; none of them has a shared secret.
    :param certificate: a file with the authority that vouches for its certificate; empty: those of the system.
    :param token_url: where it gives tokens to this hub; empty: nobody said it, and it is asked for nothing.
    :param courses: whether launches make courses here: `made`, or `none`.
    :param registered: whether it registered itself, and stands in the hub's database.
    """

    name: str
    issuer: str
    client_id: str
    authorize_url: str
    jwks_url: str
    deployment_ids: frozenset[str] = frozenset()
    algorithms: tuple[str, ...] = ("RS256",)
    certificate: str = ""
    token_url: str = ""
    courses: str = NONE
    registered: bool = False

    @property
    def way(self) -> str:
        """The source of identities that it is."""
        return f"{WAY}:{self.name}"


def read(values: Mapping[str, Any], *, registered: bool = False) -> Platform:
    """A platform, from the plain data of the configuration or of the database."""
    return Platform(
        **{
            **values,
            "deployment_ids": frozenset(values.get("deployment_ids", ())),
            "algorithms": tuple(values.get("algorithms", ("RS256",))),
            "registered": registered,
        }
    )


def exact(platforms: Iterable[Platform], issuer: str, client_id: str, deployment_id: str) -> Platform | None:
    """The platform that has all three, letter by letter."""
    wanted = (issuer, client_id)
    found = (each for each in platforms if (each.issuer, each.client_id) == wanted)
    return next((each for each in found if deployment_id in each.deployment_ids), None)


def choose(platforms: Iterable[Platform], issuer: str, client_id: str, deployment_id: str = "") -> Platform:
    """The platform that a login or launch comes from.

    One issuer may be many schools (hosted Canvas): client and deployment tell them apart.

    :param client_id: empty where the platform does not say it, which it need not.
    :raises Refused: there is none, or it cannot be told which.
    """
    of_issuer = [each for each in platforms if each.issuer == issuer]
    if not of_issuer:
        raise Refused(
            "unknown-platform",
            say("lti.unknown_platform"),
            detail=f"issuer {issuer!r}",
            remedy="Add the platform to site/lti.yaml, its issuer letter by letter, or register it: make lti-register.",
        )
    found = [each for each in of_issuer if client_id in ("", each.client_id)]
    if not found:
        raise Refused(
            "unknown-client",
            say("lti.unknown_platform"),
            detail=f"issuer {issuer!r}, client_id {client_id!r}",
            remedy=f"The platforms of this issuer have other client ids: {', '.join(e.client_id for e in of_issuer)}.",
        )
    exact = [each for each in found if deployment_id in each.deployment_ids]
    if exact:
        return exact[0]
    if len({each.client_id for each in found}) > 1:
        raise Refused(
            "unknown-client",
            say("lti.several_platforms"),
            detail=f"issuer {issuer!r} without a client_id, and there are several",
            remedy="Have the platform send client_id or lti_deployment_id with its login requests.",
        )
    return found[0]


def check_deployment(platform: Platform, deployment_id: str) -> None:
    """See that a verified token's deployment is one of the platform's.

    :raises Refused: it is not.
    """
    if deployment_id not in platform.deployment_ids:
        raise Refused(
            "unknown-deployment",
            say("lti.unknown_deployment"),
            detail=f"platform {platform.name}, deployment_id {deployment_id!r}",
            remedy=(
                f"If it is one of yours: make lti-allow PLATFORM={platform.name} DEPLOYMENT={deployment_id}"
                if platform.registered
                else f"If it is one of yours, add it to deployment_ids of {platform.name} in site/lti.yaml."
            ),
        )
