"""homeroom.oauth: who somebody is at a provider, whether they may still be here, and what of oauthenticator falls
short and is laid over."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from homeroom.oauth.bitbucket import BitbucketPart, BitbucketWay
from homeroom.oauth.entra import EntraWay
from homeroom.oauth.github import GitHubWay
from homeroom.oauth.gitlab import GitLabWay
from homeroom.oauth.google import GoogleWay
from homeroom.oauth.oidc import OIDCWay
from homeroom.sign_in.way import Refused, Unreachable
from oauthenticator.github import GitHubOAuthenticator
from oauthenticator.gitlab import GitLabOAuthenticator

from tests.providers import Account, GitHub, GitLab, LyingOpenID
from tests.unit.oauth.signing_in import made, signed_in

TEAMS = {"lab": "github-lab", "lab:staff": "github-lab-staff"}
GROUPS = {"physics/lab": "gitlab-physics-lab", "project:7": "gitlab-project-7"}


# --- Who somebody is ---


def test_github_knows_people_by_their_number(github: GitHub) -> None:
    """A login that was given up is somebody else's then, and the number tells; the login is proposed as name."""
    way = made(GitHubWay, url=github.url)
    first = asyncio.run(signed_in(way))
    github.who = Account(2, "ada")
    second = asyncio.run(signed_in(made(GitHubWay, url=github.url)))
    assert (first.name, second.name) == ("ada", "ada")
    assert first.subject != second.subject


def test_another_provider_under_the_same_word_names_other_people(github: GitHub) -> None:
    """Who moves from github.com to a GitHub of their own does not give number 1 there the home of number 1 here."""
    way = made(GitHubWay, url=github.url)
    assert way.whole_subject("1") == f"{github.url}|1"
    assert made(GitHubWay).whole_subject("1") == "1"
    assert len(way.whole_subject("x" * 250)) <= 255


def test_organizations_and_teams_are_groups(github: GitHub) -> None:
    """Of those that are asked for, who is a member has the hub's groups; the right to see private ones is asked for."""
    github.who.member_of = {"lab"}
    way = made(GitHubWay, url=github.url, groups=TEAMS, allowed_groups={"github-lab-staff"})
    found = asyncio.run(signed_in(way))
    assert found.groups == frozenset({"github-lab"})
    assert not way.allows("ada", found)
    github.who.member_of.add("lab:staff")
    found = asyncio.run(signed_in(way))
    assert found.groups == frozenset({"github-lab", "github-lab-staff"})
    assert way.allows("ada", found)
    assert "read:org" in next(iter(github.asked)).fields["scope"].split()


def test_gitlab_subgroups_and_projects_are_groups(gitlab: GitLab) -> None:
    """A group below another is found by its path, a project by its number."""
    gitlab.who.member_of = {"physics/lab", "project:7"}
    found = asyncio.run(signed_in(made(GitLabWay, url=gitlab.url, groups=GROUPS)))
    assert found.groups == frozenset(GROUPS.values())
    assert found.name == "ada"


