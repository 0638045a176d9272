"""Draws the readers of each saga and of its foremost entities as an SVG. usage: chart.py RESULT.svg < CSV

CSV: saga,readers of the saga,entity,readers of the entity; with a header.
"""
import csv
import sys
from html import escape

sagas = {}
for row in csv.DictReader(sys.stdin):
    saga = sagas.setdefault(row["saga"], (int(row["saga_readers"]), []))
    saga[1].append((row["entity"], int(row["readers"])))
COLOURS = ["#2a6f97", "#6a994e", "#bc6c25"]
WIDTH, BAR, LEFT = 720, 22, 220
most = max(readers for readers, _ in sagas.values())
lines, y = [], 60
for colour, (saga, (readers, entities)) in zip(COLOURS, sorted(sagas.items(), key=lambda one: -one[1][0])):
    for place, (name, value) in enumerate([(saga, readers), *entities]):
        width = max(1, (WIDTH - LEFT - 100) * value / most)
        weight, opacity = ("bold", 1) if place == 0 else ("normal", 0.55)
        lines.append(
            f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end" font-weight="{weight}">{escape(name)}</text>'
            f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 5}" fill="{colour}" opacity="{opacity}" rx="2"/>'
            f'<text x="{LEFT + width + 6:.1f}" y="{y + 14}" fill="#555">{value:,}</text>'
        )
        y += BAR
    y += 14
with open(sys.argv[1], "w") as file:
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 10}" font-family="sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" fill="white"/>'
        f'<text x="20" y="32" font-size="18">Readers per saga, and of its five foremost entities</text>'
        f'{"".join(lines)}</svg>',
        file=file,
    )
