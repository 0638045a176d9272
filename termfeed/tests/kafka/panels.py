"""Which queries of the dashboard, and which series of the alerts, a running Prometheus has nothing for.

usage: panels.py PROMETHEUS_URL     prints a line for each, or "all there"

A condition like "> 0" is left out: whether there is a series is asked, not what it says today. A label that the
legend shows must be in what is found.
"""
import json
import re
import sys
import urllib.parse
import urllib.request

url = sys.argv[1]
missing = []


def series(query):
    data = urllib.parse.urlencode({"query": query}).encode()
    with urllib.request.urlopen(url + "/api/v1/query", data) as answer:
        return [one["metric"] for one in json.load(answer)["data"]["result"]]


dashboard = json.load(open("docker/grafana/dashboards/termstream.json"))
for panel in dashboard["panels"]:
    for target in panel.get("targets", []):
        if "expr" not in target:
            continue
        query = target["expr"].replace("$stream", ".*").replace("$__rate_interval", "1m")
        found = series(re.sub(r"\s*>\s*0\s*$", "", query))
        if not found:
            missing.append(f'panel "{panel["title"]}": nothing for {query}')
        for label in re.findall(r"\{\{\s*(\w+)\s*\}\}", target.get("legendFormat", "")):
            if not all(label in one for one in found):
                missing.append(f'panel "{panel["title"]}": no label {label} in {query}')
for name in sorted(set(re.findall(r"termfeed_\w+", open("docker/prometheus/alerts.yml").read()))):
    if not series(name):
        missing.append(f"alerts: no series {name}")
print(*missing or ["all there"], sep="\n")
