"""The form of site/oauth.yaml: a block a provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from generator.site.models import Form, Person, Strict, Text
from generator.topics.oauth.written import Domain, FileName, GroupAddress, OrganizationOrTeam, Url, Uuid

OAUTH = "oauth.yaml"
DOMAIN, IDP, PROJECT = "domain:", "idp:", "project:"
"""What stands before a domain, an institution or a project where the hub is told of it as of a group."""


class Provider(Strict):
    """What every block may have."""

    client_id: Annotated[Text, Field(min_length=1)]
    title: Text = ""
    allow_all: bool = False
    allowed_users: list[Person] = []
    admin_groups: list[Text] = []
    groups: list[Text] = []
    scopes: list[Text] = []
    username_claim: Text = ""
    ca_file: FileName | None = None
    refresh_seconds: Annotated[int, Field(ge=30, le=86400)] = 300

    rule: ClassVar[str] = "allow_all: true"
    """The line to add where there is no rule."""

    def admitted(self) -> Iterator[str]:
        """The memberships each of which admits, as the hub asks for them."""
        yield from ()

    @property
    def address(self) -> str:
        """Where the provider is."""
        raise NotImplementedError

    @property
    def traits(self) -> dict[str, object]:
        """What the way's class is told besides."""
        return {}


class OpenIDProvider(Provider):
    """A provider that says all else of itself."""

    groups_claim: Text = "groups"
    allowed_groups: list[Text] = []
    rule: ClassVar[str] = "allowed_groups: [the-name-of-a-group]"

    def admitted(self) -> Iterator[str]:
        """Groups, as the claim names them."""
        yield from self.allowed_groups

    @property
    def traits(self) -> dict[str, object]:
        """Its issuer and its claim."""
        return {"issuer": self.address, "groups_claim": self.groups_claim}


class WithDomains(OpenIDProvider):
    """A provider whose people belong to domains."""

    allowed_domains: list[Domain] = []
    strip_domain: Domain | None = None
    rule: ClassVar[str] = "allowed_domains: [uni.example]"

    def admitted(self) -> Iterator[str]:
        """Groups and domains."""
        yield from super().admitted()
        yield from (f"{DOMAIN}{domain}" for domain in self.allowed_domains)

    @property
    def traits(self) -> dict[str, object]:
        """Its issuer, its claim, and the domain that names do without."""
        only = self.allowed_domains[0] if len(self.allowed_domains) == 1 and not self.allow_all else ""
        return super().traits | {"strip_domain": self.strip_domain or only}


class Addressed(Provider):
    """A provider that can be one of the operator's own: it is known by its address."""

    url: Url

    @property
    def address(self) -> str:
        """Where it is."""
        return self.url.rstrip("/")

    @property
    def traits(self) -> dict[str, object]:
        """Its address."""
        return {"url": self.address}


class GitHub(Addressed):
    """`github`."""

    url: Url = "https://github.com"
    allowed_organizations: list[OrganizationOrTeam] = []
    rule: ClassVar[str] = "allowed_organizations: [my-lab]"

    def admitted(self) -> Iterator[str]:
        """Organizations and teams."""
        yield from self.allowed_organizations


class GitLab(Addressed):
    """`gitlab`."""

    url: Url = "https://gitlab.com"
    allowed_gitlab_groups: list[Text] = []
    allowed_project_ids: list[int] = []
    rule: ClassVar[str] = "allowed_gitlab_groups: [my-group]"

    def admitted(self) -> Iterator[str]:
        """Groups by their paths, projects by their numbers."""
        yield from self.allowed_gitlab_groups
        yield from (f"{PROJECT}{number}" for number in self.allowed_project_ids)


class Bitbucket(Provider):
    """`bitbucket`."""

    allowed_teams: list[Text] = []
    rule: ClassVar[str] = "allowed_teams: [my-workspace]"

    def admitted(self) -> Iterator[str]:
        """Workspaces."""
        yield from self.allowed_teams

    @property
    def address(self) -> str:
        """Bitbucket's."""
        return "https://bitbucket.org"


