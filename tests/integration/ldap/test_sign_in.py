"""Sign-in at a real directory: who gets in, as whom, and who does not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from homeroom.ldap import way as way_module
from homeroom.ldap.way import LdapWay
from homeroom.sign_in.way import Identity, Refused, Unreachable

from tests import slapd
from tests.integration.ldap.conftest import SEARCHES, MakeWay
from tests.slapd import PEOPLE, Slapd

TEMPLATE = {
    **dict.fromkeys(("lookup_dn_search_user", "lookup_dn_search_password"), None),
    "lookup_dn": False,
    "bind_dn_template": [f"uid={{username}},{PEOPLE}"],
    "user_search_base": "",
}


@pytest.fixture(autouse=True)
def _told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits on purpose does not wait here."""
    monkeypatch.setattr(way_module, "REFUSAL_SECONDS", 0.0)


def check(way: LdapWay, username: str, password: str) -> Identity | None:
    """Sign in."""
    return asyncio.run(way.check(None, username, password))


def refreshed(way: LdapWay, identity: Identity | None) -> Identity | None:
    """Look somebody up again."""
    assert identity is not None
    return asyncio.run(way.refresh(identity))


def test_who_somebody_is(directory: Slapd, make_way: MakeWay) -> None:
    """Name, e-mail, the name to show and the language are the directory's; the subject is its immutable attribute."""
    directory.add_person("ada", "right", mail="ada@uni.example", displayName="Ada Lovelace", preferredLanguage="de")
    found = check(make_way(), "ada", "right")
    assert found is not None
    assert (found.way, found.name, found.email) == ("ldap", "ada", "ada@uni.example")
    assert (found.display_name, found.locale) == ("Ada Lovelace", "de")
    assert len(found.subject) == 36
    assert found.groups == frozenset()


def test_ldaps_is_another_way_to_the_same(directory: Slapd, make_way: MakeWay) -> None:
    """TLS from the beginning, and STARTTLS, find the same person."""
    directory.add_person("bela", "right")
    assert check(make_way(servers=[directory.tls_url]), "bela", "right") == check(make_way(), "bela", "right")


@pytest.mark.parametrize("typed", ["CHEN", " chen ", "chen@uni.example", "Chen@Uni.Example"])
def test_whatever_is_typed_is_one_person(directory: Slapd, make_way: MakeWay, typed: str) -> None:
    """Somebody who types their e-mail address, or their name in capitals, is the same person as ever. The library takes
    the name as it was typed."""
    if not _there(directory, "chen"):
        directory.add_person("chen", "right", mail="chen@uni.example")
    way = make_way(lookup_dn_search_filter="(|(uid={login})(mail={login}))")
    assert check(way, typed, "right") == check(way, "chen", "right") is not None


def _there(directory: Slapd, uid: str) -> bool:
    with directory.root() as connection:
        return bool(connection.search(PEOPLE, f"(uid={uid})"))


def test_several_names_are_one_person(directory: Slapd, make_way: MakeWay) -> None:
    """Who has two names in the directory is always called by the same one. The library turns them away."""
    directory.add_person("dora", "right", dn=f"cn=dora,{PEOPLE}", uid=["dora.b", "dora"])
    way = make_way()
    found = check(way, "dora.b", "right")
    assert found is not None
    assert found.name == "dora"
    assert check(way, "dora", "right") == found


@pytest.mark.parametrize("mode", [{}, TEMPLATE])
@pytest.mark.parametrize(
    ("name", "password"),
    [("emil", "wrong"), ("emil", ""), ("emil", "  "), ("emil", "right\0"), ("emil", "x" * 5000), ("nobody", "right"),
     ("", "right"), ("*", "right"), ("em*", "right"), ("emil)(uid=*", "right"), ("*)(objectClass=*", "right"),
     (r"\2a", "right"), (f"emil,{PEOPLE}", "right"), ("{login}", "right"), ("{username.__class__}", "right"),
     ("emil\0", "right"), ("emil\n", "right"), ("e" * 300, "right"), ("\ud800", "right"), ("hub", "right")],
)  # fmt: skip
def test_what_is_wrong_is_nobody(
    directory: Slapd, make_way: MakeWay, mode: dict[str, Any], name: str, password: str
) -> None:
    """A wrong, empty or odd password, an unknown name, and one that holds a filter, a place of the directory or a
    template, all come to nothing in the same way."""
    if not _there(directory, "emil"):
        directory.add_person("emil", "right")
    assert check(make_way(**mode), name, password) is None


@pytest.mark.parametrize("uid", ["f*(x)", "f,y=z+1", "füße{0}", "f\\5c", 'f"<>;', "0042", "f#{username}"])
def test_odd_names_are_people(directory: Slapd, make_way: MakeWay, uid: str) -> None:
    """Somebody whose name, or place in the directory, is made of what filters, places and templates are made of signs
    in like others do. The library fails where there are braces in the place."""
    from ldap3.utils.dn import escape_rdn

    directory.add_person(uid, "right", dn=f"uid={escape_rdn(uid)},{PEOPLE}")
    for mode in ({}, TEMPLATE):
        found = check(make_way(**mode), uid, "right")
        assert found is not None
        assert found.name == uid


