# ./run bench instructions [record]: instructions a row of the three hottest paths, by callgrind,
# beside those recorded in benches/instructions.txt; sourced by ./run. `record` writes them anew.
#
# The same binary counts the same on every machine and at every load, within a hundredth: what is made
# before the first pass differs by a hundred thousand instructions from run to run, so the passes are
# many. Another compiler or another processor's memcpy may count some hundredths more or less.

tolerance=5 # per cent
recorded=$repo/benches/instructions.txt

if ! command -v valgrind >/dev/null; then
  say 'Installing valgrind'
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends valgrind ||
    { say 'SKIPPED: instruction counts, valgrind is not here and could not be installed' && exit 0; }
fi
need_rust
program=$(cargo bench -p termstream-core --bench instructions --no-run --message-format=json 2>/dev/null |
  sed -n 's/.*"name":"instructions".*"executable":"\([^"]*\)".*/\1/p')
[[ -x $program ]] || die 'the bench "instructions" does not build'

# callgrind_count PATH PASSES: all instructions of a run.
callgrind_count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

slower=()
counted=''
for path in fold search records; do
  few=$(callgrind_count "$path" 2)
  many=$(callgrind_count "$path" 42)
  row=$(((many - few) / 40 / 1000))
  counted+="$path $row"$'\n'
  before=$(awk -v path="$path" '$1 == path { print $2 }' "$recorded" 2>/dev/null || true)
  if [[ -z $before ]]; then
    printf '%-8s %6d instructions a row\n' "$path" "$row"
    continue
  fi
  change=$(awk -v now="$row" -v before="$before" 'BEGIN { printf "%+.1f", 100 * (now / before - 1) }')
  printf '%-8s %6d instructions a row, %s%% against %d recorded\n' "$path" "$row" "$change" "$before"
  awk -v change="$change" -v most=$tolerance 'BEGIN { exit !(change > most) }' && slower+=("$path $change%")
done
if [[ ${1:-} == record ]]; then
  {
    echo "# Instructions a row: ./run bench instructions record"
    printf %s "$counted"
  } >"$recorded"
elif [[ ${#slower[@]} -gt 0 ]]; then
  die "slower than recorded: ${slower[*]}"
fi
