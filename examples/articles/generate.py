"""Texts of an invented magazine, the same for the same seed, as lines of JSON; some are none.

usage: generate.py COUNT GOLD    GOLD gets "article_id,words" of each record that is an article
"""
import json
import random
import sys
from datetime import datetime, timedelta, timezone

count, gold = int(sys.argv[1]), sys.argv[2]
random.seed(20260101)
WORDS = (
    "lantern harbour quiet engine orchard ferry signal copper marble winter archive canvas meadow "
    "don't naïve café Łódź σίγμα мост 330ml R2 the a of under before against while"
).split()
MARKS = [" ", " ", " ", ", ", "; ", " — ", ".\n", "… "]
start = datetime(2026, 1, 1, tzinfo=timezone.utc)

with open(gold, "w") as words_of:
    print("article_id,words", file=words_of)
    for number in range(1, count + 1):
        length = random.randint(0, 120)
        body = "".join(random.choice(WORDS) + random.choice(MARKS) for _ in range(length))
        record = {
            "article_id": number,
            "published": (start + timedelta(minutes=7 * number)).isoformat(),
            "title": " ".join(random.choices(WORDS, k=4)).title(),
            "body": body,
        }
        if number % 211 == 0:
            print(json.dumps(record)[: random.randint(1, 60)])
        elif number % 307 == 0:
            del record["body"]
            print(json.dumps(record))
        else:
            print(f"{number},{length}", file=words_of)
            print(json.dumps(record, ensure_ascii=False))
