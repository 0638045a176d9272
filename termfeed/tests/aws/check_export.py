"""Reads an export back by pyarrow, as its manifest says, and compares it with what Postgres says.

usage: check_export.py FOLDER-OR-s3://… EXPECTED.csv
EXPECTED has a header and the rows in the order of the files, each value as Postgres writes it, arrays as
JSON; the partition is a column like the others. Prints "same: N rows in M files", or what differs.
"""
import csv
import hashlib
import json
import os
import sys
from datetime import date, datetime, time, timezone
from decimal import Decimal

import pyarrow.parquet
from pyarrow import fs

place, expected = sys.argv[1:]
if place.startswith("s3://"):
    store = fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"], region="eu-central-1")
    root = place[5:]
else:
    store, root = fs.LocalFileSystem(), place


def when(text):
    moment = datetime.fromisoformat(text)
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment


def of_text(text, kind):
    """The value that Postgres has written, as the type of Parquet has it."""
    if text == "\\N":
        return None
    name = str(kind)
    if name.startswith("list"):
        return json.loads(text)
    if name.startswith("int"):
        return int(text)
    if name == "float":
        return pyarrow.scalar(float(text), pyarrow.float32()).as_py()
    if name == "double":
        return float(text)
    if name == "bool":
        return text == "t"
    if name.startswith("decimal"):
        assert -Decimal(text).as_tuple().exponent == kind.scale, text
        return Decimal(text)
    if name.startswith("date"):
        return date.fromisoformat(text)
    if name.startswith("time64"):
        return time.fromisoformat(text)
    if name.startswith("timestamp"):
        return when(text)
    if name == "binary":
        return bytes.fromhex(text[2:])
    return text


def alike(a, b):
    return a == b or (a != a and b != b)


csv.field_size_limit(1 << 30)
with open(expected, newline="") as file:
    rows = csv.reader(file)
    header = next(rows)
    wanted = list(rows)

manifest = json.load(store.open_input_stream(f"{root}/_manifest.json"))
there = {
    info.path.removeprefix(root.rstrip("/") + "/")
    for info in store.get_file_info(fs.FileSelector(root, recursive=True))
    if info.is_file
}
listed = [file["path"] for file in manifest["files"]]
if there != {*listed, "_manifest.json"}:
    sys.exit(f"other files than the manifest says: {sorted(there ^ {*listed, '_manifest.json'})}")
at = 0
for file in manifest["files"]:
    data = store.open_input_stream(f"{root}/{file['path']}").read()
    if hashlib.sha256(data).hexdigest() != file["sha256"] or len(data) != file["bytes"]:
        sys.exit(f"{file['path']}: checksum or length differ from the manifest's")
    table = pyarrow.parquet.read_table(pyarrow.BufferReader(data))
    if len(table) != file["rows"]:
        sys.exit(f"{file['path']}: {len(table)} rows, and the manifest says {file['rows']}")
    for row in table.to_pylist():
        for name, text in zip(header, wanted[at]):
            if name == manifest["partition_by"]:
                value, right = file["partition"], None if text == "\\N" else text
            else:
                value, right = row[name], of_text(text, table.schema.field(name).type)
            if not alike(value, right):
                sys.exit(f"row {at + 1}, column {name}: {value!r}, and Postgres has {right!r}")
        at += 1
if at != len(wanted) or manifest["rows"] != at:
    sys.exit(f"{at} rows, {manifest['rows']} in the manifest, and Postgres has {len(wanted)}")
print(f"same: {at} rows in {len(listed)} files")
