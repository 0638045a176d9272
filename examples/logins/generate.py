#!/usr/bin/env python3
"""Writes login messages, one a line, as `key<TAB>message`; some are as bad as those of real apps.

usage: generate.py MESSAGES [TRUTH.csv]

The file of truth gets a line for each message: its number and what is wrong with it. The same number
of messages is always the same messages.
"""

import json
import random
import sys

DEVICES = ["android", "iOS", "Android", "web", "ios"]
LOCALES = ["en_GB", "de-DE", "fr_FR", "en-us", "pt_BR", "", None]
VERSIONS = ["2.1.0", "2.1.1", "2.2.0", "3.0.0-beta"]
# Of a hundred messages, how many are of each kind; the rest are fine.
KINDS = [
    ("renamed", 6),  # Old apps say userId, deviceType.
    ("no device type", 4),
    ("no user", 2),
    ("no address", 1),  # An IP address that is none.
    ("no time", 1),
    ("cut off", 2),
    ("no JSON", 1),
]


def kind_of(number, dice):
    roll = dice.randrange(100)
    for kind, share in KINDS:
        if roll < share:
            return kind
        roll -= share
    return "fine"


def message(number, kind, dice):
    user = f"user-{dice.randrange(5000):04}"
    login = {
        "user_id": user,
        "app_version": dice.choice(VERSIONS),
        "device_type": dice.choice(DEVICES),
        "ip": f"203.0.113.{dice.randrange(256)}",
        "locale": dice.choice(LOCALES),
        "device_id": f"{dice.getrandbits(64):016x}",
        "timestamp": 1767225600 + number,
    }
    if kind == "renamed":
        login["userId"] = login.pop("user_id")
        login["deviceType"] = login.pop("device_type")
    elif kind == "no device type":
        del login["device_type"]
    elif kind == "no user":
        login["user_id"] = dice.choice([None, "", " "])
    elif kind == "no address":
        login["ip"] = "999.1.1.1"
    elif kind == "no time":
        login["timestamp"] = "yesterday"
    text = json.dumps(login)
    if kind == "cut off":
        text = text[: dice.randrange(20, len(text) - 1)]
    elif kind == "no JSON":
        text = "<login/>"
    return user, text


def main():
    dice = random.Random(7)
    truth = open(sys.argv[2], "w", encoding="utf-8") if len(sys.argv) > 2 else None
    for number in range(int(sys.argv[1])):
        kind = kind_of(number, dice)
        key, text = message(number, kind, dice)
        print(f"{key}\t{text}")
        if truth:
            print(f"{number},{kind}", file=truth)


main()
