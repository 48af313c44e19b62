"""generator/schema/settings.py: what a value may be, and what is said of one that may not."""

from __future__ import annotations

import pytest

from generator.schema import settings as subject
from generator.schema.settings import Settings, validation_faults
from tests.sample_settings import OTHER_VALUES, TOKEN, settings

SPECS = subject.specs()
NAMES = [spec.name for spec in SPECS]


def fault(name: str, value: str) -> str:
    """What is said of one value, all else being right."""
    checked, faults = validation_faults({"CONFIGPROXY_AUTH_TOKEN": TOKEN, name: value})
    assert checked is None, f"{name}={value} is accepted"
    ((found, cause),) = faults
    assert found == name
    return cause


REFUSED = [
    ("COMPOSE_PROJECT_NAME", ["", "Biology", "_a", "-a", "a b", "a.b", "a" * 32, "a\n"], "must be "),
    ("JUPYTERHUB_ADMIN", ["", "Admin", "-rf", "a b", "../a", "ä", "a" * 65, "a\n"], "must be "),
    ("HUB_IP", ["", "localhost", "1.2.3", "0.0.0.0/0", "[::1]", "fe80::1%eth0"], "is not an IP address"),
    (
        "HUB_PORT",
        ["", "http", "8000.0", "8_000", "+8000", " 8000", "08000", "0x50", "\u0668"],
        "is not a whole number",
    ),
    ("HUB_PORT", ["0", "-1"], "must be at least 1"),
    ("HUB_PORT", ["65536"], "must be at most 65535"),
    ("BASE_URL", ["biology", "/biology", "biology/"], "must start and end with a slash: /biology/"),
    ("BASE_URL", [""], "must start and end with a slash: /"),
    ("BASE_URL", ["/a b/", "a b", " /a/"], "contains a space"),
    ("BASE_URL", ["/a/\n", "/ä/", "/a?b/", "/%61/"], "letters, digits, - _ . and slashes"),
    ("BASE_URL", ["/a//b/", "/a/b//"], "holds two slashes in a row: /a/b/"),
    ("BASE_URL", ["//"], "holds two slashes in a row: /"),
    ("BASE_URL", ["http://example.org/a/"], "is a whole address"),
    ("BASE_URL", ["/../", "/.a/"], "begins with a dot"),
    ("TRUSTED_PROXIES", ["caddy", "10.1.2.3/8", "127.0.0.1 10.1.2.3"], "no address or network such as 127.0.0.1"),
    ("AUTH", ["", "Native", "pigeon", "native, dummy", "native;dummy", "native,"], "is no way to sign in"),
    ("AUTH", ["native,native"], "names native twice"),
    ("AUTH", ["native,dummy"], "it stands alone"),
    ("PASSWORD_MIN_LENGTH", ["7"], "must be at least 8"),
    ("PASSWORD_MIN_LENGTH", ["73"], "must be at most 72"),
    ("LOGIN_ATTEMPTS", ["0"], "must be at least 1"),
    ("LOGIN_LOCKOUT_SECONDS", ["10 min", "600s"], "is not a whole number"),
    ("DOCKER_NOTEBOOK_IMAGE", ["-a", "a b", "A/b", "a;b", 'a"b', "a\n"], "must be "),
    ("LAB_MEMORY", ["", "1", "1073741824", "1g", "1 G", "1GB", "1Gi", "-1G", "G", "1.G", "\uff11G"], "is not a size"),
    ("LAB_MEMORY", ["63M", "1025G", "2T", "0G"], "must be at least 64M and at most 1T"),
    ("LAB_CPUS", ["", "two", "1,5", "nan", "inf", "1e1", "1_0", " 1", "50%"], "is not a number"),
    ("LAB_CPUS", ["0", "-1", "0.05"], "must be at least 0.1"),
    ("LAB_PIDS", ["63"], "must be at least 64"),
    ("LAB_SUBNET", ["", "10.0.0.0/33", "10.213.0.1/20", "fd00::/64", "labs"], "is not a network"),
    ("LAB_SUBNET", ["10.0.0.0/8", "10.0.0.0/25", "10.0.0.0", "8.8.0.0/20"], "must be a private network"),
    ("LAB_SUBNET", ["127.0.0.0/20", "169.254.0.0/16", "240.0.0.0/20"], "must be a private network"),
    ("LAB_SUBNET", ["10.213.0.0/255.255.240.0"], "must be a private network"),
    ("CULL_IDLE_SECONDS", ["-1"], "must be at least 0"),
    ("LOG_LEVEL", ["info", "VERBOSE"], "must be 'DEBUG', 'INFO', 'WARN' or 'ERROR'"),
    ("ENGINE_SOCKET", ["", "docker.sock", "unix:///run/docker.sock", "/run/a:b"], "must be an absolute path"),
    ("INSTALL_ENGINE", ["yes", "true"], "must be 'ask', 'always' or 'never'"),
    ("CONFIGPROXY_AUTH_TOKEN", [""], "is empty"),
    (
        "CONFIGPROXY_AUTH_TOKEN",
        ["changeme", "CHANGE-ME", "<token>", "xxxx", "secret", "todo"],
        "is still a placeholder",
    ),
    ("CONFIGPROXY_AUTH_TOKEN", [TOKEN[1:], TOKEN + "0", TOKEN.upper(), "z" * 64], "must be 64 hexadecimal digits"),
]


