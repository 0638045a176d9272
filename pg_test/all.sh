# Everything that can be checked, in the order of what it costs; sourced by ./run.
#
# Each check runs in a subshell of its own and says what it is at; all it prints if it fails.
# Where a check is made of tests, the tests are counted; any other check counts as one.
# What cannot run on this machine is skipped loudly, and counted too.

export PGCLIENTENCODING=UTF8
logs=$target/logs
passed=0 failed=0
failures=() skips=()
mkdir -p "$logs"
# The versions of Postgres that are tested beside the one at hand.
versions=(18)
for option in "$@"; do
  case $option in
    # 400,000 lexicons of up to five texts each against the oracle, 640,000 with a delta against the
    # whole: some 35 minutes on two cores.
    --long) export TERMSTREAM_LONG=1 PROPTEST_CASES=80000 ;;
    --all-versions) versions=(15 16 17 18) ;;
    *) die "unknown option \"$option\" of ./run test" ;;
  esac
done

exec 9>"$target/test.lock"
flock -n 9 || {
  say "Another ./run test is at work in this clone: waiting for its end"
  flock 9
}
source termfeed/tests/kafka/broker.sh
trap 'cluster_stop test; cluster_stop kafka; broker_stop kafka' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# check NAME COMMAND…: runs the command, and counts what it reports.
check() {
  local name=$1 log=$logs/${1//[^A-Za-z0-9.]/-}.log status=0 counts skip
  shift
  say "Checking $name"
  set +e
  (
    set -e
    exec 9>&-
    "$@"
  ) 2>&1 | tee "$log" | grep -E --line-buffered '^ +(Compiling|Running) '
  status=${PIPESTATUS[0]}
  set -e
  counts=$(count_tests <"$log")
  passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
  while read -r skip; do
    say "$skip"
    skips+=("$skip")
  done < <(grep '^SKIP' "$log")
  if [[ $status -eq 0 ]]; then
    [[ $counts != '0 0' ]] || grep -q '^SKIP' "$log" || passed=$((passed + 1))
  else
    [[ ${counts#* } != 0 ]] || failed=$((failed + 1))
    failures+=("$name")
    tail -n 60 "$log"
    say "FAILED: $name (all of it: ${log#"$repo/"})"
  fi
}

# Sums up what cargo test and pg_regress print: "passed failed".
count_tests() {
  awk '
    /^test result:/ { for (i = 2; i <= NF; i++) { if ($i == "passed;") p += $(i-1); if ($i == "failed;") f += $(i-1) } }
    /^test .* \.\.\. ok +[0-9]+ ms/ || /^ok [0-9]+ +[-+] / { p++ }
    /^test .* \.\.\. FAILED +[0-9]+ ms/ || /^not ok [0-9]+ +[-+] / { f++ }
    END { print p + 0, f + 0 }'
}

shell_scripts() {
  git ls-files -z '*.sh' '*/run' run docker/healthy | xargs -0 shellcheck -s bash -x
}

# What rustdoc has against the comments: links that lead nowhere, or to two things.
documentation() {
  export RUSTDOCFLAGS='-D warnings'
  cargo doc --no-deps -p termstream-core
  cargo doc --no-deps -p termfeed --features feeds
  cargo doc --no-deps --document-private-items -p termstream --no-default-features --features "pg$pg_major"
}

# with_tool NAME VERSION COMMAND…: a check by a tool that takes minutes to compile, which only --long does.
with_tool() {
  [[ -z ${TERMSTREAM_LONG:-} ]] || need_tool "$1" "$2"
  has_tool "$1" "$2" || { echo "SKIP: there is no $1 (./run test --long installs it)" && return; }
  "${@:3}"
}

# actionlint knows the syntax of GitHub's workflows; it is built by Go.
workflows() {
  command -v go >/dev/null || { echo "SKIP: the workflows are not checked: there is no Go" && return; }
  [[ -x $target/tools/bin/actionlint ]] ||
    GOBIN=$target/tools/bin GOPATH=$target/go GOCACHE=$target/go/cache GOFLAGS=-modcacherw \
      go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.7
  "$target/tools/bin/actionlint"
}

# An empty database of its own for a check.
fresh_database() {
  "$pg_bin/dropdb" --if-exists "$1"
  "$pg_bin/createdb" "$1"
  export PGDATABASE=$1
}

regress() {
  local kind=$1 program=$2 suffix=$3 tests
  tests=$(cd "$repo/pg_test/$kind" 2>/dev/null && for file in */*."$suffix"; do basename "$file" ".$suffix"; done) || true
  [[ -n $tests && $tests != '*' ]] || { echo "SKIP: pg_test/$kind has no tests" && return; }
  mkdir -p "$target/$kind"
  # shellcheck disable=SC2086
  "$(dirname "$("$pg_bin/pg_config" --pgxs)")/../test/$program" --inputdir="$repo/pg_test/$kind" --outputdir="$target/$kind" \
    --bindir="$pg_bin" --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" --encoding=UTF8 \
    --dbname="${kind}_test" --load-extension=termstream $tests || {
    cat "$target/$kind/regression.diffs"
    return 1
  }
}

# server_tests NAME: the tests of pg_test/NAME, which open sessions of their own.
server_tests() {
  fresh_database "$1"
  psql -qc 'CREATE EXTENSION termstream'
  TERMSTREAM_TEST_DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$PGDATABASE" \
    cargo test -p termstream-sessions --test "$1"
}

# Less optimised, in a third of the time.
build_quickly() {
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 build
}

# What concerns Postgres alone, on a server of the version at hand.
server_checks() {
  local pages page
  cluster_start test fsync=off synchronous_commit=off full_page_writes=off max_wal_size=4GB 9>&-
  check "SQL, by pg_regress$1" regress regress regress/pg_regress sql
  check "two sessions at once, by pg_isolation_regress$1" regress isolation isolation/pg_isolation_regress spec
  check "sessions$1" server_tests sessions
  check "attacks by ordinary roles$1" server_tests attacks
  mapfile -t pages < <(git ls-files README.md examples/menu/README.md examples/transactions/README.md 'docs/*.md' |
    xargs grep -l '^```sql$')
  for page in "${pages[@]}"; do
    check "the statements of $page$1" readme "$repo/$page"
  done
}

# other_version MAJOR: builds for another version, and checks it there.
other_version() {
  export PG_MAJOR=$1
  check "fetching Postgres $1" set_up
  [[ " ${failures[*]} " != *" fetching Postgres $1 "* ]] || return 0
  set_up
  check "the build for Postgres $1" build_quickly
  [[ " ${failures[*]} " == *" the build for Postgres $1 "* ]] || server_checks ", on Postgres $1"
}

# On a server of its own, which is killed, and which writes to the disk as one must that may be.
kills() {
  trap 'cluster_stop kills' EXIT
  cluster_start kills
  source pg_test/kills.sh "${TERMSTREAM_LONG:+200}"
}

readme() {
  fresh_database readme
  TMPDIR=$pg_home bash "$repo/pg_test/readme.sh" "$pg_bin/psql" "$1"
}

# Loads a folder's terms.csv and input.csv as the example does; leaves the pairs in a file.
match_folder() {
  fresh_database menu
  cd "$1"
  psql -q -f "$repo/examples/menu/menu.sql"
  psql -qc "\\copy (SELECT * FROM menu_terms) TO '$target/pairs.csv' (FORMAT csv, HEADER)"
}

menu_example() {
  match_folder "$repo/examples/menu"
  psql -q -f gold.sql -v path="$(cluster_file input_broken.csv)" -f broken.sql -f check.sql
}

# feed NAME: runs termfeed/tests/feed/NAME.sh against a termfeed and an empty database.
feed() {
  fresh_database feed
  psql -qc 'CREATE EXTENSION termstream'
  cargo build --profile test -p termfeed --features feeds
  mkdir -p "$target/logs/feed"
  [[ $1 != page ]] || need_browser || true
  bash "$repo/termfeed/tests/feed/$1.sh" "$target/debug/termfeed" "$pg_bin/psql" "$target/logs/feed"
}

# A test of termfeed/tests/kafka: they have a Postgres and a broker of their own, which the first one starts.
with_broker() {
  cargo build --profile test -p termfeed --features feeds
  bash "$repo/termfeed/tests/kafka/$1" "${@:2}"
}

compose_file() {
  install_packages prometheus python3-pip
  bash "$repo/docker/check.sh" "$target/tools/python"
}

transactions_example() {
  fresh_database transactions
  cd "$repo/examples/transactions"
  local files=() file
  for file in transactions suspicious; do files+=(-v "$file=$(cluster_file $file.csv)"); done
  psql -q "${files[@]}" -f transactions.sql -f load.sql -f check.sql
}

# Step by step, with payments between the steps; the last state is that of all of them at once.
transactions_migrations() {
  fresh_database migrations
  local copy=$target/logs/migrations # It gets one more.
  rm -rf "$copy"
  cp -r "$repo/examples/transactions" "$copy"
  cd "$copy"
  export PSQL=$pg_bin/psql
  ./migrate.sh 1_payments
  psql -q -o /dev/null -v path="$(cluster_file transactions.csv)" \
    <<<"CALL termstream.load_file('transactions', :'path', delimiter => ';')"
  ./migrate.sh
  [[ -z $(./migrate.sh) ]] # Nothing is left to do.
  psql -q -c "DO 'BEGIN
    ASSERT (SELECT count(*) = 3 FROM migration);
    ASSERT (SELECT count(*) = 1918 FROM payment);
    ASSERT (SELECT count(*) = 1918 FROM to_predict), ''those that were there are not asked about'';
    INSERT INTO transactions VALUES (9000, NULL, ''1000000,00'', ''2024-01-01'', NULL, ''payment'', ''credit'');
    ASSERT (SELECT checks = ''{amount_plausible}'' FROM transactions_rejects ORDER BY reject_id DESC LIMIT 1);
    END'"
  printf '%s\n' 'CREATE TABLE half (n int);' 'SELECT 1 / 0;' >migrations/9_wrong.sql
  ! ./migrate.sh 2>/dev/null || die 'a migration that fails is none'
  psql -q -c "DO 'BEGIN ASSERT to_regclass(''half'') IS NULL AND (SELECT count(*) = 3 FROM migration); END'"
}

# 10,000 payments of real form: all of them good.
transactions_shared() {
  local file=$repo/../shared/data/transactions/transactions_fr.csv
  [[ -f $file ]] || { echo 'SKIP: no ../shared/data/transactions: payments of real form were NOT loaded' && return; }
  fresh_database transactions
  psql -q -f "$repo/examples/transactions/transactions.sql"
  psql -qc "\\copy transactions FROM '$file' (FORMAT csv, HEADER, DELIMITER ';')" -c "
    DO 'BEGIN ASSERT (SELECT count(*) = 10000 AND sum(amount) = 2330079.67 FROM payment); END'"
}

menu_data() {
  command -v python3 >/dev/null || { echo 'SKIP: no python3 to write the data of examples/menu again' && return; }
  local again file
  again=$(mktemp -d)
  python3 "$repo/examples/menu/generate.py" "$again"
  for file in terms input input_broken gold; do
    cmp "$again/$file.csv" "$repo/examples/menu/$file.csv"
  done
  rm -r "$again"
}

transactions_data() {
  command -v python3 >/dev/null || { echo 'SKIP: no python3 to write the data of examples/transactions again' && return; }
  local again file
  again=$(mktemp -d)
  python3 "$repo/examples/transactions/generate.py" "$again"
  for file in transactions suspicious; do
    cmp "$again/$file.csv" "$repo/examples/transactions/$file.csv"
  done
  rm -r "$again"
}

labelled() {
  local folder=$repo/../shared/data/$1
  [[ -d $folder ]] || { echo "SKIP: no ../shared/data/$1: accuracy on real text was NOT measured" && return; }
  command -v python3 >/dev/null || { echo "SKIP: no python3 to score $1" && return; }
  match_folder "$folder"
  python3 "$repo/../shared/tools/score.py" "$target/pairs.csv" "$folder" "$2"
}

# Kills at random: three, or a dozen with --long.
kills=3
[[ -z ${TERMSTREAM_LONG:-} ]] || kills=12

set_up
need_lints
check 'formatting' cargo fmt --check
check 'shell scripts' shell_scripts
check 'the workflows' workflows
check 'that no script of a released version was changed' sha256sum --check pg_test/upgrade/released.sha256
check 'links between pages' bash pg_test/links.sh
check 'the book' with_tool mdbook "$mdbook_version" book
check 'the dependencies' with_tool cargo-deny "$deny_version" dependencies
check 'lints, without Postgres' cargo clippy -p termstream-core -p termstream-sessions --all-targets -- -D warnings
check 'lints, with Postgres' cargo clippy -p termstream --no-default-features --features "pg$pg_major" -- -D warnings
check 'lints of termfeed' cargo clippy -p termfeed --features feeds --all-targets -- -D warnings
check 'the documentation of the code' documentation
check 'the core' cargo test -p termstream-core
check 'termfeed by itself' cargo test -p termfeed --features feeds
check 'the data of the menu example' menu_data
check 'the data of the transactions example' transactions_data
check 'the compose file, the dashboard and the alerts' compose_file
check 'the build' build
if [[ " ${failures[*]} " != *' the build '* ]]; then
  server_checks ''
  check 'interruptions, and long mixed use' server_tests storm
  check 'load_file, ended at random moments' kills
  check 'the menu example' menu_example
  check 'termfeed serve, by curl' feed serve
  check 'termfeed serve, and whom it lets in' feed guard
  check 'termfeed serve, and what one client can do to the others' feed pressure
  check 'termfeed, and which stream a name means' feed names
  check 'termfeed and TLS' bash termfeed/tests/feed/tls.sh
  check 'termfeed behind PgBouncer' bash termfeed/tests/feed/pgbouncer.sh
  check 'what holds termfeed up' bash termfeed/tests/feed/ready.sh
  check 'the page, in a browser' feed page
  check 'termfeed load' feed load
  check 'termfeed, as examples/menu/README.md shows it' feed example
  check 'the transactions example' transactions_example
  check 'the migrations of the transactions example' transactions_migrations
  check 'payments of real form' transactions_shared
  check 'termfeed kafka, with a broker' with_broker consume.sh
  check 'termfeed relay, with a broker' with_broker relay.sh
  check 'Avro both ways, with a schema registry' with_broker avro.sh
  check 'what is measured, by Prometheus' with_broker metrics.sh
  check 'kills of everything that feeds' with_broker chaos.sh ${TERMSTREAM_LONG:+200000 20}
  check 'termfeed predict' bash termfeed/tests/feed/predict.sh
  check 'termfeed kinesis' bash termfeed/tests/aws/kinesis.sh
  check 'termfeed export' bash termfeed/tests/aws/export.sh
  check 'the menu example, by three doors' bash pg_test/examples.sh menu "$kills"
  check 'the logins example' bash pg_test/examples.sh logins "$kills"
  check 'the articles example' bash pg_test/examples.sh articles "$kills"
  check 'the sagas example' bash pg_test/examples.sh sagas "$kills"
  check 'the transactions example, with its service' bash pg_test/examples.sh transactions "$kills"
  check 'real text: brands-small' labelled brands-small 0.97
  check 'real text: brands-demo' labelled brands-demo 0.97
fi

first=$pg_major
for major in "${versions[@]}"; do
  [[ $major == "$first" ]] || other_version "$major"
done

[[ ${#skips[@]} -eq 0 ]] || printf '%s\n' "${skips[@]}"
[[ ${#failures[@]} -eq 0 ]] || printf 'FAILED: %s\n' "${failures[@]}"
echo "$passed passed, $failed failed$([[ ${#skips[@]} -eq 0 ]] || echo ", ${#skips[@]} skipped")"
[[ ${#failures[@]} -eq 0 ]]
