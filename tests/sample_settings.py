"""Values for tests: for every setting one that is valid and is not its default."""

from __future__ import annotations

from pathlib import Path

from generator.schema.settings import Settings

TOKEN = "0123456789abcdef" * 4

OTHER_VALUES = {
    "COMPOSE_PROJECT_NAME": "biology",
    "JUPYTERHUB_ADMIN": "grace",
    "TIMEZONE": "Europe/Vienna",
    "HUB_IP": "127.0.0.1",
    "HUB_PORT": "8001",
    "BASE_URL": "/biology/",
    "TRUSTED_PROXIES": "10.1.2.3,10.1.3.0/24",
    "AUTH": "dummy",
    "PASSWORD_MIN_LENGTH": "12",
    "LOGIN_ATTEMPTS": "7",
    "LOGIN_LOCKOUT_SECONDS": "60",
    "DOCKER_NOTEBOOK_IMAGE": "quay.io/jupyter/minimal-notebook:2026-11-02",
    "LAB_FEATURES": "myst,science",
    "LAB_MEMORY": "2G",
    "LAB_LANG": "de_AT.UTF-8",
    "LAB_CPUS": "0.5",
    "LAB_PIDS": "2048",
    "LAB_OPEN_FILES": "2000",
    "LAB_SUBNET": "10.214.0.0/22",
    "LAB_FIREWALL": "off",
    "LAB_OPEN_NETWORKS": "10.1.2.0/24,10.9.8.7:443",
    "LAB_CERTIFICATES": str(Path(__file__).with_name("private-ca.pem")),
    "LAB_PROXY": "http://proxy.example.edu:3128",
    "LAB_PIP_INDEX": "https://packages.example.edu/simple",
    "LAB_START_TIMEOUT_SECONDS": "60",
    "LABS_PER_PERSON": "2",
    "LABS_MEMORY": "6G",
    "LABS_CPUS": "6",
    "QUEUE_SECONDS": "60",
    "PREWARM_AT_ONCE": "7",
    "CULL_IDLE_SECONDS": "7200",
    "GPU_IDLE_SECONDS": "600",
    "KERNEL_IDLE_SECONDS": "7200",
    "HOMES": "/srv/homes",
    "HOME_SOFT_LIMIT": "2G",
    "HOME_HARD_LIMIT": "3G",
    "HUB_MEMORY": "2G",
    "PROXY_MEMORY": "1G",
    "GUARD_MEMORY": "300M",
    "LOG_LEVEL": "DEBUG",
    "ENGINE_SOCKET": "/run/podman/podman.sock",
    "INSTALL_ENGINE": "never",
    "CONFIGPROXY_AUTH_TOKEN": "fedcba9876543210" * 4,
}


def settings(**values: str) -> Settings:
    """Settings as `.env` would give them: text values, a secret, defaults for the rest, but nothing of the network of
    the machine that the tests run on."""
    network = dict.fromkeys(("LAB_CERTIFICATES", "LAB_PROXY", "LAB_PIP_INDEX"), "off")
    return Settings.model_validate({"CONFIGPROXY_AUTH_TOKEN": TOKEN, **network, **values})
