#!/usr/bin/env bash
# usage: pg_test/examples.sh NAME KILLS      (from the repository; after ./run build and the build of termfeed)
#
# Runs an example undisturbed and checks what it says it does; then again while its feeders, services and
# database are killed at random, and compares the final tables.
name=$1 wanted=$2
source "$(dirname "${BASH_SOURCE[0]}")/open.sh"
set_up

if [[ ${3:-} == once ]]; then # A process of its own, which ends where something fails.
  termfeed_is_built=yes
  source "examples/$name/run" --kills "$wanted"
  [[ $kills -eq 0 ]] || die "$kills of $wanted kills came too late"
  cd "$folder"
  check=$repo/examples/$name/check_run.sql
  [[ -f $check ]] || check=$repo/examples/$name/check.sql
  psql -q -At -f "$check" <gold.csv
  exit
fi

if [[ $name == articles ]] && ! need_python; then
  echo "SKIP: PyPI cannot be reached: the example $name was NOT run"
  exit
fi
status=0
once() { # once KILLS WHERE: the result goes to WHERE.
  bash "${BASH_SOURCE[0]}" "$name" "$1" once >"$2.txt" 2>&1 || status=1
  cat "$2.txt"
  ! grep -q '^not ok' "$2.txt" || status=1
  sort "$target/examples/$name/result.csv" >"$2.csv" || status=1
}
mkdir -p "$target/examples"
once 0 "$target/examples/$name-undisturbed"
once "$wanted" "$target/examples/$name-killed"
if cmp "$target/examples/$name-undisturbed.csv" "$target/examples/$name-killed.csv"; then
  echo "ok 99 - $name: killed at random, the same final tables"
else
  echo "not ok 99 - $name: killed at random, other final tables"
  status=1
fi
exit $status
