# A Python of our own with the packages of pg_test/requirements.txt; sourced after setup.sh.
#
# It lives in target/tools/pypi and is made once, and again when the list has changed.

# need_python: sets $python; fails where PyPI cannot be reached.
need_python() {
  local home=$target/tools/pypi list=$repo/pg_test/requirements.txt
  python=$home/bin/python
  ! cmp -s "$list" "$home/requirements.txt" || return 0
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    say "Installing packages: python3-venv"
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
      -o DPkg::Lock::Timeout=300 python3-venv
  fi
  say "Making a Python with moto and pyarrow, from PyPI"
  rm -rf "$home"
  python3 -m venv "$home" && "$python" -m pip install -q --disable-pip-version-check -r "$list" || return 1
  cp "$list" "$home/requirements.txt"
}
