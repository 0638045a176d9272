#!/usr/bin/env bash
# Runs the SQL of a Markdown file: readme.sh PSQL FILE
#
# Every ```sql block is run, in order, in one psql session that stops at the first error.
# A ```text block right after one is what psql must have printed for it (trailing blanks aside).
# A "```csv NAME" block is written to a file of that name, for the statements that read it.
# Relative paths are looked for beside the Markdown file. Set TMPDIR to where the server can read.
set -euo pipefail

psql=$1 file=$2 here=$(cd "$(dirname "$2")" && pwd)
work=$(mktemp -d)
chmod a+rx "$work" # for the server, which reads what load_file is told to
trap 'rm -rf "$work"' EXIT

# One file per block: N.sql, N.expected; and the psql script that runs them all.
awk -v work="$work" '
  /^```/ && out { close(out); out = ""; next }
  /^```sql$/ {
    n++; out = work "/" n ".sql"; after = 1
    printf "\\o %s/%d.actual\n\\i %s/%d.sql\n", work, n, work, n > (work "/script")
    next
  }
  /^```text$/ && after { out = work "/" n ".expected"; after = 0; next }
  /^```csv / { out = work "/" $2; next }
  /^```/ { out = "/dev/null"; after = 0; next }
  out { print > out; next }
  NF { after = 0 }
' "$file"
[[ -f $work/script ]] || { echo "no SQL in $file" >&2 && exit 1; }

for path in "$here"/*; do
  [[ -e $work/$(basename "$path") ]] || ln -s "$path" "$work/"
done
cd "$work"
"$psql" -X -q -v ON_ERROR_STOP=1 -f script

compared=0
for expected in *.expected; do
  [[ -f $expected ]] || break
  diff -u --ignore-trailing-space --ignore-blank-lines "$expected" "${expected%.expected}.actual" ||
    { echo "$file: output of SQL block ${expected%.expected} is not what the text shows" >&2 && exit 1; }
  compared=$((compared + 1))
done
echo "$(grep -c '\\i' script) blocks ran, $compared outputs as shown"
