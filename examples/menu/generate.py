#!/usr/bin/env python3
"""Writes this folder's data: terms.csv, input.csv, input_broken.csv and gold.csv.

The brands are invented; the rows are menus as people type them, and gold.csv says which brands
each row was made to mention. Standard library only, one fixed seed: the same files every time.
The output is committed, so nobody needs Python to run the example.
"""

import csv
import io
import random
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from brands import BRANDS  # noqa: E402
from dishes import ASIDES, DISHES, EXTRAS, FRAMES, WORDS_OF_MENUS  # noqa: E402

ROWS = 5200
BROKEN_FROM = 20001
MISSPELLED = 0.35

NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj",
    "i": "uo", "j": "hk", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o",
    "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb", "w": "qe", "x": "zc",
    "y": "tu", "z": "x",
}
SOUNDS = [
    ("ph", "f"), ("ck", "k"), ("qu", "kw"), ("ee", "ea"), ("ea", "ee"), ("ie", "ei"),
    ("ei", "ie"), ("ou", "u"), ("oo", "u"), ("ai", "ay"), ("th", "t"), ("sch", "sh"),
    ("gh", "g"), ("ll", "l"), ("tt", "t"), ("nn", "n"), ("rr", "r"), ("ss", "s"), ("zz", "z"),
    ("c", "k"), ("k", "c"), ("s", "z"), ("z", "s"), ("y", "i"), ("i", "y"), ("v", "w"),
]
PLAIN = str.maketrans("áàâäåãçéèêëíìîïñóòôöõøúùûüýÁÀÂÄÅÉÈÊËÍÎÏÑÓÔÖØÚÛÜ",
                      "aaaaaaceeeeiiiinoooooouuuuyAAAAAEEEEIIINOOOOUUU")


def letters(text):
    return [at for at, char in enumerate(text) if char.isalpha()]


def drop(rng, text):
    at = rng.choice(letters(text)[1:])
    return text[:at] + text[at + 1:]


def double(rng, text):
    at = rng.choice(letters(text)) + 1
    return text[:at] + text[at - 1].lower() + text[at:]


def swap(rng, text):
    pairs = [at for at in letters(text)[1:-1] if text[at + 1].isalpha() and text[at] != text[at + 1]]
    if not pairs:
        return text
    at = rng.choice(pairs)
    return text[:at] + text[at + 1] + text[at] + text[at + 2:]


def neighbour(rng, text):
    at = rng.choice([at for at in letters(text)[1:] if text[at].lower() in NEIGHBOURS] or [0])
    return text[:at] + rng.choice(NEIGHBOURS.get(text[at].lower(), text[at])) + text[at + 1:]


def sound(rng, text):
    fits = [(heard, typed, at) for heard, typed in SOUNDS
            if (at := text.lower().find(heard, 1)) >= 1]
    if not fits:
        return drop(rng, text)
    heard, typed, at = rng.choice(fits)
    return text[:at] + typed + text[at + len(heard):]


def misspell(rng, brand, taken):
    """One slip, or two in a long name; never into another known word."""
    for _ in range(20):
        slips = 2 if len(letters(brand)) >= 10 and rng.random() < 0.25 else 1
        typed = brand
        for _ in range(slips):
            typed = rng.choice([drop, drop, double, swap, neighbour, sound])(rng, typed)
        words = {word.strip(".,'’&").lower() for word in typed.split()}
        if typed != brand and not words & taken - {word.lower() for word in brand.split()}:
            return typed
    return brand


def restyle(rng, brand):
    """Other ways to type the same letters: case, marks, spaces, accents."""
    typed = brand
    roll = rng.random()
    if "&" in typed and roll < 0.5:
        typed = typed.replace(" & ", rng.choice([" and ", "&"]))
    if "'" in typed and roll < 0.5:
        typed = typed.replace("'", rng.choice(["", "’"]))
    if roll < 0.3:
        typed = typed.translate(PLAIN)
    if " " in typed and 0.5 < roll < 0.58:
        typed = typed.replace(" ", rng.choice(["", "-"]))
    elif " " not in typed and len(typed) >= 8 and 0.5 < roll < 0.53:
        at = rng.randrange(3, len(typed) - 3)
        typed = typed[:at] + " " + typed[at:]
    roll = rng.random()
    if roll < 0.2:
        typed = typed.lower()
    elif roll < 0.32:
        typed = typed.upper()
    if rng.random() < 0.05:
        typed += rng.choice(["®", "™", "™", "'s"])
    return typed


