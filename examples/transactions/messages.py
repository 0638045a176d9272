"""Payments as they happen: as JSON, or as Avro, which is written here by hand, so that termfeed reads
what it has not written. The same ones every time.

usage: messages.py json PAYMENTS            key<TAB>message lines on standard output
       messages.py avro PAYMENTS ID FOLDER  messages into files, by the schema payment.avsc, which has that id
       messages.py truth PAYMENTS           what is in them, as CSV: topic, kind, messages
"""
import json
import random
import struct
import sys
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import generate

# Of 50 messages, the last ones are of these kinds, one each.
KINDS = {
    "json": ["no amount", "no side", "wrong side", "opposite", "text for amount", "no date", "cut off",
             "unreadable", "twice", "corrected", "of the file"],
    "avro": ["no amount", "no side", "opposite", "unreadable", "twice", "of the file", "no Avro", "unknown schema"],
}
FIRST = {"json": 10_001, "avro": 20_001}


def kind_of(topic, number):
    kinds = KINDS[topic]
    return kinds[number % 50 - 50 + len(kinds)] if number % 50 >= 50 - len(kinds) else "fine"


def payment(rng, id):
    """As generate.py has it, in the types of a message."""
    one = {name: text.strip('"') for name, text in generate.row(rng, id).items()}
    return one | {"id": id, "amount": float(one["amount"].replace(",", "."))}


def of_the_file(number):
    """One that is in transactions.csv, and good there."""
    lines = (Path(__file__).parent / "transactions.csv").read_text().splitlines()
    for line in lines[number % 1900 + 1 :]:
        fields = [field.strip('"') for field in line.split(";")]
        if len(fields) == 7 and fields[0] != "7" and fields[0].isdigit() and int(fields[0]) % 25:
            one = dict(zip(generate.HEADER.split(";"), fields))
            return one | {"id": int(one["id"]), "description": one["description"] or None,
                          "amount": float(one["amount"].replace(",", "."))}


def payments(topic, count):
    """Each: what is wrong with it, and the payment."""
    rng = random.Random(topic)
    for number in range(count):
        kind = kind_of(topic, number)
        one = payment(rng, FIRST[topic] + number)
        changes = {
            "no amount": {"amount": None},
            "no side": {"side": None},
            "wrong side": {"side": "deposit"},
            "opposite": {"amount": -one["amount"]},
            "text for amount": {"amount": "much"},
            "no date": {"timestamp": "2024-02-30 10:00:00"},
            "unreadable": {"description": "Purchase \u2ff0"},
        }
        if kind == "of the file":
            one = of_the_file(number)
        yield kind, one | changes.get(kind, {})
        if kind == "twice":
            yield kind, one
        if kind == "corrected":
            yield kind, one | {"amount": -1.5, "side": "debit", "timestamp": "2025-01-01 00:00:00"}


def long(number):
    number = number << 1 if number >= 0 else (-number << 1) - 1
    while number > 127:
        yield number & 127 | 128
        number >>= 7
    yield number


def sized(content):
    return bytes(long(len(content))) + content


def optional(value, write):
    return bytes(long(0)) if value is None else bytes(long(1)) + write(value)


def text(value):
    return sized(value.encode())


def cents(value):
    whole = round(value * 100)
    return sized(whole.to_bytes((whole.bit_length() + 8) // 8, "big", signed=True))


def micros(value):
    when = datetime.fromisoformat(value).replace(tzinfo=timezone.utc)
    return bytes(long(int(when.timestamp()) * 1_000_000))


def avro(kind, one, schema):
    if kind == "no Avro":
        return json.dumps(one).encode()
    if kind == "unknown schema":
        schema = 99_999
    return struct.pack(">bI", 0, schema) + b"".join([
        bytes(long(one["id"])), optional(one["description"], text), optional(one["amount"], cents),
        micros(one["timestamp"]), text(one["merchant"]), text(one["operation_type"]), optional(one["side"], text)])


def main(what, count, *rest):
    if what == "json":
        for kind, one in payments("json", int(count)):
            message = json.dumps(one)
            print(one["id"], message[:-20] if kind == "cut off" else message, sep="\t")
    elif what == "avro":
        schema, folder = rest
        for number, (kind, one) in enumerate(payments("avro", int(count))):
            (Path(folder) / f"{number:06}").write_bytes(avro(kind, one, int(schema)))
    else:
        for topic in KINDS:
            for kind, messages in Counter(kind for kind, _ in payments(topic, int(count))).items():
                print(topic, kind, messages, sep=",")


main(*sys.argv[1:])
