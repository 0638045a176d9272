"""A service for tests: answers as the rows themselves and a file say.

usage: service.py FOLDER    prints its address

A row's field "do" tells what becomes of a question with it: a status (400, 500 …), "short" (its answer
is left out), "other" (answered under another id), "twice", "garbage" (no JSON), "hang".
FOLDER/mode tells what becomes of every question: "up", a status, "429" with Retry-After: 2, "slow".
GET /health tells whether the mode is no status.
FOLDER/asked has a line for each question: seconds, status, ids.
"""
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

folder = Path(sys.argv[1])
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        mode = (folder / "mode").read_text().strip()
        self.send_response(int(mode) if mode.isdigit() else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rows = question if isinstance(question, list) else [question]
        mode = (folder / "mode").read_text().strip()
        status, body = self.answer(question, rows, mode)
        with lock, open(folder / "asked", "a") as log:
            print(f"{time.time():.3f}", status, *(row["id"] for row in rows), file=log)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if mode == "429":
            self.send_header("Retry-After", "2")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self, question, rows, mode):
        if mode.isdigit():
            return int(mode), {"error": "not now"}
        if mode == "slow":
            time.sleep(0.3)
        answers = []
        for row in rows:
            do = str(row.get("do", ""))
            if do.isdigit():
                return int(do), {"error": f"row {row['id']} is bad"}
            if do == "garbage":
                return 200, b"<html>"
            if do == "hang":
                time.sleep(600)
            answer = {"id": row["id"], "double": 2 * row["id"]}
            if do == "other":
                answer["id"] = -1
            if do != "short":
                answers.append(answer)
            if do == "twice":
                answers.append(answer)
        return 200, answers if isinstance(question, list) else answers[0]


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_address[1]}/predict", flush=True)
server.serve_forever()
