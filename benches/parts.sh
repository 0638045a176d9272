# ./run bench [PART…]: the parts that are asked for, or all of them; sourced by ./run.

parts=$*
for part in $parts; do
  [[ $part =~ ^(core|doors|bad|memory|large|match|peers|feed|kafka)$ ]] || die "unknown part \"$part\" of ./run bench: core, doors, bad, memory, large, match, peers, feed, kafka"
done
parts=${parts:-core doors bad memory large match peers feed kafka}
if [[ " $parts " == *' core '* ]]; then
  set_up
  cargo bench -p termstream-core
  parts=$(xargs <<<"${parts//core/}")
fi
if [[ " $parts " == *' feed '* ]]; then
  (source benches/feed/measure.sh)
  parts=$(xargs <<<"${parts//feed/}")
fi
[[ -z $parts ]] || source benches/server/measure.sh
