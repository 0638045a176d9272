# How a test begins that is started by itself and has servers of its own: it ends at the first error, works from
# the repository, and has what starts them. Sourced by it, whatever folder it is started from.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
target=$repo/target
cd "$repo"
source pg_test/setup.sh
source pg_test/cluster.sh
source pg_test/python.sh
source termfeed/tests/kafka/broker.sh