@pytest.mark.parametrize(
    ("name", "value", "cause"), [(name, value, cause) for name, values, cause in REFUSED for value in values]
)
def test_a_wrong_value_is_refused_in_words(name: str, value: str, cause: str) -> None:
    """A wrong type, unit, range or form is told in an operator's words, for that setting alone."""
    assert cause in fault(name, value)


ACCEPTED = [
    ("HUB_IP", "::", "::"),
    ("HUB_PORT", "65535", 65535),
    ("BASE_URL", "/a/b-c_d.e/", "/a/b-c_d.e/"),
    ("LAB_MEMORY", "64M", 64 * 2**20),
    ("LAB_MEMORY", "1.5G", 3 * 2**29),
    ("LAB_MEMORY", "1T", 2**40),
    ("LAB_CPUS", "0.5", 0.5),
    ("LAB_CPUS", "2", 2.0),
    ("LAB_SUBNET", "192.168.4.0/24", "192.168.4.0/24"),
    ("LAB_SUBNET", "172.16.0.0/16", "172.16.0.0/16"),
    ("CULL_IDLE_SECONDS", "0", 0),
    ("JUPYTERHUB_ADMIN", "a.b_c@d+e-f", "a.b_c@d+e-f"),
]


@pytest.mark.parametrize(("name", "value", "meant"), ACCEPTED)
def test_a_value_means_what_its_unit_says(name: str, value: str, meant: object) -> None:
    """Sizes become bytes by powers of 1024; the ends of each range are in it."""
    assert getattr(settings(**{name: value}), name) == meant


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_takes_its_sample(name: str) -> None:
    """The tests' sample of each setting is valid and is not the default, so other tests can tell the two apart."""
    assert getattr(settings(**{name: OTHER_VALUES[name]}), name) != getattr(settings(), name)


def test_the_samples_are_of_settings() -> None:
    """A setting that was removed leaves no sample behind."""
    assert set(OTHER_VALUES) == set(NAMES)


def test_the_defaults_are_valid_together() -> None:
    """A fresh deployment needs its secrets and nothing else."""
    checked, faults = validation_faults({"CONFIGPROXY_AUTH_TOKEN": TOKEN})
    assert faults == []
    assert checked is not None
    assert list(checked.all_cross_checks()) == []


def test_all_faults_are_found_in_one_pass() -> None:
    """Three wrong settings are three faults, so an operator fixes them together."""
    _, faults = validation_faults({"HUB_PORT": "x", "AUTH": "x"})
    assert sorted(name for name, _ in faults) == ["AUTH", "CONFIGPROXY_AUTH_TOKEN", "HUB_PORT"]


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.about.secret], ids=lambda spec: spec.name)
def test_a_secret_is_generated_and_never_a_default(spec: subject.Spec) -> None:
    """Every secret has a generator that makes a valid one, different each time, and no default that all share; one
    that somebody else gives has none, and may be left out."""
    assert not spec.default
    if spec.about.generate is None:
        assert settings(**{spec.name: ""})
        return
    first, second = spec.about.generate(), spec.about.generate()
    assert first != second
    settings(**{spec.name: first})


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_setting_is_described(spec: subject.Spec) -> None:
    """An operator finds a sentence, a group and, for a quantity, its unit with every setting."""
    assert spec.description.endswith(".")
    assert spec.about.group in subject.groups()
    assert spec.about.consumers
    quantity = spec.type in ("size", "number") or spec.name.endswith("_SECONDS")
    assert spec.about.unit or not quantity
    if spec.name.endswith("_SECONDS"):
        assert spec.about.unit == "seconds"


