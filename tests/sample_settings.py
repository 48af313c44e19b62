"""Values for tests: for every setting one that is valid and is not its default."""

from __future__ import annotations

from pathlib import Path

from generator.schema.settings import Settings, specs

TOKEN = "0123456789abcdef" * 4

OTHER_VALUES = {spec.name: spec.about.example for spec in specs() if spec.about.example} | {
    "LAB_CERTIFICATES": str(Path(__file__).with_name("private-ca.pem")),  # a file that is there
    "ACME_ROOT": str(Path(__file__).with_name("private-ca.pem")),
    "CONFIGPROXY_AUTH_TOKEN": "fedcba9876543210" * 4,
    "JUPYTERHUB_CRYPT_KEY": "0f1e2d3c4b5a6978" * 4,
    "METRICS_TOKEN": "1032547698badcfe" * 4,
    "SSO_SECRET": "8796a5b4c3d2e1f0" * 4,
}


def settings(**values: str) -> Settings:
    """Settings as `.env` would give them: text values, a secret, defaults for the rest, but nothing of the network of
    the machine that the tests run on."""
    network = dict.fromkeys(("LAB_CERTIFICATES", "LAB_PROXY", "LAB_PIP_INDEX"), "off")
    return Settings.model_validate({"CONFIGPROXY_AUTH_TOKEN": TOKEN, **network, **values})