def test_the_secret_comes_from_the_environment_alone(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong secret is refused with what to compare; other variables of oauthenticator's change nothing."""
    monkeypatch.setenv("OAUTH_CALLBACK_URL", "https://evil.example/")
    monkeypatch.setenv("OAUTH_TLS_VERIFY", "0")
    monkeypatch.setenv("GITHUB_CLIENT_ID", "another")
    way = made(GitHubWay, url=github.url)
    asyncio.run(signed_in(way))
    part = asyncio.run(way.ready())
    assert part.validate_server_cert
    assert github.asked[0].fields["client_id"] == "homeroom"
    assert github.asked[0].fields["redirect_uri"] == "https://hub.example/hub/oauth/github/callback"
    monkeypatch.setenv("GITHUB_CLIENT_SECRET", "a-wrong-client-secret")
    with pytest.raises(Refused) as refused:
        asyncio.run(signed_in(made(GitHubWay, url=github.url)))
    assert "GITHUB_CLIENT_SECRET" in refused.value.remedy
    assert "wrong-client" not in refused.value.said + refused.value.detail


def test_an_address_counts_once_it_is_verified(openid: LyingOpenID) -> None:
    """Whoever types somebody's address at a provider is of no domain for it, and has no such name."""
    way = made(
        OIDCWay,
        issuer=openid.url,
        groups={"domain:uni.example": "oidc-uni.example"},
        allowed_groups={"oidc-uni.example"},
    )
    openid.said = {"email": "ada@uni.example", "email_verified": False}
    found = asyncio.run(signed_in(way))
    assert (found.email, found.groups) == ("", frozenset())
    assert not way.allows(found.name, found)
    openid.said = {"email": "ada@uni.example", "email_verified": True}
    found = asyncio.run(signed_in(way))
    assert way.allows(found.name, found)
    assert found.email == "ada@uni.example"


def test_no_group_passes_for_a_domain(openid: LyingOpenID) -> None:
    """A group that is called `domain:uni.example` at the provider is not that domain."""
    openid.said = {"groups": ["domain:uni.example"]}
    way = made(OIDCWay, issuer=openid.url, groups={"domain:uni.example": "oidc-uni.example"})
    assert asyncio.run(signed_in(way)).groups == frozenset()


def test_two_answers_are_of_one_person(openid: LyingOpenID) -> None:
    """What the provider says with an access token counts only for whom the ID token names."""
    openid.broken = {"/userinfo": (200, {"sub": "somebody-else"})}
    with pytest.raises(Refused, match="did not confirm"):
        asyncio.run(signed_in(made(OIDCWay, issuer=openid.url)))


def test_a_google_domain_is_a_workspace(openid: LyingOpenID) -> None:
    """An address of a domain, even a verified one, is not an account of the domain."""
    way = made(
        GoogleWay,
        issuer=openid.url,
        groups={"domain:uni.example": "google-uni.example"},
    )
    openid.said = {"email": "ada@uni.example", "email_verified": True}
    assert asyncio.run(signed_in(way)).groups == frozenset()
    openid.said["hd"] = "uni.example"
    assert asyncio.run(signed_in(way)).groups == frozenset({"google-uni.example"})
    asked = openid.asked[1].fields
    assert (asked["access_type"], asked["hd"]) == ("offline", "uni.example")


STAFF = {"staff@uni.example": "google-staff-uni.example", "domain:uni.example": "google-uni.example"}
OF_UNI = {"email": "o'ada@uni.example", "email_verified": True, "hd": "uni.example"}


def google(openid: LyingOpenID, *pages: Any, **said: Any) -> GoogleWay:
    """Google, which tells these groups, a page each."""
    tell = openid.answer

    def answer(asked: Any) -> Any:
        if asked.path != "/groups":
            return tell(asked)
        number = int(asked.fields.get("pageToken", "0"))
        more = {"nextPageToken": str(number + 1)} if number + 1 < len(pages) else {}
        return 200, {"memberships": [{"groupKey": {"id": each}} for each in pages[number]], **more}

    openid.answer = answer  # type: ignore[method-assign]
    openid.said = {**OF_UNI, **said}
    groups_url, allowed = f"{openid.url}/groups", {"google-staff-uni.example"}
    way: GoogleWay = made(GoogleWay, issuer=openid.url, groups_url=groups_url, groups=STAFF, allowed_groups=allowed)
    return way


def test_google_groups_are_asked_for_with_the_persons_own_token(openid: LyingOpenID) -> None:
    """Who is a member of a group of the Workspace has the hub's group, on whichever page it stands; other groups count
    for nothing, and an address cannot change the question."""
    way = google(openid, ["all@uni.example", "chess@uni.example"], ["Staff@uni.example"])
    found = asyncio.run(signed_in(way))
    assert found.groups == frozenset(STAFF.values())
    assert way.allows("ada", found)
    asked = [each for each in openid.asked if each.path == "/groups"]
    assert [each.token for each in asked] == ["a", "a"]
    assert asked[0].fields["query"].startswith("member_key_id == 'o\\'ada@uni.example' && ")
    sent_to = next(each for each in openid.asked if each.path == "/authorize")
    assert "https://www.googleapis.com/auth/cloud-identity.groups.readonly" in sent_to.fields["scope"].split()
    assert "cloud-identity" not in str(asyncio.run(made(GoogleWay, issuer=openid.url).ready()).scope)


def test_who_is_of_no_workspace_is_in_no_google_group(openid: LyingOpenID) -> None:
    """An account of anybody's, or one with an address that Google has not verified, is not asked about."""
    for otherwise in ({"hd": None}, {"email_verified": False}):
        found = asyncio.run(signed_in(google(openid, ["staff@uni.example"], **otherwise)))
        assert "google-staff-uni.example" not in (found.groups or ())
    assert "/groups" not in openid.paths()


def test_groups_that_google_does_not_tell_are_nobodys(openid: LyingOpenID) -> None:
    """Where the API is not enabled, or somebody took the tick away, the refusal says what to do; a fault of Google's is
    not a refusal: it throws nobody out."""
    way = google(openid, [])
    openid.broken = {"/groups": (403, {"error": {"status": "PERMISSION_DENIED"}})}
    with pytest.raises(Refused) as refused:
        asyncio.run(signed_in(way))
    assert "Cloud Identity API" in refused.value.remedy
    openid.broken = {"/groups": (503, {})}
    with pytest.raises(Unreachable):
        asyncio.run(signed_in(way))


TENANT = "11111111-2222-3333-4444-555555555555"


def entra(openid: LyingOpenID, **claims: Any) -> EntraWay:
    """Entra, as the stand-in plays it."""
    openid.document = {"issuer": f"{openid.url}/{TENANT}/v2.0"}
    openid.claims = {"iss": f"{openid.url}/{TENANT}/v2.0", "tid": TENANT, "oid": "oid-1", **claims}
    way: EntraWay = made(EntraWay, login_url=openid.url, tenant_id=TENANT, groups={"g-1": "entra-g-1"})
    return way


def test_entra_knows_people_by_object_and_tenant(openid: LyingOpenID) -> None:
    """`sub` differs from application to application; a person of another tenant is refused."""
    found = asyncio.run(signed_in(entra(openid, groups=["g-1"], preferred_username="ada@uni.example")))
    assert found.subject.endswith("|oid-1")
    assert found.groups == frozenset({"entra-g-1"})
    with pytest.raises(Refused):
        asyncio.run(signed_in(entra(openid, tid="another")))


def test_entra_with_too_many_groups_is_told(openid: LyingOpenID) -> None:
    """Who is in so many groups that Microsoft leaves them out is not taken for a member of none."""
    with pytest.raises(Refused) as refused:
        asyncio.run(signed_in(entra(openid, _claim_names={"groups": "src1"})))
    assert "assigned" in refused.value.remedy


# --- Who stays ---


def test_removed_at_the_provider_is_out(github: GitHub) -> None:
    """Who is taken out of a team has its group no more, and whose access was taken back is not known any more."""

    async def use() -> None:
        way = made(GitHubWay, url=github.url, groups=TEAMS)
        github.who.member_of = {"lab", "lab:staff"}
        found = await signed_in(way)
        github.who.member_of.clear()
        later = await way.refresh(found)
        assert later is not None
        assert later.groups == frozenset()
        github.tokens.clear()
        assert await way.refresh(later) is None

    asyncio.run(use())


@pytest.mark.parametrize(
    ("start", "answer"),
    [
        ("/", (500, None)),
        ("/", (429, {})),
        ("/api/v3/user", (502, {})),
        ("/api/v3/orgs", (503, {})),
        ("/api/v3/orgs", (403, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0"})),
        ("/api/v3/user", (200, "not an object")),
    ],
    ids=str,
)
def test_a_provider_with_a_fault_throws_nobody_out(github: GitHub, start: str, answer: Any) -> None:
    """Down, overloaded, or asked too often is not "no"."""

    async def use() -> None:
        way = made(GitHubWay, url=github.url, groups=TEAMS)
        github.who.member_of = {"lab"}
        found = await signed_in(way)
        github.broken = {start: answer}
        with pytest.raises(Unreachable):
            await way.refresh(found)

    asyncio.run(use())


def test_a_provider_that_is_gone_throws_nobody_out(key: Any) -> None:
    """Where nothing listens at the provider any more, who is signed in stays so."""

    async def use() -> None:
        with LyingOpenID(key).running() as openid:
            way = made(OIDCWay, issuer=openid.url)
            found = await signed_in(way)
        with pytest.raises(Unreachable):
            await way.refresh(found)

    asyncio.run(use())


def test_the_hubs_own_secret_running_out_throws_nobody_out(openid: LyingOpenID) -> None:
    """Where the provider refuses the hub, it has said nothing of the person; where it refuses them, they are out."""

    async def use() -> None:
        way = made(OIDCWay, issuer=openid.url)
        found = await signed_in(way)
        openid.broken = {"/userinfo": (401, {})}
        openid.refuses = "invalid_client"
        with pytest.raises(Unreachable):
            await way.refresh(found)
        openid.refuses = "invalid_grant"
        assert await way.refresh(found) is None

    asyncio.run(use())


def test_a_worn_out_token_is_renewed_and_kept(gitlab: GitLab) -> None:
    """GitLab's tokens last two hours, and a refresh token serves once: what came last is what is kept."""

    async def use() -> None:
        way = made(GitLabWay, url=gitlab.url)
        found = await signed_in(way)
        for _ in range(3):
            old = found.state["token"]
            del gitlab.tokens[old["access_token"]]
            found = await way.refresh(found)
            assert found is not None
            assert found.state["token"]["refresh_token"] != old["refresh_token"]

    asyncio.run(use())


def test_many_requests_of_one_person_ask_once(gitlab: GitLab) -> None:
    """A refresh token that is shown twice counts as stolen at many providers; and who gives up waiting loses nothing
    of what came of it."""

    async def use() -> None:
        way = made(GitLabWay, url=gitlab.url)
        found = await signed_in(way)
        del gitlab.tokens[found.state["token"]["access_token"]]
        hurried = asyncio.ensure_future(way.refresh(found))
        await asyncio.sleep(0)
        hurried.cancel()
        later = await asyncio.gather(*(way.refresh(found) for _ in range(10)))
        assert all(one is not None and one == later[0] for one in later)
        assert gitlab.paths().count("/oauth/token") == 2

    asyncio.run(use())


def test_an_answer_for_somebody_else_keeps_nobody(openid: LyingOpenID) -> None:
    """A provider that answers for another person than was asked about vouches for nobody."""

    async def use() -> None:
        way = made(OIDCWay, issuer=openid.url)
        found = await signed_in(way)
        openid.broken = {"/userinfo": (200, {"sub": "bela"})}
        assert await way.refresh(found) is None

    asyncio.run(use())


def test_groups_that_stand_in_the_id_token_alone_are_asked_for_anew(openid: LyingOpenID) -> None:
    """They do not live on as they were at the sign-in."""

    async def use() -> None:
        way = made(OIDCWay, issuer=openid.url, groups={"physics": "oidc-physics"})
        openid.claims = {"groups": ["physics"]}
        found = await signed_in(way)
        assert found.groups == frozenset({"oidc-physics"})
        openid.claims = {"groups": [], "nonce": None}
        later = await way.refresh(found)
        assert later is not None
        assert later.groups == frozenset()
        openid.broken = {"/token": (200, {"access_token": "b", "token_type": "Bearer"})}
        with pytest.raises(Unreachable):
            await way.refresh(later)

    asyncio.run(use())


def test_groups_that_the_provider_says_no_more_are_gone(openid: LyingOpenID) -> None:
    """A claim that vanishes with the last group is not replaced by what the ID token said weeks ago."""

    async def use() -> None:
        way = made(OIDCWay, issuer=openid.url, groups={"physics": "oidc-physics"})
        openid.claims = {"groups": ["physics"]}
        openid.said = {"groups": ["physics"]}
        found = await signed_in(way)
        openid.said = {}
        later = await way.refresh(found)
        assert later is not None
        assert later.groups == frozenset()

    asyncio.run(use())


def test_who_has_no_refresh_token_stays_until_their_session_ends(openid: LyingOpenID) -> None:
    """Where a provider lets nobody ask without the person, nobody can say; nobody is thrown out every hour for it."""

    async def use() -> None:
        way = made(OIDCWay, issuer=openid.url)
        found = await signed_in(way)
        found.state["token"].pop("refresh_token")
        found.state["token"]["expires_at"] = time.time() - 10
        with pytest.raises(Unreachable):
            await way.refresh(found)

    asyncio.run(use())


def test_a_provider_that_hangs_costs_nobody_else_anything(openid: LyingOpenID, github: GitHub) -> None:
    """While a hundred wait for one provider, people sign in by another: each way has a client of its own."""
    import threading

    async def use() -> None:
        way = made(OIDCWay, issuer=openid.url)
        await way.ready()
        openid.pause = threading.Event()
        waiting = [asyncio.ensure_future(way.exchange("code", "verifier", "nonce")) for _ in range(100)]
        await asyncio.sleep(0.05)
        assert (await signed_in(made(GitHubWay, url=github.url))).name == "ada"
        assert not any(one.done() for one in waiting)
        openid.pause.set()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(use())


def test_who_signs_out_is_led_to_the_provider(openid: LyingOpenID) -> None:
    """The provider's own page to sign out, with the token that says whose session it is."""

    async def use() -> str | None:
        way = made(OIDCWay, issuer=openid.url)
        found: str | None = await way.logout_url(None, await signed_in(way))
        return found

    address = asyncio.run(use())
    assert address is not None
    assert address.startswith(f"{openid.url}/bye?")
    assert "id_token_hint=ey" in address
    assert "post_logout_redirect_uri=https%3A%2F%2Fhub.example%2Fhub%2Flogin" in address


# --- Where oauthenticator falls short ---


def test_the_library_takes_a_fault_for_no(github: GitHub) -> None:
    """Why answers are looked at: oauthenticator says "is no member" where GitHub says "not now"."""
    github.broken = {"/": (503, None)}
    library = GitHubOAuthenticator(github_url=github.url, allowed_organizations={"lab"})
    state = {"token_response": {"access_token": "a", "token_type": "bearer"}}
    assert asyncio.run(library.check_allowed("ada", {"admin": None, "auth_state": state})) is False


def test_the_library_does_not_find_subgroups(gitlab: GitLab) -> None:
    """Why the path is made anew: oauthenticator quotes the slash of a subgroup twice."""
    gitlab.who.member_of = {"physics/lab"}
    gitlab.tokens["a"] = gitlab.who
    gitlab.broken = {"/api/v4/version": (200, {"version": "17.1.0"})}
    library = GitLabOAuthenticator(gitlab_url=gitlab.url, allowed_gitlab_groups={"physics/lab"})
    state = {"token_response": {"access_token": "a"}, "gitlab_user": {"id": 1}}
    assert not asyncio.run(library.check_allowed("ada", {"admin": None, "auth_state": state}))


def test_the_title_of_a_workspace_admits_nobody(github: GitHub) -> None:
    """Why workspaces go by their slug: anybody can give one of their own the title that is allowed."""
    page = {"values": [{"name": "lab", "slug": "somebody-elses"}], "next": "https://evil.example/steal"}
    user = {"uuid": "{1}", "username": "ada"}
    github.broken = {"/2.0/workspaces": (200, page), "/2.0/user": (200, user)}
    way = made(BitbucketWay, url=github.url, api_url=github.url, groups={"lab": "bitbucket-lab"})
    part = way.make_part()
    assert isinstance(part, BitbucketPart)
    assert asyncio.run(part._fetch_user_teams("token", "bearer")) == {"somebody-elses"}
