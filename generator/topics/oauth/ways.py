"""The ways to sign in with an account elsewhere."""

from __future__ import annotations

WAYS = {
    "auth0": "homeroom.oauth.oidc.Auth0Way",
    "bitbucket": "homeroom.oauth.bitbucket.BitbucketWay",
    "cilogon": "homeroom.oauth.cilogon.CILogonWay",
    "entra": "homeroom.oauth.entra.EntraWay",
    "github": "homeroom.oauth.github.GitHubWay",
    "gitlab": "homeroom.oauth.gitlab.GitLabWay",
    "globus": "homeroom.oauth.globus.GlobusWay",
    "google": "homeroom.oauth.google.GoogleWay",
    "mediawiki": "homeroom.oauth.mediawiki.MediaWikiWay",
    "oidc": "homeroom.oauth.oidc.OIDCWay",
    "okta": "homeroom.oauth.oidc.OktaWay",
}
"""By their words in `AUTH`, with the classes that the hub loads."""


def secret_of(way: str) -> str:
    """The setting of `.env` with a way's secret."""
    return f"{way.upper()}_CLIENT_SECRET"
