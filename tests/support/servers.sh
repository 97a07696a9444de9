# Starts real S3 servers for the live tests, each its own process on free ports of this machine, over a temporary
# folder, and stops exactly those that it started. Sourced by tests/run.sh; does nothing by itself.
#
#   servers_begin FOLDER           temporary files and logs go below FOLDER
#   start_minio && echo "$minio_url"
#   start_versitygw && echo "$versitygw_url"
#   servers_end                    stops them; also to be called from a trap
#
# The servers are built from their makers' Go modules, pinned, and kept outside the repository. MinIO is under the AGPL:
# it is only ever a process of its own.

servers_cache=${XDG_CACHE_HOME:-$HOME/.cache}/docupilot/servers
servers_access_key=docupilot
servers_secret_key=docupilot-test-secret
servers_pids=()

servers_begin() {
  servers_folder=$1
  rm -rf "$servers_folder"
  mkdir -p "$servers_folder" "$servers_cache"
}

# What both servers ask for at least, and the one that is fetched where there is none that can fetch it by itself.
servers_go=1.26.1

# need_go: sets go_program to a Go that can build the servers. Since 1.21 Go fetches the version that a module asks
# for. An older one, such as Debian's, can fetch it as the module that it is published as, and no more.
need_go() {
  local candidate version
  go_program=$servers_cache/go-$servers_go/bin/go
  [[ -x $go_program ]] && return 0
  for candidate in "$(command -v go)" /usr/local/go/bin/go; do
    [[ -x $candidate ]] || continue
    version=$("$candidate" env GOVERSION)
    go_program=$candidate
    [[ "$(printf '%s\n' go1.21 "${version%% *}" | sort --version-sort | head -n 1)" == go1.21 ]] && return 0
  done
  [[ -x $go_program ]] || { need golang-go && go_program=$(command -v go) || return 1; }
  fetch_go "$go_program"
}

# fetch_go OLD_GO: lays the pinned Go beside the servers. Its module holds files without modes, and go.mod under another
# name, as a module can hold none but its own.
fetch_go() {
  local old=$1 folder module log=$servers_folder/fetch-go.log
  folder=$(mktemp -d "$servers_cache/go.XXXXXX")
  module=golang.org/toolchain@v0.0.1-go$servers_go.linux-$("$old" env GOARCH)
  echo "  fetching Go $servers_go, as $("$old" env GOVERSION) cannot build the servers" >&2
  if ! (cd "$folder" && GOMODCACHE=$folder/modules GOFLAGS=-modcacherw "$old" mod download "$module" &&
    mv "modules/$module" go && chmod -R u+w go && find go/bin go/pkg/tool -type f -exec chmod +x {} + &&
    find go -name _go.mod -execdir mv {} go.mod \;) >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    rm -rf "$folder"
    return 1
  fi
  mv "$folder/go" "$servers_cache/go-$servers_go" && rm -rf "$folder"
  go_program=$servers_cache/go-$servers_go/bin/go
}

