"""Sends lines of standard input to Kinesis, a hundred at a time, some thousand a second. usage: send.py STREAM"""
import sys
import time
from itertools import islice

import boto3


def batched(lines, most):
    lines = iter(lines)
    while some := list(islice(lines, most)):
        yield some


kinesis = boto3.client("kinesis")
stream = sys.argv[1]
for number, some in enumerate(batched(sys.stdin.buffer, 100)):
    records = [{"Data": line.rstrip(b"\n"), "PartitionKey": str(100 * number + at)} for at, line in enumerate(some)]
    while records:
        answers = kinesis.put_records(StreamName=stream, Records=records)["Records"]
        records = [record for record, answer in zip(records, answers) if "ErrorCode" in answer]
    time.sleep(0.05)
