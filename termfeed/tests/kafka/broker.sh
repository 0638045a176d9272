# Private throw-away Kafka brokers; sourced after setup.sh and cluster.sh.
#
# A broker is Apache Kafka in one process (KRaft: broker and controller), its jars from Maven Central,
# Java from Debian. It listens on loopback only, on two free ports, and lives in
# target/brokers/NAME: server.properties, data, log, pid. It runs as whoever starts it.
# Where Maven Central cannot be reached, librdkafka's mock cluster stands in: a process of ours that
# keeps its messages in memory, so that a test may not kill it. broker_kind says which one it is.

brokers=$target/brokers
broker_jars=$target/tools/kafka

# install_packages PACKAGE…: those of Debian's that are not here yet.
install_packages() {
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "Installing packages: ${missing[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "${missing[@]}"
}

broker_packages() {
  install_packages kcat maven
  # A newer Java of the distribution serves as well as its default one.
  command -v java >/dev/null || install_packages default-jre-headless
}

# Copies Kafka's jars to $broker_jars, once; fails where Maven Central cannot be reached.
broker_resolve() {
  local pom=$repo/termfeed/tests/kafka/pom.xml
  ! cmp -s "$pom" "$broker_jars/pom.xml" || return 0
  say "Fetching Apache Kafka from Maven Central (43 MB)"
  rm -rf "$broker_jars" "$broker_jars.new"
  mkdir -p "$broker_jars.new"
  # Beside the sources a build would leave its own folder: the pom is copied first.
  cp "$pom" "$broker_jars.new/build.xml"
  mvn -B -q -f "$broker_jars.new/build.xml" -Dmaven.repo.local="$target/tools/m2" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DoutputDirectory="$broker_jars.new" >"$target/tools/kafka.log" 2>&1 || return 1
  mv "$broker_jars.new/build.xml" "$broker_jars.new/pom.xml"
  mv "$broker_jars.new" "$broker_jars"
}

broker_java() {
  java -Xmx400m -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$broker_jars/*" "$@"
}

# A port of loopback that nobody listens on, below those that the system gives to clients.
free_port() {
  local port
  while port=$((RANDOM % 10000 + 20000)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# wait_for SECONDS COMMAND…: until the command succeeds; so many that no busy machine needs them.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [[ $SECONDS -lt $end ]] || return 1
    sleep 0.2
  done
}

# broker_use NAME: sets $broker_home, $broker_kind (kafka, mock) and $KAFKA_BROKERS; fails if there is none.
broker_use() {
  broker_home=$brokers/$1
  broker_kind=$(cat "$broker_home/kind" 2>/dev/null) || return 1
  KAFKA_BROKERS=$(cat "$broker_home/address")
  export KAFKA_BROKERS
}

# broker_start NAME: a new broker, replacing the old one of that name.
broker_start() {
  broker_stop "$1"
  broker_home=$brokers/$1
  mkdir -p "$broker_home"
  broker_packages
  if broker_resolve; then
    broker_make_kafka
  else
    say "!!! Maven Central cannot be reached: NOT a real Kafka but librdkafka's mock cluster stands in !!!"
    broker_make_mock
  fi
  broker_use "$1"
}

broker_make_kafka() {
  local port controller
  port=$(free_port) controller=$(free_port)
  cat >"$broker_home/server.properties" <<TEXT
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=BROKER://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=BROKER://127.0.0.1:$port
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$broker_home/data
auto.create.topics.enable=true
num.partitions=3
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
TEXT
  broker_java kafka.tools.StorageTool format -c "$broker_home/server.properties" \
    -t "$(broker_java kafka.tools.StorageTool random-uuid 2>/dev/null | tail -n 1)" >"$broker_home/log" 2>&1 ||
    die "kafka.tools.StorageTool failed: $(tail -n 3 "$broker_home/log")"
  echo kafka >"$broker_home/kind"
  echo "127.0.0.1:$port" >"$broker_home/address"
  say "Starting a private Kafka"
  broker_run
}

# Starts the broker of $broker_home, again if it was there before, and waits until it answers.
broker_run() {
  local address tries
  address=$(cat "$broker_home/address")
  setsid java -Xmx400m -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$broker_jars/*" \
    kafka.Kafka "$broker_home/server.properties" >>"$broker_home/log" 2>&1 9>&- </dev/null &
  echo $! >"$broker_home/pid"
  for tries in {1..600}; do
    ! timeout 10 kcat -b "$address" -L >/dev/null 2>&1 || return 0
    kill -0 "$(cat "$broker_home/pid")" 2>/dev/null || break
    sleep 0.5
  done
  die "the broker did not start: $(tail -n 5 "$broker_home/log")"
}

broker_make_mock() {
  cargo build -q -p termfeed --features kafka --example mock_broker
  setsid "$target/debug/examples/mock_broker" >"$broker_home/address.new" 2>"$broker_home/log" 9>&- </dev/null &
  echo $! >"$broker_home/pid"
  until [[ -s $broker_home/address.new ]]; do sleep 0.2; done
  mv "$broker_home/address.new" "$broker_home/address"
  echo mock >"$broker_home/kind"
}

# broker_pid: the pid of the broker in use, if it is that broker and not a later process.
broker_pid() {
  local pid
  pid=$(cat "$broker_home/pid" 2>/dev/null) || return 1
  grep -qz -e "$broker_home/server.properties" -e mock_broker "/proc/$pid/cmdline" 2>/dev/null || return 1
  echo "$pid"
}

# broker_topic TOPIC PARTITIONS
broker_topic() {
  if [[ $broker_kind == kafka ]]; then
    broker_java org.apache.kafka.tools.TopicCommand --bootstrap-server "$KAFKA_BROKERS" --create \
      --if-not-exists --topic "$1" --partitions "$2" --replication-factor 1 >>"$broker_home/log" 2>&1
  else
    kcat -b "$KAFKA_BROKERS" -L -t "$1" >/dev/null # Made by being asked for, with 3 partitions.
  fi
}

broker_stop() {
  local pid
  broker_use "$1" || return 0
  if pid=$(broker_pid); then
    kill -9 "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  fi
  rm -rf "$broker_home"
}
