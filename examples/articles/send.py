"""Sends lines of standard input to Kinesis, a thousand at a time. usage: send.py STREAM"""
import sys
import time

import boto3

kinesis = boto3.client("kinesis")
stream = sys.argv[1]
lines = sys.stdin.buffer.read().splitlines()
for start in range(0, len(lines), 500):
    some = lines[start : start + 500]
    records = [{"Data": line, "PartitionKey": str(start + at)} for at, line in enumerate(some)]
    while records:
        answers = kinesis.put_records(StreamName=stream, Records=records)["Records"]
        records = [record for record, answer in zip(records, answers) if "ErrorCode" in answer]
    if start % 1000:
        time.sleep(0.2)
