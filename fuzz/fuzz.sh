# ./run fuzz [SECONDS [TARGET…]]: fuzzes each target so long (60 s); sourced by ./run.
#
# libFuzzer, guided by coverage, as cargo-fuzz drives it, but with a stable compiler: the flags that
# instrument the code need no nightly one, only the address sanitizer would, and the rooms that are
# fuzzed have no unsafe code. What was learned stays in target/fuzz/corpus; an input that breaks a
# property is left in target/fuzz/found, and ./run fuzz 0 TARGET shows it again.

seconds=${1:-60}
[[ $seconds =~ ^[0-9]+$ ]] || die "./run fuzz takes seconds, not \"$seconds\""
[[ $# -eq 0 ]] || shift
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(matching damaged records)

need_rust
host=$(rustc -vV | sed -n 's/^host: //p')
flags='-Cpasses=sancov-module --cfg fuzzing'
for flag in level=4 inline-8bit-counters pc-table trace-compares; do
  flags+=" -Cllvm-args=-sanitizer-coverage-$flag"
done
# With a --target the flags are not those of build scripts.
fuzz_build() {
  RUSTFLAGS=$flags cargo build --manifest-path fuzz/Cargo.toml --target "$host" --target-dir "$target/fuzz" "$@"
}
fuzz_build --release --bin matching --bin records
fuzz_build --profile as-released --bin damaged

broken=()
for name in "${targets[@]}"; do
  profile=release
  [[ $name != damaged ]] || profile=as-released
  program=$target/fuzz/$host/$profile/$name
  [[ -x $program ]] || die "no fuzz target \"$name\": there are matching, damaged, records"
  mkdir -p "$target/fuzz/corpus/$name" "$target/fuzz/found/$name"
  if [[ $seconds -eq 0 ]]; then
    "$program" "$target/fuzz/found/$name"/* || broken+=("$name")
    continue
  fi
  say "Fuzzing $name for $seconds s"
  nice -n 10 "$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=4096 \
    -print_final_stats=1 -verbosity=0 -artifact_prefix="$target/fuzz/found/$name/" \
    "$target/fuzz/corpus/$name" || broken+=("$name")
done
[[ ${#broken[@]} -eq 0 ]] || die "found inputs that break a property of: ${broken[*]} (target/fuzz/found)"
