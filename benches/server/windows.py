"""RapidFuzz over token windows: prints one line of CSV for the table `run`.

usage: windows.py TERMS.csv MENUS.csv GOLD.csv

Every window of as many words as a term has, up to three, against the terms of so many words, by
`ratio` in one call of `process.cdist`; the threshold is the one of 70 to 100 with the best F1.
"""

import csv
import re
import sys
import time
from collections import defaultdict

from rapidfuzz import fuzz, process

LOWEST = 70
LONGEST = 3


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))[1:]


terms, menus, gold = (rows(path) for path in sys.argv[1:4])
by_words = defaultdict(list)
for term_id, term in terms:
    by_words[min(len(term.split()), LONGEST)].append((int(term_id), term.lower()))
wanted = {int(menu_id) for menu_id, _ in menus}
meant = {(int(menu_id), int(term_id)) for menu_id, term_id in gold if int(menu_id) in wanted}

start = time.perf_counter()
best = {}
for menu_id, text in menus:
    words = [word for word in re.split(r"[^\w&'’]+", text.lower()) if word]
    for length, some in by_words.items():
        windows = [" ".join(words[at : at + length]) for at in range(len(words) - length + 1)]
        if not windows:
            continue
        scores = process.cdist(
            windows, [term for _, term in some], scorer=fuzz.ratio, score_cutoff=LOWEST, workers=1
        ).max(axis=0)
        for number in scores.nonzero()[0]:
            best[int(menu_id), some[number][0]] = float(scores[number])
seconds = time.perf_counter() - start

measured = []
for threshold in range(LOWEST, 101):
    found = {pair for pair, score in best.items() if score >= threshold}
    hit = len(found & meant)
    measured.append((2 * hit / max(1, len(found) + len(meant)), threshold, len(found), hit))
_, threshold, found, hit = max(measured)
print(f"RapidFuzz ratio ≥ {threshold} over windows of words,{len(menus)},{seconds},{found},{hit},{len(meant)}")