class MediaWiki(Addressed):
    """`mediawiki`."""

    url: Url = "https://meta.wikimedia.org/w/rest.php"
    allowed_groups: list[Text] = []
    rule: ClassVar[str] = "allowed_users: [ada]"

    def admitted(self) -> Iterator[str]:
        """User groups of the wiki."""
        yield from self.allowed_groups


class OIDC(WithDomains):
    """`oidc`."""

    issuer: Url
    offline: bool = True

    @property
    def address(self) -> str:
        """The issuer, letter by letter."""
        return self.issuer

    @property
    def traits(self) -> dict[str, object]:
        """And whether a refresh token is asked for."""
        return super().traits | {"offline": self.offline}


class Okta(WithDomains):
    """`okta`."""

    issuer: Url

    @property
    def address(self) -> str:
        """The authorization server."""
        return self.issuer


class Auth0(WithDomains):
    """`auth0`."""

    domain: Domain

    @property
    def address(self) -> str:
        """The tenant, whose issuer ends in a slash."""
        return f"https://{self.domain}/"


class Google(WithDomains):
    """`google`. Groups are those of a Workspace, by their addresses."""

    allowed_groups: list[GroupAddress] = []
    admin_groups: list[GroupAddress] = []
    groups: list[GroupAddress] = []

    @property
    def address(self) -> str:
        """Google's."""
        return "https://accounts.google.com"


class CILogon(OpenIDProvider):
    """`cilogon`."""

    groups_claim: Text = "isMemberOf"
    allowed_idps: list[Text] = []
    strip_domain: Domain | None = None
    rule: ClassVar[str] = "allowed_idps: ['https://idp.uni.example/shibboleth']"

    def admitted(self) -> Iterator[str]:
        """Institutions, and groups that they say."""
        yield from super().admitted()
        yield from (f"{IDP}{idp}" for idp in self.allowed_idps)

    @property
    def address(self) -> str:
        """CILogon's."""
        return "https://cilogon.org"

    @property
    def traits(self) -> dict[str, object]:
        """And the domain that names do without."""
        return super().traits | {"strip_domain": self.strip_domain or ""}


class Globus(Provider):
    """`globus`."""

    allowed_globus_groups: list[Uuid] = []
    allowed_domains: list[Domain] = []
    strip_domain: Domain | None = None
    rule: ClassVar[str] = "allowed_globus_groups: [aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee]"

    def admitted(self) -> Iterator[str]:
        """Groups by their IDs, and domains of institutions."""
        yield from self.allowed_globus_groups
        yield from (f"{DOMAIN}{domain}" for domain in self.allowed_domains)

    @property
    def address(self) -> str:
        """Globus'."""
        return "https://auth.globus.org"

    @property
    def traits(self) -> dict[str, object]:
        """The domain that names do without."""
        return {"strip_domain": self.strip_domain or ""}


class Entra(OpenIDProvider):
    """`entra`."""

    tenant_id: Uuid
    login_url: Url = "https://login.microsoftonline.com"
    strip_domain: Domain | None = None
    rule: ClassVar[str] = "allowed_groups: [aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee]"

    @property
    def address(self) -> str:
        """The tenant's issuer."""
        return f"{self.login_url.rstrip('/')}/{self.tenant_id}/v2.0"

    @property
    def traits(self) -> dict[str, object]:
        """And the tenant."""
        return super().traits | {"tenant_id": self.tenant_id, "strip_domain": self.strip_domain or ""}


class OAuthFile(Strict):
    """`site/oauth.yaml`."""

    auth0: Auth0 | None = None
    bitbucket: Bitbucket | None = None
    cilogon: CILogon | None = None
    entra: Entra | None = None
    github: GitHub | None = None
    gitlab: GitLab | None = None
    globus: Globus | None = None
    google: Google | None = None
    mediawiki: MediaWiki | None = None
    oidc: OIDC | None = None
    okta: Okta | None = None


FORMS = (
    Form(
        name=OAUTH,
        model=OAuthFile,
        what="Providers of accounts that AUTH names, and whom each may let in.",
        page="sign-in/oauth",
        order=60,
    ),
)
