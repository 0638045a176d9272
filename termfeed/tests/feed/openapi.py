"""Whether the answers of a running termfeed are what its OpenAPI document says.

usage: openapi.py URL TOKEN, of a server with the stream "menu", some rejects in it, and the lexicon "brands".
Every operation is asked, well and badly; its status must be in the document, and its body as described
there, with no member more.
"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

url, token = sys.argv[1:3]


def fetch(method, path, body=None, headers=None):
    request = urllib.request.Request(url + path, body, {**(headers or {})}, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers.get_content_type(), answer.read()


DOCUMENT = json.loads(fetch("GET", "/openapi.json")[2])


def resolved(node):
    while "$ref" in node:
        target = DOCUMENT
        for name in node["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        node = target
    return node


KINDS = {"string": str, "integer": int, "number": (int, float), "object": dict, "array": list, "null": type(None)}


def hold(value, schema, place):
    schema = resolved(schema)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    assert not isinstance(value, bool), f"{place}: a boolean"
    assert not kinds or any(isinstance(value, KINDS[kind]) for kind in kinds), f"{place}: {value!r} is no {kinds}"
    assert value in schema.get("enum", [value]), f"{place}: {value!r} is none of {schema['enum']}"
    if isinstance(value, list):
        for number, item in enumerate(value):
            hold(item, schema["items"], f"{place}[{number}]")
    if isinstance(value, dict) and "properties" in schema:
        missing = set(schema["required"]) - set(value)
        assert not missing, f"{place}: {missing} are missing"
        unknown = set(value) - set(schema["properties"])
        assert not unknown, f"{place}: {unknown} are not described"
        for name, item in value.items():
            hold(item, schema["properties"][name], f"{place}.{name}")


asked = set()


def ask(method, path, wanted, template=None, body=None, media=None, known=True):
    template = template or path
    asked.add((template, method.lower()))
    headers = {"Content-Type": media} if media else {}
    if known:
        headers["Authorization"] = f"Bearer {token}"
    status, kind, content = fetch(method, path, body, headers)
    place = f"{method} {path}"
    assert status == wanted, f"{place}: {status}, not {wanted}: {content[:300]!r}"
    responses = DOCUMENT["paths"][template][method.lower()]["responses"]
    assert str(status) in responses, f"{place}: {status} is not described"
    described = resolved(responses[str(status)])["content"]
    assert kind in described, f"{place}: {kind} is not described"
    value = json.loads(content) if kind.endswith("json") else content.decode()
    hold(value, described[kind]["schema"], place)
    return value


ask("GET", "/streams", 200)
ask("GET", "/streams", 401, known=False)
stream = "/streams/{stream}"
ask("GET", "/streams/menu", 200, stream)
ask("GET", "/streams/none", 404, stream)
rows = b"menu_id,name\n1,pepsi\nx,pepsi\n"
ask("POST", "/streams/menu", 200, stream, rows, "text/csv")
ask("POST", "/streams/menu?commit_rows=1", 200, stream, b'{"menu_id": 1}', "application/x-ndjson")
ask("POST", "/streams/menu?header=match", 400, stream, b"x\n1\n", "text/csv")
ask("POST", "/streams/none", 404, stream, rows, "text/csv")
ask("POST", "/streams/menu", 415, stream, rows, "text/plain")
ask("POST", "/streams/menu", 401, stream, rows, "text/csv", known=False)
rejects = stream + "/rejects"
found = ask("GET", "/streams/menu/rejects", 200, rejects)
assert found, "no rejects to look at"
newest = found[0]["reject_id"]
assert ask("GET", f"/streams/menu/rejects?after={newest}", 200, rejects) == []
assert ask("GET", f"/streams/menu/rejects?before={newest}&limit=1", 200, rejects)[0] == found[1]
ask("GET", "/streams/menu/rejects?after=x", 400, rejects)
ask("GET", "/streams/none/rejects", 404, rejects)
retry = rejects + "/retry"
ask("POST", f"/streams/menu/rejects/retry?reject_id={newest}", 200, retry)
ask("POST", "/streams/menu/rejects/retry?reject_id=all", 400, retry)
ask("POST", "/streams/none/rejects/retry", 404, retry)
ask("GET", "/loads", 200)
ask("GET", "/loads?limit=x", 400, "/loads")
ask("GET", "/lexicons", 200)
match = "/lexicons/{lexicon}/match"
assert ask("GET", "/lexicons/brands/match?text=" + urllib.parse.quote("Pepsi & coca colla"), 200, match)
assert ask("POST", "/lexicons/brands/match", 200, match, "pepssi".encode(), "text/plain")
ask("POST", "/lexicons/brands/match", 400, match, b"\xff", "text/plain")
ask("POST", "/lexicons/brands/match", 413, match, b"x" * (2 << 20), "text/plain")
ask("GET", "/lexicons/none/match?text=x", 404, match)
ask("GET", "/lexicons/brands/match", 400, match)
for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
    ask("GET", path, 200, known=False)
for path, wanted in (("/nothing", 404), ("/loads", 405)):
    status, kind, content = fetch("PUT", path, b"", {"Authorization": f"Bearer {token}"})
    assert (status, kind) == (wanted, "application/problem+json"), f"PUT {path}: {status} {kind}"
    hold(json.loads(content), {"$ref": "#/components/schemas/Problem"}, path)

every = {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods}
assert asked == every, f"not asked: {every - asked}"
print(f"# {len(every)} operations answer as described")
