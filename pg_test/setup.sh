# Sets the machine up and builds; sourced by ./run, which gives $repo and $target.
#
# Everything but Debian's packages stays under target/: cargo-pgrx, its settings, and a copy of
# the system's Postgres. Postgres finds its files relative to its own binaries, so an extension
# installed through the copy's pg_config lands in the copy and the system is not touched.
# Each step looks before it acts, and what must not be half done is made aside and moved.

pgrx_version=0.18.1
pg_server=$target/server # the copy: usr/lib/postgresql/N, usr/share/postgresql/N

say() { printf '%s==>%s %s\n' "${bold:-}" "${plain:-}" "$*" >&2; }
die() {
  printf 'run: %s\n' "$*" >&2
  exit 1
}
[[ ! -t 2 ]] || { bold=$'\e[1m' plain=$'\e[0m'; }

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root for: $* (no sudo here)"
  fi
}

# Prints the newest Postgres version whose server and headers are both here, or nothing.
installed_pg() {
  local major
  for major in 18 17 16 15; do
    if [[ -x /usr/lib/postgresql/$major/bin/initdb &&
      -f /usr/include/postgresql/$major/server/postgres.h ]]; then
      echo $major
      return
    fi
  done
}

# Prints the newest Postgres version that this distribution can install, or nothing.
installable_pg() {
  apt-cache search --names-only '^postgresql-server-dev-1[5-8]$' | grep -o '1[5-8]' | sort -n | tail -n 1
}

need_packages() {
  command -v apt-get >/dev/null || die "needs Debian's apt-get to install Postgres and a C compiler"
  pg_major=${PG_MAJOR:-$(installed_pg)}
  local updated='' package missing=()
  if [[ -z $pg_major ]]; then
    say "Looking for a Postgres to install (apt-get update)"
    as_root apt-get update -q
    updated=yes
    pg_major=$(installable_pg)
    [[ -n $pg_major ]] || die "found no package postgresql-server-dev-15 to -18"
  fi
  for package in build-essential ca-certificates curl libclang-dev libssl-dev pkg-config \
    "postgresql-$pg_major" "postgresql-server-dev-$pg_major"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "Installing packages: ${missing[*]}"
  [[ -n $updated ]] || as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "${missing[@]}"
}

# A browser and its driver, some 120 MB to fetch; fails where they cannot be had.
need_browser() {
  command -v chromium >/dev/null && command -v chromedriver >/dev/null && command -v python3 >/dev/null && return
  say "Installing a browser: chromium, chromium-driver"
  (as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy \
    --no-install-recommends -o DPkg::Lock::Timeout=300 chromium chromium-driver fonts-dejavu-core python3) >&2 || true
  command -v chromium >/dev/null && command -v chromedriver >/dev/null && command -v python3 >/dev/null
}

need_rust() {
  local have need
  command -v cargo >/dev/null || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
  need=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$repo/Cargo.toml")
  if ! command -v cargo >/dev/null; then
    [[ $EUID -ne 0 || -z ${SUDO_USER:-} ]] ||
      die "root has no cargo: start ./run as \"$SUDO_USER\", it asks for sudo where it must"
    die "needs Rust $need or newer, and Debian's is older. Install it with
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y
and start ./run again"
  fi
  have=$(rustc --version | cut -d ' ' -f 2)
  [[ $(printf '%s\n' "$need" "$have" | sort -V | head -n 1) == "$need" ]] ||
    die "needs Rust $need or newer, here is $have: update it (rustup update stable) and start ./run again"
}

need_lints() {
  cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 ||
    rustup component add rustfmt clippy
  install_packages shellcheck
}

need_cargo_pgrx() {
  cargo_pgrx=$target/tools/bin/cargo-pgrx
  [[ $("$cargo_pgrx" pgrx --version 2>/dev/null) != "cargo-pgrx $pgrx_version" ]] || return 0
  say "Compiling cargo-pgrx $pgrx_version, once: some 4 minutes on two cores"
  cargo install cargo-pgrx --version "$pgrx_version" --locked --root "$target/tools"
}

# Copies the system's Postgres to $pg_server; again whenever the system's one has changed.
need_server() {
  local system=/usr/lib/postgresql/$pg_major new=$pg_server.new stamp
  stamp=$("$system/bin/postgres" --version)
  pg_config=$pg_server/usr/lib/postgresql/$pg_major/bin/pg_config
  [[ $(cat "$pg_server/version" 2>/dev/null) != "$stamp" ]] || return 0
  say "Copying $stamp to target/server"
  rm -rf "$pg_server" "$new"
  mkdir -p "$new/usr/lib/postgresql" "$new/usr/share/postgresql"
  cp -a "$system" "$new/usr/lib/postgresql/"
  cp -a "/usr/share/postgresql/$pg_major" "$new/usr/share/postgresql/"
  ln -s /usr/include "$new/usr/include"
  echo "$stamp" >"$new/version"
  mv "$new" "$pg_server"
}

# Tells pgrx where Postgres is. The file is left alone when it is right: its date is a reason to
# compile pgrx again, and so is its absence.
need_pgrx_config() {
  export PGRX_HOME=$target/pgrx
  local line="configs = { pg$pg_major = \"$pg_config\" }"
  [[ $(cat "$PGRX_HOME/config.toml" 2>/dev/null) != "$line" ]] || return 0
  mkdir -p "$PGRX_HOME"
  echo "$line" >"$PGRX_HOME/config.toml"
}

set_up() {
  need_packages
  need_rust
  need_cargo_pgrx
  need_server
  need_pgrx_config
}

build() {
  set_up
  say "Building termstream for Postgres $pg_major (the first time: some 4 minutes on two cores)"
  "$cargo_pgrx" pgrx install --release --pg-config "$pg_config" \
    --no-default-features --features "pg$pg_major"
}
