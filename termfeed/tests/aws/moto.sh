# Amazon's Kinesis and S3 on this machine: moto's server, from PyPI, on a free port of loopback; sourced
# after setup.sh, python.sh and broker.sh. It keeps everything in memory.

# moto_start: sets $moto_url and $moto_pid, and the variables by which Amazon's clients find it.
moto_start() {
  local port
  need_python || return 1
  port=$(free_port)
  mkdir -p "$target/logs"
  "$target/tools/pypi/bin/moto_server" -H 127.0.0.1 -p "$port" >"$target/logs/moto.log" 2>&1 9>&- </dev/null &
  moto_pid=$! moto_url=http://127.0.0.1:$port
  export AWS_ENDPOINT_URL=$moto_url AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_EC2_METADATA_DISABLED=true
  unset AWS_PROFILE AWS_SESSION_TOKEN
  for _ in {1..3000}; do
    ! curl -s -o /dev/null "$moto_url/moto-api/" || return 0
    kill -0 "$moto_pid" 2>/dev/null || break
    sleep 0.1
  done
  die "moto did not start: $(tail -n 5 "$target/logs/moto.log")"
}
