"""This hub as a tool: the addresses that platforms are told, and the configurations that tell them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

PAGES = "hub/lti13/"
SIGNED_LAUNCH = "/lti/launch"
"""Below `/hub`: where launches of LTI 1.1 go, as with ltiauthenticator."""
CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email", "locale", "preferred_username")
PRIVATE_CLAIMS = ("iss", "sub")
SCOPES = (
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
"""What this hub may do at a platform by itself: columns and grades of its gradebook, and the members of a course."""


def address(public_url: str, page: str) -> str:
    """The address of one of our pages, as people and platforms type it."""
    return f"{public_url}{PAGES}{page}"


def canvas_configuration(public_url: str, title: str, description: str, *, private: bool) -> dict[str, Any]:
    """Canvas's JSON, which others read as well.

    :param private: whether the platform shall say nobody's name.
    """
    launch = address(public_url, "oauth_callback")
    link = {"message_type": "LtiResourceLinkRequest", "target_link_uri": launch}
    choice = {"message_type": "LtiDeepLinkingRequest", "target_link_uri": launch}
    return {
        "title": title,
        "description": description,
        "oidc_initiation_url": address(public_url, "oauth_login"),
        "target_link_uri": launch,
        "public_jwk_url": address(public_url, "jwks"),
        "redirect_uris": [launch],
        "scopes": list(SCOPES),
        "custom_fields": {"username": "$Canvas.user.loginId"} if not private else {},
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": urlsplit(public_url).hostname,
                "tool_id": "homeroom",
                "privacy_level": "anonymous" if private else "public",
                "settings": {
                    "text": title,
                    "placements": [
                        {"placement": "course_navigation", "text": title, "windowTarget": "_blank", **link},
                        {"placement": "link_selection", "text": title, **choice},
                        {"placement": "assignment_selection", "text": title, **choice},
                    ],
                },
            }
        ],
    }


def registration(public_url: str, title: str, description: str, *, private: bool) -> dict[str, Any]:
    """What this hub asks of a platform at which it registers (1EdTech's LTI Dynamic Registration)."""
    launch = address(public_url, "oauth_callback")
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": address(public_url, "oauth_login"),
        "redirect_uris": [launch],
        "client_name": title,
        "jwks_uri": address(public_url, "jwks"),
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(SCOPES),
        "https://purl.imsglobal.org/spec/lti-tool-configuration": {
            "domain": urlsplit(public_url).netloc,
            "description": description,
            "target_link_uri": launch,
            "claims": list(PRIVATE_CLAIMS if private else CLAIMS),
            "messages": [
                {"type": "LtiResourceLinkRequest", "target_link_uri": launch, "label": title},
                {"type": "LtiDeepLinkingRequest", "target_link_uri": launch, "label": title},
            ],
        },
    }
