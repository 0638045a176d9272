"""A small classification service: which saga is a text about? It fails now and then (failing.py).

usage: service.py PORT    POST /classify: [{"id", "text"}] is answered by [{"id", "saga", "score"}]
"""
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from failing import Unreadable, serve
from worlds import UNREADABLE, WORLDS


def classify(row):
    if UNREADABLE in row["text"]:
        raise Unreadable("a text has a sign that cannot be read")
    words = row["text"].lower().replace(",", " ").replace(".", " ").split()
    scores = {saga: sum(word in world["words"] for word in words) for saga, world in WORLDS.items()}
    saga = max(scores, key=scores.get)
    return {"id": row["id"], "saga": saga, "score": scores[saga] / len(words)}


serve(int(sys.argv[1]), "/classify", classify)
