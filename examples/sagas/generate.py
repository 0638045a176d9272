"""Messages about three invented worlds, the same for the same seed.

usage: generate.py COUNT FOLDER
Writes entities.txt (with duplicates and nestings), messages.jsonl, and gold.csv: what each article must
become (article, saga, entity, mentions; empty texts have no saga, and those that the service cannot read
"none").
"""
import json
import random
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from worlds import COMMON, UNREADABLE, WORLDS

count, folder = int(sys.argv[1]), Path(sys.argv[2])
random.seed(7)

with open(folder / "entities.txt", "w") as entities:
    names = [name for world in WORLDS.values() for name in world["names"]]
    again = [name.upper() for name in names[::4]] + [name.replace(" ", "  ") for name in names[1::5]] + names[:3]
    print(*names, *again, "", sep="\n", file=entities)


def write(name):
    return random.choice([name, name, name.upper(), name.lower()])


start = datetime(2026, 3, 1, tzinfo=timezone.utc)
with open(folder / "messages.jsonl", "w") as messages, open(folder / "gold.csv", "w") as gold:
    print("article,saga,entity,mentions", file=gold)
    for number in range(1, count + 1):
        message = {"id": number, "time": (start + timedelta(minutes=11 * number)).isoformat(),
                   "readers": random.randint(1, 5000)}
        if number % 23 == 0:
            message["text"] = random.choice(["", "  ", None])
            print(f"{number},,,", file=gold)
        else:
            saga = random.choice(list(WORLDS))
            world = WORLDS[saga]
            told = [write(name) for name in random.choices(world["names"], k=random.randint(0, 4))]
            filler = random.choices(world["words"], k=12) + random.choices(COMMON, k=15)
            random.shuffle(filler)
            parts, mentions = [], {}
            for name in told:
                parts += [filler.pop(), filler.pop(), name + ",", filler.pop()]
                key = next(one for one in world["names"] if one.lower() == name.lower())
                mentions[key] = mentions.get(key, 0) + 1
            text = " ".join(parts + filler) + "."
            if number % 499 == 0:
                text, saga = text + UNREADABLE, "none"
            message["text"] = text
            for name, times in sorted(mentions.items()) or [("", 0)]:
                print(f"{number},{saga},{name},{times}", file=gold)
        print(json.dumps(message, ensure_ascii=False), file=messages)
