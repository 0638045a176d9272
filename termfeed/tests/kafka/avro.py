#!/usr/bin/env python3
"""Avro by another engine (fastavro), for the tests of termfeed's.

usage: avro.py write SCHEMA ID FILE…   JSON lines on standard input, a message into each file
       avro.py read SCHEMA FILE…       each message as a line: the schema's id and the record
"""

import datetime
import decimal
import io
import json
import struct
import sys

import fastavro


def written(record):
    if "amount" in record:
        record["amount"] = decimal.Decimal(record["amount"])
    if "at" in record:
        record["at"] = datetime.datetime.fromisoformat(record["at"])
    return record


def main():
    schema = fastavro.parse_schema(json.load(open(sys.argv[2])))
    if sys.argv[1] == "write":
        for name, line in zip(sys.argv[4:], sys.stdin):
            message = io.BytesIO()
            message.write(struct.pack(">bI", 0, int(sys.argv[3])))
            fastavro.schemaless_writer(message, schema, written(json.loads(line)))
            open(name, "wb").write(message.getvalue())
    else:
        for name in sys.argv[3:]:
            message = open(name, "rb")
            magic, number = struct.unpack(">bI", message.read(5))
            record = fastavro.schemaless_reader(message, schema)
            assert magic == 0 and not message.read()
            print(number, *(f"{key}={value}" for key, value in record.items()))


main()