def mention(rng, brand, taken):
    if len(letters(brand)) >= 4 and rng.random() < MISSPELLED:
        return restyle(rng, misspell(rng, brand, taken))
    return restyle(rng, brand)


def row(rng, taken):
    """A name, a description and the ids of the brands in them."""
    kind = rng.choice(sorted(DISHES))
    count = rng.choices([0, 1, 2, 3], [40, 42, 14, 4])[0]
    ids, sort = [], kind
    while len(ids) < count:
        pool = [at for at, (_, of) in enumerate(BRANDS, 1) if of == sort]
        # Few brands are on many menus, many on few.
        one = pool[int(rng.paretovariate(0.7) - 1) % len(pool)]
        if one not in ids:
            ids.append(one)
        sort = rng.choice(sorted(DISHES))
    typed = [mention(rng, BRANDS[one - 1][0], taken) for one in ids]
    name, description = rng.choice(DISHES[kind]), ""
    if typed and rng.random() < 0.6:
        name = rng.choice(FRAMES).format(brand=typed[0], dish=name)
        typed = typed[1:]
    if typed or rng.random() < 0.6:
        parts = [rng.choice(EXTRAS).format(brand=brand) for brand in typed]
        parts += rng.sample(ASIDES, rng.choice([0, 1, 1, 2]))
        rng.shuffle(parts)
        description = rng.choice([", ", ", ", " - ", ". ", " / ", "; "]).join(parts)
    if rng.random() < 0.06:
        name += rng.choice([" 🌶️", " 🔥", " (V)", " *NEW*", " !!!", "…", " – 2 for 1", " 🥗"])
    if rng.random() < 0.03:
        name = "  " + name.replace(" ", "  ")
    style = rng.random()
    if style < 0.12:
        name, description = name.upper(), description.upper()
    elif style < 0.3:
        name, description = name.lower(), description.lower()
    return name, description, ids


def write(path, header, rows):
    with open(path, "w", encoding="utf8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def line(*fields):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(fields)
    return out.getvalue().encode()


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    folder = folder if folder.is_dir() else folder.parent
    rng = random.Random(20240229)
    taken = {word.strip(".,'’&").lower() for brand, _ in BRANDS for word in brand.split()}
    taken |= WORDS_OF_MENUS
    write(folder / "terms.csv", ["term_id", "term"],
          [(at, brand) for at, (brand, _) in enumerate(BRANDS, 1)])

    rows, gold = [], []
    bad_ids = ["n/a", "", "12O4", "tbc", "#REF!", "99999999999999999999", "see below", "1,033", "-"]
    bad_at = {rng.randrange(100, ROWS): bad for bad in bad_ids + bad_ids[:3]}
    for menu_id in range(1, ROWS + 1):
        name, description, ids = row(rng, taken)
        if menu_id in bad_at:
            rows.append((bad_at[menu_id], name, description))
            continue
        rows.append((menu_id, name, description))
        gold += [(menu_id, one) for one in sorted(ids)]
    write(folder / "input.csv", ["menu_id", "name", "description"], rows)
    write(folder / "gold.csv", ["menu_id", "term_id"], gold)

    # Lines that COPY cannot take at all; the last quote is never closed.
    broken = [line("menu_id", "name", "description")]
    for menu_id in range(BROKEN_FROM, BROKEN_FROM + 400):
        name, description, _ = row(rng, taken)
        good = line(menu_id, name, description)
        broken.append({
            37: line(menu_id, name),
            90: line(menu_id, name, description, "extra"),
            141: line("n/a", name, description),
            188: line(menu_id, "Caf\xe9 au lait", "x").replace("é".encode(), b"\xe9"),
            230: line(""),
            281: line(menu_id, name, description, "", "", ""),
            333: line("", name, description),
        }.get(menu_id - BROKEN_FROM, good))
    broken.append(b'%d,"Soup of the day,with bread\n' % (BROKEN_FROM + 400))
    (folder / "input_broken.csv").write_bytes(b"".join(broken))


if __name__ == "__main__":
    main()
