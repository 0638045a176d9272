# ./run example NAME [--kills N]: an example with all the servers it needs, on loopback, stopped at the end.

source examples/stage.sh
name=${1:-}
shift || true
while [[ $# -gt 0 ]]; do
  case $1 in
    --kills) kills=${2:?--kills needs a number} && shift 2 ;;
    *) die "unknown option \"$1\" of ./run example" ;;
  esac
done
[[ $name =~ ^[a-z]+$ && -f examples/$name/run ]] ||
  die "no example \"$name\": there are $(cd examples && echo */run | sed 's,/run,,g')"
build
cargo build --profile test --no-default-features --features feeds --bin termfeed
source "examples/$name/run"
