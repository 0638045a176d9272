#!/usr/bin/env python3
"""Stands in for a schema registry: the part of Confluent's REST interface that termfeed uses.

usage: registry.py PORT      (on loopback; schemas in memory)
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

schemas = []  # The id of a schema is its place, from 1.


class Registry(BaseHTTPRequestHandler):
    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        parts = self.path.strip("/").split("/")
        if parts == ["subjects"]:
            self.answer(200, [])
        elif parts[:2] == ["schemas", "ids"] and 1 <= int(parts[2]) <= len(schemas):
            self.answer(200, {"schema": schemas[int(parts[2]) - 1]})
        else:
            self.answer(404, {"error_code": 40403, "message": "Schema not found"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body["schema"] not in schemas:
            schemas.append(body["schema"])
        self.answer(200, {"id": schemas.index(body["schema"]) + 1})


HTTPServer(("127.0.0.1", int(sys.argv[1])), Registry).serve_forever()
