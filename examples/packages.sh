# Which Debian packages this project needs, in one place, and how they are installed. Sourced by examples/run.sh and
# tests/run.sh; does nothing by itself.

# To build the library and the command.
build_packages=(g++ cmake ninja-build pkg-config libssl-dev libcurl4-openssl-dev libsqlite3-dev rapidjson-dev libfmt-dev libpugixml-dev
  libzip-dev libgumbo-dev libutf8proc-dev libstemmer-dev libuchardet-dev libtomlplusplus-dev libcli11-dev
  libboost1.81-dev)

# Documents that nobody here wrote, and the program that reads PDF.
corpus_packages=(postgresql-doc-15 debian-faq poppler-utils)

# For the tests on top of that.
test_packages=(ccache doctest-dev libbenchmark-dev libisal-dev clang-19 clang-format-19 clang-tidy-19
  libclang-rt-19-dev curl dpkg-dev openssl python3 python3-boto3 python3-xapian strace zsh fish)

is_installed() {
  [[ "$(dpkg-query --show --showformat='${db:Status-Abbrev}' "$1" 2>/dev/null)" == ii* ]]
}

# need PACKAGE...: installs those that are missing, and says so. Fails with the command to type when it may not.
need() {
  local missing=() package
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  ((${#missing[@]})) || return 0

  if ! command -v apt-get >/dev/null; then
    echo "This machine has no apt-get. Please install what these Debian packages hold: ${missing[*]}" >&2
    return 1
  fi
  # Debian keeps the headers of only one version of Boost at a time.
  if [[ " ${missing[*]} " == *" libboost1.81-dev "* ]]; then
    local other
    other=$(dpkg-query --show --showformat='${db:Status-Abbrev}${Package}\n' 'libboost1.*-dev' 2>/dev/null |
      sed -n 's/^ii *//p' | head -n 1 || true)
    if [[ -n "$other" ]]; then
      echo "The package $other stands in the way of libboost1.81-dev: Debian keeps one version of Boost's headers." >&2
      echo "If nothing else needs it, remove it and start again:  apt-get remove $other" >&2
      return 1
    fi
  fi
  local as_root=()
  if ((EUID != 0)); then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      echo "These Debian packages are missing, and only root may install them. Please type:" >&2
      echo "  sudo apt-get update && sudo apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
  fi
  echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    echo "Installing failed; all that apt-get said is in $log" >&2
    return 1
  fi
  rm -f "$log"
}

# documents_of PACKAGE FOLDER CORPUS: prints where FOLDER (as the package installs it) can be read. Small images leave
# documentation out when they install packages; then the package is fetched once more and unpacked under CORPUS.
documents_of() {
  local package=$1 folder=$2 corpus=$3
  if [[ -n "$(ls -A "$folder" 2>/dev/null)" ]]; then
    echo "$folder"
    return
  fi
  if [[ -z "$(ls -A "$corpus$folder" 2>/dev/null)" ]]; then
    mkdir -p "$corpus/download"
    (cd "$corpus/download" && apt-get download "$package" >/dev/null 2>&1) ||
      { echo "cannot fetch the package $package" >&2; return 1; }
    dpkg-deb -x "$corpus/download/${package}"_*.deb "$corpus"
  fi
  echo "$corpus$folder"
}
