#!/usr/bin/env bash
# usage: pg_test/examples.sh NAME KILLS      (from the repository; after ./run build and the build of termfeed)
#
# Runs an example undisturbed and checks what it says it does; then again while its feeders, services and
# database are killed at random, and compares the final tables.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
target=$repo/target
name=$1 wanted_kills=$2
cd "$repo"
source pg_test/setup.sh
source pg_test/cluster.sh
source pg_test/python.sh
set_up
if [[ $name == articles ]]; then
  need_python || { echo "SKIP: PyPI cannot be reached: the example $name was NOT run" && exit 0; }
fi
status=0
(
  source examples/stage.sh
  source "examples/$name/run"
  cd "$folder"
  psql -q -At -f "$repo/examples/$name/check.sql" <"$folder/gold.csv"
) | tee "$target/logs/example-$name.txt" || status=1
! grep -q '^not ok' "$target/logs/example-$name.txt" || status=1
sort "$target/examples/$name/result.csv" >"$target/examples/$name.undisturbed"
(
  source examples/stage.sh
  kills=$wanted_kills
  source "examples/$name/run"
  [[ $kills -eq 0 ]] || echo "$kills of $wanted_kills kills came too late"
) || status=1
if sort "$target/examples/$name/result.csv" | cmp - "$target/examples/$name.undisturbed"; then
  echo "ok 99 - $name: killed $wanted_kills times at random, the same final tables"
else
  echo "not ok 99 - $name: killed $wanted_kills times at random, other final tables"
  status=1
fi
exit $status
