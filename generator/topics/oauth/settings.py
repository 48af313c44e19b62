"""The secrets of providers of accounts; what else they need stands in site/oauth.yaml."""

from __future__ import annotations

from typing import Annotated

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import written_as

OAUTH = Group(
    title="Sign-in with an account elsewhere",
    text="The secrets that providers give this hub, where AUTH names them. The rest is site/oauth.yaml.",
    page="sign-in/oauth",
    order=31,
)
ClientSecret = Annotated[
    str,
    written_as(
        r"(?:[!-~]{8,512})?", "a client secret as the provider shows it: 8 to 512 characters, no spaces or line breaks"
    ),
]


def _secret(provider: str, example: str) -> str:
    about = About(group=OAUTH, consumers=("compose", "generator"), secret=True, example=example)
    found: str = setting("", about, f"The client secret that {provider} gave this hub.")
    return found


class OAuthSettings(Part):
    """Secrets of providers."""

    AUTH0_CLIENT_SECRET: ClientSecret = _secret("Auth0", "auth0-example-secret")
    BITBUCKET_CLIENT_SECRET: ClientSecret = _secret("Bitbucket", "bitbucket-example-secret")
    CILOGON_CLIENT_SECRET: ClientSecret = _secret("CILogon", "cilogon-example-secret")
    ENTRA_CLIENT_SECRET: ClientSecret = _secret("Microsoft Entra ID", "entra-example-secret")
    GITHUB_CLIENT_SECRET: ClientSecret = _secret("GitHub", "github-example-secret")
    GITLAB_CLIENT_SECRET: ClientSecret = _secret("GitLab", "gitlab-example-secret")
    GLOBUS_CLIENT_SECRET: ClientSecret = _secret("Globus", "globus-example-secret")
    GOOGLE_CLIENT_SECRET: ClientSecret = _secret("Google", "google-example-secret")
    MEDIAWIKI_CLIENT_SECRET: ClientSecret = _secret("MediaWiki", "mediawiki-example-secret")
    OIDC_CLIENT_SECRET: ClientSecret = _secret("your OpenID Connect provider", "oidc-example-secret")
    OKTA_CLIENT_SECRET: ClientSecret = _secret("Okta", "okta-example-secret")
