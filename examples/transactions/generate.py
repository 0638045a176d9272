#!/usr/bin/env python3
"""Writes transactions.csv and suspicious.csv, the same ones every time: generate.py [FOLDER]

Payments at invented merchants, as a bank's export has them: semicolons, decimal commas, text in quotes.
Every 25th row of the first file is wrong in one of the ways below. In the second file no row is wrong,
and yet something is: most descriptions are missing."""

import random
import sys
from datetime import datetime, timedelta
from pathlib import Path

HEADER = "id;description;amount;timestamp;merchant;operation_type;side"
MERCHANTS = ["Brasa Coffee", "Northwind Rail", "Lumen Energy", "Paper & Pine", "Tiller Bank", "Orchard Foods",
             "Velo City", "Blue Kettle", "Sette Cinema", "Harbour Pharmacy"]
OPERATIONS = ["payment", "transfer", "direct_debit", "refund"]


def row(rng, id):
    side = rng.choice(["debit", "debit", "credit"])
    merchant = rng.choice(MERCHANTS)
    amount = rng.lognormvariate(4, 1)
    when = datetime(2024, 1, 1) + timedelta(seconds=rng.randrange(366 * 86400))
    word = "Purchase at" if side == "debit" else "Refund from"
    return {
        "id": str(id), "description": f'"{word} {merchant}"',
        "amount": f"{-amount if side == 'debit' else amount:.2f}".replace(".", ","),
        "timestamp": f'"{when:%Y-%m-%d %H:%M:%S}"', "merchant": f'"{merchant}"',
        "operation_type": f'"{rng.choice(OPERATIONS)}"', "side": f'"{side}"',
    }


def opposite(one):
    return {"amount": one["amount"][1:] if one["amount"].startswith("-") else "-" + one["amount"]}


WRONG = [
    lambda one: {"amount": ""},
    lambda one: {"side": ""},
    lambda one: {"side": '"deposit"'},
    opposite,
    lambda one: {"amount": one["amount"].replace(",", ".")},
    lambda one: {"timestamp": '"2024-02-30 10:00:00"'},
    lambda one: {"amount": "", "side": '"deposit"'},
    lambda one: {"id": '"n/a"'},
]


def main(folder):
    rng = random.Random(20240229)
    lines = [HEADER]
    for number in range(1, 2001):
        one = row(rng, number)
        if rng.random() < 0.02:
            one["description"] = ""
        if number % 25 == 0:
            one |= WRONG[number // 25 % len(WRONG)](one)
        line = ";".join(one.values())
        # A field too few, and a payment that comes twice: the later one counts.
        lines.append(line.rsplit(";", 1)[0] if number % 1000 == 1 else line)
    lines.append(";".join((row(rng, 7) | {"description": '"Purchase, corrected"', "amount": "-7,00", "side": '"debit"', "timestamp": '"2025-01-01 00:00:00"'}).values()))
    (folder / "transactions.csv").write_text("\n".join(lines) + "\n")
    lines = [HEADER]
    for number in range(5001, 5301):
        one = row(rng, number)
        if rng.random() < 0.6:
            one["description"] = ""
        lines.append(";".join(one.values()))
    (folder / "suspicious.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent))