@pytest.mark.parametrize(
    ("address", "refused"),
    [("127.0.0.1", False), ("127.8.8.8", False), ("::1", False), ("0.0.0.0", True), ("::", True), ("192.0.2.1", True)],
)
def test_dummy_sign_in_is_for_loopback_alone(address: str, refused: bool) -> None:
    """AUTH=dummy on an address that others can reach is refused: it lets anyone in as the administrator."""
    found = [name for name, _, _ in settings(AUTH="dummy", HUB_IP=address).all_cross_checks()]
    assert found == (["AUTH"] if refused else [])


@pytest.mark.parametrize(
    ("proxies", "address", "refused"),
    [
        ("", "0.0.0.0", False),
        ("10.1.2.3,10.2.0.0/16,2001:db8::/64", "0.0.0.0", False),
        ("127.0.0.1", "127.0.0.1", False),
        ("::1", "::1", False),
        ("127.0.0.1", "0.0.0.0", True),
        ("10.1.2.3,127.0.0.0/8", "192.0.2.1", True),
        ("0.0.0.0/0", "0.0.0.0", True),
        ("::/0", "0.0.0.0", True),
    ],
)
def test_this_machine_is_believed_where_nobody_else_comes_in(proxies: str, address: str, refused: bool) -> None:
    """A web server on this machine reaches the proxy from an address that it may share with others, unless the port is
    published to this machine alone."""
    found = [name for name, _, _ in settings(TRUSTED_PROXIES=proxies, HUB_IP=address).all_cross_checks()]
    assert found == (["TRUSTED_PROXIES"] if refused else [])


def test_settings_cannot_be_changed_behind_their_readers() -> None:
    """Settings are frozen: what was checked is what is rendered."""
    with pytest.raises(ValueError, match="frozen"):
        settings().HUB_PORT = 1


def test_an_unknown_key_is_no_setting() -> None:
    """The schema itself refuses what it does not know."""
    with pytest.raises(ValueError, match="HUB_PROT"):
        Settings.model_validate({"CONFIGPROXY_AUTH_TOKEN": TOKEN, "HUB_PROT": "1"})


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, ""),
        ({"HUB_HOST": "hub.example.edu"}, "http://hub.example.edu:8000/"),
        ({"HUB_HOST": "hub.example.edu", "HUB_PORT": "80"}, "http://hub.example.edu/"),
        ({"HUB_HOST": "hub.example.edu", "TLS": "behind-proxy"}, "https://hub.example.edu/"),
        ({"HUB_HOST": "hub.example.edu", "TLS": "behind-proxy", "BASE_URL": "/a/"}, "https://hub.example.edu/a/"),
        ({"HUB_HOST": "2001:db8::1", "TLS": "behind-proxy", "HTTPS_PORT": "8443"}, "https://[2001:db8::1]:8443/"),
    ],
)
def test_the_public_address_is_what_people_type(values: dict[str, str], url: str) -> None:
    """Scheme, name, port and path of HUB_HOST, TLS, the ports and BASE_URL; nothing without a name."""
    assert settings(**values).public_url == url


@pytest.mark.parametrize("host", ["hub.example.edu", "hub", "192.0.2.7", "2001:db8::7", "xn--mnchen-3ya.example"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    """What people can type as a host is taken."""
    assert host == settings(HUB_HOST=host).HUB_HOST


@pytest.mark.parametrize(
    "host",
    ["https://hub.example.edu", "hub.example.edu/", "hub.example.edu:443", "a b", "Hub.Example", "-a.example", "a..b",
     "ex\u00e4mple.edu", "a_b.example", "a" * 64, "hub.example."],
)  # fmt: skip
def test_a_host_that_is_more_than_a_name_is_refused(host: str) -> None:
    """A whole address, a port, capitals and what is no name are told."""
    assert "name" in fault("HUB_HOST", host)


def test_tls_needs_a_name_and_who_speaks_it() -> None:
    """TLS=behind-proxy without the name that people type, or the server in front, is refused with both."""
    found = [name for name, _, _ in settings(TLS="behind-proxy").all_cross_checks()]
    assert found == ["HUB_HOST", "TRUSTED_PROXIES"]
