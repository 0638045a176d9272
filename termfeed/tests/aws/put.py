"""Puts lines of standard input into a Kinesis stream. usage: put.py STREAM [SHARDS: makes the stream]"""
import sys
import time

import boto3

kinesis = boto3.client("kinesis")
stream = sys.argv[1]
if len(sys.argv) > 2:
    kinesis.create_stream(StreamName=stream, ShardCount=int(sys.argv[2]))
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
lines = sys.stdin.buffer.read().splitlines()
for start in range(0, len(lines), 500):
    records = [
        {"Data": line, "PartitionKey": str(start + at)}
        for at, line in enumerate(lines[start : start + 500])
    ]
    while records:
        answer = kinesis.put_records(StreamName=stream, Records=records)
        failed = zip(records, answer["Records"])
        records = [record for record, one in failed if "ErrorCode" in one]
        if records:
            time.sleep(0.2)
