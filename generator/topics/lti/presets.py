"""Where platforms of a kind have what a launch needs."""

from __future__ import annotations

from collections.abc import Mapping

from generator.topics.lti.site import PlatformEntry

ADDRESSES = ("issuer", "authorize_url", "jwks_url")
"""What a launch needs."""
TOKEN_URL = "token_url"  # noqa: S105 (the name of a field)
"""What this hub needs besides, to ask by itself: for grades and members."""
PRESETS: Mapping[str, Mapping[str, str]] = {
    "moodle": {
        "issuer": "{url}",
        "authorize_url": "{url}/mod/lti/auth.php",
        "jwks_url": "{url}/mod/lti/certs.php",
        "token_url": "{url}/mod/lti/token.php",
    },
    "canvas": {
        "issuer": "https://canvas.instructure.com",
        "authorize_url": "https://sso.canvaslms.com/api/lti/authorize_redirect",
        "jwks_url": "https://sso.canvaslms.com/api/lti/security/jwks",
        "token_url": "https://sso.canvaslms.com/login/oauth2/token",
    },
    "blackboard": {
        "issuer": "https://blackboard.com",
        "authorize_url": "https://developer.blackboard.com/api/v1/gateway/oidcauth",
        "jwks_url": "https://developer.blackboard.com/api/v1/management/applications/{client_id}/jwks.json",
        "token_url": "https://developer.blackboard.com/api/v1/gateway/oauth2/jwttoken",
    },
    "brightspace": {
        "issuer": "{url}",
        "authorize_url": "{url}/d2l/lti/authenticate",
        "jwks_url": "{url}/d2l/.well-known/jwks",
    },
    "openedx": {
        "issuer": "{url}",
        "authorize_url": "{url}/api/lti_consumer/v1/launch/",
    },
    "sakai": {
        "issuer": "{url}",
        "authorize_url": "{url}/imsoidc/lti13/oidc_auth",
        "jwks_url": "{url}/imsblis/lti13/keyset",
    },
}
"""Of each kind; what stands in the file itself counts first. Open edX has a key set for each activity."""
SELF_HOSTED_CANVAS = {
    "authorize_url": "{url}/api/lti/authorize_redirect",
    "jwks_url": "{url}/api/lti/security/jwks",
    "token_url": "{url}/login/oauth2/token",
}


def addresses(entry: PlatformEntry) -> dict[str, str]:
    """The addresses of a platform as far as they are known: said in the file, or by its preset."""
    preset = dict(PRESETS.get(entry.preset or "", {}))
    if entry.preset == "canvas" and entry.url:
        preset |= SELF_HOSTED_CANVAS
    found = {name: getattr(entry, name) or preset.get(name, "") for name in (*ADDRESSES, TOKEN_URL)}
    if not entry.url:
        return {name: value for name, value in found.items() if value and "{url}" not in value}
    url = entry.url.rstrip("/")
    return {name: _filled(value, url, entry.client_id) for name, value in found.items() if value}


def _filled(address: str, url: str, client_id: str) -> str:
    return address.replace("{url}", url).replace("{client_id}", client_id)


def needs_url(entry: PlatformEntry) -> bool:
    """Whether the preset cannot be used without `url`."""
    return not entry.url and any("{url}" in value for value in PRESETS.get(entry.preset or "", {}).values())
