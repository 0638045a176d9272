"""The part of Kinesis that moto has not: shards that end as Amazon's do, throttling, iterators that expire.

usage: shards.py FOLDER     prints its address

PUT /shard {"id":, "parents": [], "records": [..], "ended": bool} makes or changes a shard.
FOLDER/trouble: "none", "throttle" (every second question for records), "expire" (every iterator once).
"""
import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

folder = Path(sys.argv[1])
shards = {}
used = {}
lock = threading.Lock()
questions = 0


def list_shards(_):
    found = []
    for name, shard in shards.items():
        ending = {"EndingSequenceNumber": str(10**55 + len(shard["records"]))} if shard["ended"] else {}
        one = {
            "ShardId": name,
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "1"},
            "SequenceNumberRange": {"StartingSequenceNumber": str(10**55), **ending},
        }
        one.update(zip(("ParentShardId", "AdjacentParentShardId"), shard["parents"]))
        found.append(one)
    return {"Shards": found}


def get_shard_iterator(question):
    start = 0
    if question["ShardIteratorType"] == "AFTER_SEQUENCE_NUMBER":
        start = int(question["StartingSequenceNumber"]) - 10**55
    used[len(used)] = 0
    return {"ShardIterator": f"{question['ShardId']} {start} {len(used)}"}


def get_records(question):
    global questions
    questions += 1
    trouble = (folder / "trouble").read_text().strip()
    if trouble == "throttle" and questions % 2:
        raise ValueError("ProvisionedThroughputExceededException")
    name, start, number = question["ShardIterator"].split()
    if trouble == "expire" and int(number) % 2:
        raise ValueError("ExpiredIteratorException")
    shard, start = shards[name], int(start)
    end = min(start + min(question["Limit"], 7), len(shard["records"]))
    records = [
        {
            "SequenceNumber": str(10**55 + at + 1),
            "Data": base64.b64encode(shard["records"][at].encode()).decode(),
            "PartitionKey": "key",
            "ApproximateArrivalTimestamp": 1.7e9 + at,
        }
        for at in range(start, end)
    ]
    answer = {"Records": records, "MillisBehindLatest": 1000 * (len(shard["records"]) - end)}
    if not (shard["ended"] and end == len(shard["records"])):
        answer["NextShardIterator"] = f"{name} {end} {number}"
    return answer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def do_PUT(self):
        change = self.body()
        with lock:
            new = {"parents": [], "records": [], "ended": False}
            shard = shards.setdefault(change["id"], new)
            shard["records"] += change.get("records", [])
            shard["parents"] = change.get("parents", shard["parents"])
            shard["ended"] = change.get("ended", shard["ended"])
        self.answer(200, {})

    def do_POST(self):
        what = {
            "ListShards": list_shards,
            "GetShardIterator": get_shard_iterator,
            "GetRecords": get_records,
        }[self.headers["X-Amz-Target"].split(".")[1]]
        question = self.body()
        with lock:
            try:
                status, answer = 200, what(question)
            except ValueError as error:
                status, answer = 400, {"__type": str(error), "message": "as the test wants it"}
        self.answer(status, answer)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
