"""A small service that says what a payment was for. It fails now and then (failing.py).

usage: service.py PORT    POST /predict: [{"id", "description", "merchant", …}] is answered by
[{"id", "category", "score"}], in the order of the question
"""
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from failing import Unreadable, serve

WORDS = {
    "groceries": "market grocer supermarket bakery food organic fresh",
    "transport": "train metro taxi fuel parking bus ticket rail",
    "housing": "rent electric water heating insurance landlord",
    "leisure": "cinema concert book game museum gym stream",
    "health": "pharmacy doctor dental clinic optician",
    "income": "salary wage refund pension dividend payroll",
}


def predict(row):
    text = f"{row.get('description') or ''} {row.get('merchant') or ''}".lower()
    if "\u2ff0" in text:
        raise Unreadable("a description has a sign that cannot be read")
    scores = {category: sum(word in text for word in words.split()) for category, words in WORDS.items()}
    best = max(scores, key=scores.get)
    return {"id": row["id"], "category": best if scores[best] else "other", "score": scores[best]}


serve(int(sys.argv[1]), "/predict", predict)
