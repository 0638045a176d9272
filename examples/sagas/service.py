"""A small classification service: which saga is a text about? It fails now and then, as services do.

usage: service.py PORT [SEED]
POST /classify with a list of {"id", "text"} is answered by a list of {"id", "saga", "score"}. One question
in eight fails: 500, 503 with Retry-After, or no answer at all. A text with a sign that it cannot read is
answered 422, and the whole list with it.
"""
import json
import random
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from worlds import UNREADABLE, WORLDS

luck = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)


def classify(row):
    words = row["text"].lower().replace(",", " ").replace(".", " ").split()
    scores = {saga: sum(word in world["words"] for word in words) for saga, world in WORLDS.items()}
    saga = max(scores, key=scores.get)
    return {"id": row["id"], "saga": saga, "score": scores[saga] / len(words)}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        dice = luck.random()
        if dice < 0.05:
            self.answer(500, {"error": "out of memory"})
        elif dice < 0.10:
            self.answer(503, {"error": "too many requests"}, Retry_After="1")
        elif dice < 0.125:
            self.close_connection = True
        elif any(UNREADABLE in row["text"] for row in rows):
            self.answer(422, {"error": "a text has a sign that cannot be read"})
        else:
            self.answer(200, [classify(row) for row in rows])


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
