"""Reads the features back as a trainer would: by the manifest, in its order, files in parallel.

usage: read.py s3://BUCKET/PREFIX READ.csv    (path, article_id and words, in the order read)
"""
import csv
import hashlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from pyarrow import BufferReader, fs, parquet

root = sys.argv[1].removeprefix("s3://")
s3 = fs.S3FileSystem(endpoint_override=os.environ.get("AWS_ENDPOINT_URL"))
manifest = json.load(s3.open_input_stream(f"{root}/_manifest.json"))


def read(file):
    data = s3.open_input_stream(f"{root}/{file['path']}").read()
    assert hashlib.sha256(data).hexdigest() == file["sha256"], file["path"]
    return parquet.read_table(BufferReader(data), columns=["article_id", "words"]).to_pylist()


with ThreadPoolExecutor(4) as readers:
    tables = list(readers.map(read, manifest["files"]))
with open(sys.argv[2], "w", newline="") as result:
    out = csv.writer(result)
    out.writerow(["path", "article_id", "words"])
    for file, rows in zip(manifest["files"], tables):
        for row in rows:
            out.writerow([file["path"], row["article_id"], row["words"]])
days = len({file["partition"] for file in manifest["files"]})
print(f"{manifest['rows']} rows in {len(tables)} files of {days} days, {manifest['bytes']} bytes")
