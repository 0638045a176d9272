#!/usr/bin/env bash
# What can be known of the compose file without an engine: that it follows the Compose specification, that
# what it names is there, and that Prometheus takes its settings and its alerts.
# usage: docker/check.sh TOOLS      (a folder for Python packages; from the repository)
set -euo pipefail
export PYTHONPATH=$1
python3 -c 'import check_jsonschema' 2>/dev/null ||
  python3 -m pip install -q --target "$1" check-jsonschema
export POSTGRES_PASSWORD=a GRAFANA_PASSWORD=b TERMFEED_TOKEN=c
python3 -m check_jsonschema --builtin-schema vendor.compose-spec docker/compose.yml
python3 - <<'PYTHON'
import json
import os
import re
from ruamel.yaml import YAML

compose = YAML(typ="safe").load(open("docker/compose.yml"))
services, volumes = compose["services"], compose["volumes"]
stages = re.findall(r"^FROM .* AS (\S+)", open("docker/Dockerfile").read(), re.M)
for name, service in services.items():
    for other, how in service.get("depends_on", {}).items():
        # Waits for what it needs to be ready, or done, and not only begun.
        wanted = "service_healthy" if "healthcheck" in services[other] else "service_completed_successfully"
        assert how["condition"] == wanted, f"{name} depends on {other}"
        assert wanted == "service_healthy" or services[other]["restart"] == "no", other
    for mount in service.get("volumes", []):
        source = mount.split(":")[0]
        there = source in volumes or os.path.exists(os.path.join("docker", source))
        assert there, f"{name} mounts {source}"
    if "build" in service:
        assert service["build"]["target"] in stages, name
    image = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", service["image"])
    assert re.search(r":v?\d+\.\d+", image), f"{name}: {image} has no fixed version"
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:"), f"{name} listens beyond this machine"
    check = service.get("healthcheck", {}).get("test", [])
    if check[:2] == ["CMD", "healthy"]:
        listens = [*service["command"], service["environment"]["TERMFEED_METRICS_LISTEN"]]
        assert f"0.0.0.0:{check[2]}" in listens, f"{name} is asked for its health at {check[2]}"
    assert name == "topics" or "healthcheck" in service, f"{name} has no health check"
for target in re.search(r"targets: (\[.*\])", open("docker/prometheus/prometheus.yml").read())[1].strip("[]").split(","):
    assert target.strip().strip('"').split(":")[0] in services, target
dashboard = json.load(open("docker/grafana/dashboards/termstream.json"))
sources = {"prometheus", "termstream"}
for panel in dashboard["panels"]:
    assert panel["title"] and panel["description"] and panel["datasource"]["uid"] in sources
shown = json.dumps(dashboard["panels"])
for promised in ["rows_total", "rejects_total", "lag_messages", "service_duration_seconds", "copy_duration_seconds",
                 "commit_duration_seconds", "circuit_state", "outbox_waiting_rows", "last_errors()"]:
    assert promised in shown, f"no panel shows {promised}"
print(len(services), "services,", len(dashboard["panels"]), "panels")
PYTHON
(cd docker/prometheus && promtool check config prometheus.yml && promtool test rules alerts_test.yml)
