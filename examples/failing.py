"""A service that answers lists of rows, and fails now and then, as services do.

One question in eight fails: 500, 503 with Retry-After, or no answer at all, by a seed. A list with a row that
cannot be read is always answered 422.
"""
import json
import random
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Unreadable(Exception):
    pass


def serve(port, path, answer_of, seed=1):
    """Serves POST path: each row of the list is answered by answer_of(row), which may raise Unreadable."""
    luck = random.Random(seed)

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
            try:
                answers = [answer_of(row) for row in rows]
            except Unreadable as error:
                return self.answer(422, {"error": str(error)})
            if self.path != path:
                self.answer(404, {"error": f"there is {path}"})
            elif dice < 0.05:
                self.answer(500, {"error": "out of memory"})
            elif dice < 0.10:
                self.answer(503, {"error": "too many requests"}, Retry_After="1")
            elif dice < 0.125:
                self.close_connection = True
            else:
                self.answer(200, answers)

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
