"""What Prometheus and Grafana are given, read by Prometheus' own tool."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests import debian_packages
from tests.hub_deployment import ROOT

FOLDER = ROOT / "docs/monitoring"


@pytest.fixture(scope="module")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Debian's, without the server beside it; the package is of its own from Debian 13 on."""
    return debian_packages.unpack("promtool", tmp_path_factory.mktemp("debian"), "promtool", "prometheus")


def checked(promtool: str, *arguments: str) -> None:
    """Have it check something."""
    done = subprocess.run([promtool, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_raised_and_is_not(promtool: str) -> None:
    """By figures that call for it, and not by such as are well; none is left untried."""
    checked(promtool, "check", "rules", "alerts.yml")
    checked(promtool, "test", "rules", "alerts-test.yml")
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
    tried = yaml.safe_load((FOLDER / "alerts-test.yml").read_text())["tests"]
    raised = {one["alert_rule_test"][0]["alertname"] for one in tried if one["alert_rule_test"][0]["exp_alerts"]}
    quiet = {one["alert_rule_test"][0]["alertname"] for one in tried if not one["alert_rule_test"][0]["exp_alerts"]}
    assert raised == quiet == {rule["alert"] for rule in rules}


def test_a_wrong_alert_is_found_out(promtool: str, tmp_path: Path) -> None:
    """An alert that is never raised fails its test: the tests can fail."""
    text = (FOLDER / "alerts.yml").read_text()
    (tmp_path / "alerts.yml").write_text(text.replace("homeroom_history_written == 0", "homeroom_history_written == 7"))
    (tmp_path / "alerts-test.yml").write_text((FOLDER / "alerts-test.yml").read_text())
    done = subprocess.run(
        [promtool, "test", "rules", "alerts-test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "HomeroomHistoryNotWritten" in done.stdout + done.stderr


def test_the_example_of_a_scrape_is_one(promtool: str) -> None:
    """Prometheus takes it as it stands; the token is in a file of its own."""
    checked(promtool, "check", "config", "--syntax-only", "prometheus.yml")
    (scrape,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    assert scrape["authorization"].keys() == {"credentials_file"}


def test_the_dashboards_questions_are_prometheus_own(promtool: str, tmp_path: Path) -> None:
    """Each can be parsed, once its variables have values."""
    dashboard = json.loads((FOLDER / "dashboard.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(asked)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert len(asked) >= 20
    checked(promtool, "check", "rules", str(path))