def test_by_a_template_nobody_else_is_asked(directory: Slapd, make_way: MakeWay) -> None:
    """Without a bind_dn of the hub people are found by a template; who does not have their password cannot be looked up
    again, and stays."""
    dn = directory.add_person("greta", "right")
    with directory.root() as connection:
        assert connection.search(dn, "(objectClass=*)")
    way = make_way(**TEMPLATE)
    found = check(way, "greta", "right")
    assert refreshed(way, found) is found


def test_an_entry_with_entries_below_it_is_a_person(directory: Slapd, make_way: MakeWay) -> None:
    """Active Directory keeps devices below people. The library reads them too, and gives up where it finds any."""
    dn = directory.add_person("hugo", "right")
    directory.add_person("phone", "other", dn=f"uid=phone,{dn}")
    assert check(make_way(), "hugo", "right") is not None


def test_two_people_of_one_name_are_nobody(directory: Slapd, make_way: MakeWay) -> None:
    """Where a name finds several people, none of them is signed in by it."""
    directory.add_person("ida", "right")
    directory.add_person("ida", "right", dn=f"cn=other,{PEOPLE}", cn="other")
    assert check(make_way(), "ida", "right") is None


def test_wrong_names_and_wrong_passwords_cost_the_same(
    directory: Slapd, make_way: MakeWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory is asked the same things for an unknown name as for a wrong password, and both are told after the
    same time."""
    directory.add_person("jana", "right")
    way = make_way()
    asked: list[str] = []
    waited: list[float] = []
    bind = way.directory._bind

    def counted(user: str | None, password: str | None) -> Any:
        asked.append("service" if user == slapd.SERVICE else "person")
        return bind(user, password)

    async def recorded(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(way.directory, "_bind", counted)
    monkeypatch.setattr(way_module, "REFUSAL_SECONDS", 3600.0)
    monkeypatch.setattr(asyncio, "sleep", recorded)
    for name, password in (("jana", "wrong"), ("nobody", "wrong"), ("jana", "")):
        assert check(way, name, password) is None
    assert asked == ["service", "person", "service", "person"]
    assert [round(seconds, -2) for seconds in waited] == [3600, 3600, 3600]


def test_who_is_removed_is_out(directory: Slapd, make_way: MakeWay) -> None:
    """Somebody whose entry is gone is known no more; who comes under the same name later is somebody else."""
    dn = directory.add_person("karl", "right")
    way = make_way()
    before = check(way, "karl", "right")
    assert before == refreshed(way, before)
    directory.remove(dn)
    assert refreshed(way, before) is None
    directory.add_person("karl", "right")
    assert refreshed(way, before) is None
    after = check(way, "karl", "right")
    assert after is not None
    assert after.subject != before.subject  # type: ignore[union-attr]  # it was compared above


def test_who_is_renamed_stays(directory: Slapd, make_way: MakeWay) -> None:
    """Somebody whose entry is given another name, or stands elsewhere, is the same person."""
    dn = directory.add_person("lena", "right")
    way = make_way()
    before = check(way, "lena", "right")
    directory.move(dn, "uid=lena.m")
    after = refreshed(way, before)
    assert after is not None
    assert (after.name, after.subject) == ("lena.m", before.subject)  # type: ignore[union-attr]


def test_who_the_search_leaves_out_is_out(directory: Slapd, make_way: MakeWay) -> None:
    """Who does not match the search's filter any more is out, as they would be at the next sign-in."""
    dn = directory.add_person("mara", "right", employeeType="staff")
    way = make_way(lookup_dn_search_filter="(&(uid={login})(employeeType=staff))")
    before = check(way, "mara", "right")
    assert refreshed(way, before) is not None
    directory.set(dn, "employeeType", "former")
    assert refreshed(way, before) is None
    assert check(way, "mara", "right") is None


def test_a_filter_lets_people_in(directory: Slapd, make_way: MakeWay) -> None:
    """allowed_filter admits whom it matches, and at the next look nobody whom it does not match any more."""
    dn = directory.add_person("nils", "right", departmentNumber="42")
    way = make_way(way={"allow_all": False, "allowed_filter": "(departmentNumber=42)"})
    assert way.rules()
    found = check(way, "nils", "right")
    assert found is not None
    assert way.allows("nils", found)
    directory.set(dn, "departmentNumber", "43")
    later = refreshed(way, found)
    assert later is not None
    assert not way.allows("nils", later)


def test_without_a_rule_nobody_is_let_in(directory: Slapd, make_way: MakeWay) -> None:
    """Who has the right password is somebody, and is let in by a rule alone."""
    directory.add_person("olga", "right")
    way = make_way(way={"allow_all": False})
    found = check(way, "olga", "right")
    assert found is not None
    assert not way.rules()
    assert not way.allows("olga", found)


def test_who_cannot_be_told_is_refused(directory: Slapd, make_way: MakeWay) -> None:
    """Somebody without the attribute that tells who they are, or what they are called, is refused with what is missing;
    a name is no substitute."""
    directory.add_person("paul", "right")
    for traits, reason in (
        ({"subject_attribute": "employeeNumber"}, "no-subject"),
        ({"name_attribute": "mail"}, "no-name"),
    ):
        with pytest.raises(Refused) as refused:
            check(make_way(**traits), "paul", "right")
        assert refused.value.reason == reason
        assert "paul" in refused.value.detail
        assert "site/ldap.yaml" in refused.value.remedy


@pytest.mark.parametrize(
    ("traits", "said"),
    [
        ({"lookup_dn_search_password": "wrong"}, "LDAP_BIND_PASSWORD"),
        ({"lookup_dn_search_password": None}, "LDAP_BIND_PASSWORD"),
        ({"lookup_dn_search_user": f"cn=none,{slapd.SUFFIX}"}, "bind_dn"),
        ({"user_search_base": f"ou=none,{slapd.SUFFIX}"}, "there is no 'ou=none"),
        ({"lookup_dn_search_user": None, "lookup_dn_search_password": None}, "bind_dn"),
    ],
)
def test_what_is_wrong_with_the_hub_is_no_wrong_password(
    directory: Slapd, make_way: MakeWay, traits: dict[str, Any], said: str
) -> None:
    """A bind_dn, password or base of the hub that is wrong is told to the operator. The library finds nobody then."""
    with pytest.raises(Unreachable, match=said):
        check(make_way(**traits), "anybody", "right")


def test_groups_of_groups(directory: Slapd, make_way: MakeWay) -> None:
    """Somebody's groups are found by the groups' members and by their own entry, groups of groups too, also where two
    contain each other; nothing else is."""
    member = directory.add_person("rosa", "right")
    physics = directory.add_group("Theoretical Physics", member)
    science = directory.add_group("science", physics)
    directory.add_group("chemistry", directory.add_person("sven", "right"))
    with directory.root() as connection:
        connection.modify(physics, {"member": [("MODIFY_ADD", [science])]})
    nested = {"ldap-theoretical-physics", "ldap-science"}
    for source in ("search", "member-of"):
        found = check(make_way(groups_from=source), "rosa", "right")
        assert found is not None
        assert found.groups == frozenset(nested)
        found = check(make_way(groups_from=source, nested_groups=False), "rosa", "right")
        assert found is not None
        assert found.groups == frozenset({"ldap-theoretical-physics"})


def test_groups_elsewhere_do_not_count(directory: Slapd, make_way: MakeWay) -> None:
    """A group outside of groups.base, which others may be free to make, is none of the same name within it."""
    member = directory.add_person("tara", "right")
    directory.add_group("staff", member, under=PEOPLE)
    for source in ("search", "member-of"):
        found = check(make_way(groups_from=source), "tara", "right")
        assert found is not None
        assert found.groups == frozenset()


def test_a_group_of_unix_accounts(directory: Slapd, make_way: MakeWay) -> None:
    """A group that lists names instead of entries counts, too."""
    directory.add_person("udo", "right")
    with directory.root() as connection:
        at = f"cn=unix,{slapd.GROUPS}"
        connection.add(at, "posixGroup", {"cn": "unix", "gidNumber": 5000, "memberUid": ["udo"]})
    found = check(make_way(groups_from="search"), "udo", "right")
    assert found is not None
    assert found.groups == frozenset({"ldap-unix"})


def test_administrators_by_a_group(directory: Slapd, make_way: MakeWay) -> None:
    """Members of an admin group are administrators, others are not, and without one the directory says nothing of
    it."""
    dn = directory.add_person("vera", "right")
    directory.add_group("wheel", dn)
    directory.add_person("willi", "right")
    way = make_way(way={"admin_groups": {"ldap-wheel"}}, groups_from="search")
    said = {name: check(way, name, "right").admin for name in ("vera", "willi")}  # type: ignore[union-attr]
    assert said == {"vera": True, "willi": False}
    plain = check(make_way(), "vera", "right")
    assert plain is not None
    assert plain.admin is None


def test_groups_are_read_as_bind_dn(directory: Slapd, make_way: MakeWay) -> None:
    """People of this directory may not read its groups: what is said of them is read as bind_dn, and their password is
    still what lets them in."""
    dn = directory.add_person("xenia", "right")
    directory.add_group("readers", dn)
    found = check(make_way(groups_from="search"), "xenia", "right")
    assert found is not None
    assert found.groups == frozenset({"ldap-readers"})
    service = {name: SEARCHES[name] for name in ("lookup_dn_search_user", "lookup_dn_search_password")}
    way = make_way(**TEMPLATE | service, groups_from="search")
    assert check(way, "xenia", "right") == found
    assert refreshed(way, found) == found
    directory.remove(dn)
    assert refreshed(way, found) is None
