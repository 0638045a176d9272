# A private schema registry; sourced after broker.sh.
#
# It is Apicurio's, from Maven Central, by its Confluent-compatible interface, with its schemas in memory.
# Where Maven Central cannot be reached, registry.py stands in, which follows that interface.

registry_jar=$target/tools/registry/apicurio-registry-app-2.6.13.Final-runner.jar

registry_resolve() {
  [[ ! -f $registry_jar ]] || return 0
  say 'Fetching the Apicurio registry from Maven Central (142 MB)'
  local new=$target/tools/registry.new
  rm -rf "$new"
  mkdir -p "$new"
  mvn -B -q -f "$repo/termfeed/tests/kafka/pom.xml" -Dmaven.repo.local="$target/tools/m2" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
    -Dartifact=io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all \
    -DoutputDirectory="$new" -Dmdep.useBaseVersion=true >"$target/tools/registry.log" 2>&1 || return 1
  tar -xzf "$new"/*.tar.gz -C "$new"
  rm "$new"/*.tar.gz
  rm -rf "$target/tools/registry"
  mv "$new" "$target/tools/registry"
}

# registry_start: sets $registry (its URL) and $registry_pid.
registry_start() {
  local port
  port=$(free_port)
  if registry_resolve; then
    registry=http://127.0.0.1:$port/apis/ccompat/v7
    setsid java -Xmx400m -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$port" \
      -jar "$registry_jar" >"$folder/registry.log" 2>&1 9>&- </dev/null &
  else
    say '!!! Maven Central cannot be reached: NOT a real schema registry but registry.py stands in !!!'
    registry=http://127.0.0.1:$port
    setsid python3 "$repo/termfeed/tests/kafka/registry.py" "$port" >"$folder/registry.log" 2>&1 9>&- </dev/null &
  fi
  registry_pid=$!
  wait_for 300 curl -sf "$registry/subjects" || die "the registry did not start: $(tail -n 3 "$folder/registry.log")"
}

# registry_add SUBJECT FILE: prints the id of the schema in the file.
registry_add() {
  python3 -c 'import json, sys; print(json.dumps({"schema": open(sys.argv[1]).read()}))' "$2" |
    curl -sf -X POST -H 'Content-Type: application/vnd.schemaregistry.v1+json' --data-binary @- \
      "$registry/subjects/$1/versions" | grep -o '[0-9]*'
}