# build_server NAME MODULE@VERSION: builds it once and keeps it under its version.
build_server() {
  local name=$1 module=$2
  local version=${module##*@} log=$servers_folder/build-$1.log
  server_program=$servers_cache/$name-$version
  [[ -x $server_program ]] && return 0
  need_go || return 1
  local folder
  folder=$(mktemp -d "$servers_cache/build.XXXXXX")
  echo "  building $name $version from its Go module" >&2
  if ! GOBIN=$folder GOTOOLCHAIN=${GOTOOLCHAIN:-auto} GOFLAGS= "$go_program" install "$module" >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    rm -rf "$folder"
    return 1
  fi
  mv "$folder/$name" "$server_program" && rm -rf "$folder"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# launch LOG COMMAND...: starts a server that ends with this shell, even when that is killed. Sets server_pid.
launch() {
  local log=$1 tied=()
  shift
  command -v setpriv >/dev/null && tied=(setpriv --pdeathsig KILL)
  "${tied[@]}" "$@" >"$log" 2>&1 </dev/null &
  server_pid=$!
  servers_pids+=("$server_pid")
}

# await_server PID URL: until anything answers there.
await_server() {
  local pid=$1 url=$2 try
  for ((try = 0; try < 150; ++try)); do
    curl --silent --insecure --output /dev/null --max-time 2 "$url" && return 0
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.2
  done
  return 1
}

# server_certificate FOLDER: a throwaway authority and a certificate of its for localhost. Sets servers_ca.
server_certificate() {
  local folder=$1
  servers_ca=$servers_folder/ca.pem
  mkdir -p "$folder"
  if [[ ! -e $servers_ca ]]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=docupilot test authority" \
      -keyout "$servers_folder/ca.key" -out "$servers_ca" >/dev/null 2>&1 || return 1
  fi
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
    -keyout "$folder/private.key" -out "$folder/request.pem" >/dev/null 2>&1 &&
    openssl x509 -req -in "$folder/request.pem" -CA "$servers_ca" -CAkey "$servers_folder/ca.key" -CAcreateserial -days 2 \
      -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n') \
      -out "$folder/public.crt" >/dev/null 2>&1
}

# start_minio [tls]: sets minio_url, or minio_tls_url and servers_ca.
start_minio() {
  local scheme=http certificates=$servers_folder/minio-certs port key=()
  build_server minio github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c || return 1
  mkdir -p "$certificates"
  if [[ ${1:-} == tls ]]; then
    scheme=https
    certificates=$servers_folder/minio-tls-certs
    server_certificate "$certificates" || return 1
    # A key to encrypt with; the other one goes without.
    key=("MINIO_KMS_SECRET_KEY=docupilot-test:$(head -c 32 /dev/zero | base64)")
  fi
  port=$(free_port)
  launch "$servers_folder/minio-$scheme.log" \
    env "${key[@]}" MINIO_ROOT_USER=$servers_access_key MINIO_ROOT_PASSWORD=$servers_secret_key MINIO_BROWSER=off \
    MINIO_UPDATE=off "$server_program" server --quiet --address "127.0.0.1:$port" --certs-dir "$certificates" \
    "$servers_folder/minio-$scheme"
  await_server "$server_pid" "$scheme://127.0.0.1:$port/minio/health/ready" || return 1
  if [[ $scheme == https ]]; then minio_tls_url=$scheme://127.0.0.1:$port; else minio_url=$scheme://127.0.0.1:$port; fi
}

# start_versitygw [tls]: sets versitygw_url, or versitygw_tls_url and servers_ca. Its folder needs extended attributes.
start_versitygw() {
  local scheme=http tls=() port
  build_server versitygw github.com/versity/versitygw/cmd/versitygw@v1.7.0 || return 1
  if [[ ${1:-} == tls ]]; then
    scheme=https
    server_certificate "$servers_folder/versitygw-certs" || return 1
    tls=(--cert "$servers_folder/versitygw-certs/public.crt" --key "$servers_folder/versitygw-certs/private.key")
  fi
  port=$(free_port)
  mkdir -p "$servers_folder/versitygw-$scheme"
  launch "$servers_folder/versitygw-$scheme.log" \
    "$server_program" --access "$servers_access_key" --secret "$servers_secret_key" --region us-east-1 --quiet \
    --port "127.0.0.1:$port" "${tls[@]}" posix "$servers_folder/versitygw-$scheme"
  await_server "$server_pid" "$scheme://127.0.0.1:$port/" || return 1
  if [[ $scheme == https ]]; then versitygw_tls_url=$scheme://127.0.0.1:$port; else versitygw_url=$scheme://127.0.0.1:$port; fi
}

servers_end() {
  local pid try
  for pid in "${servers_pids[@]}"; do kill "$pid" 2>/dev/null; done
  for ((try = 0; try < 50; ++try)); do
    kill -0 "${servers_pids[@]}" 2>/dev/null || break
    sleep 0.1
  done
  for pid in "${servers_pids[@]}"; do
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  servers_pids=()
}
