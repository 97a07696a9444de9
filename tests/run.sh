#!/bin/bash
# Installs what the tests need, builds, and runs all of them. Everything made lies under build/; what is slow to make
# and stays the same, such as servers and the list of files that clang-tidy passed, under ~/.cache/docupilot.
#
#   tests/run.sh                 everything, from a bare Debian 12 on
#   tests/run.sh --only PART     one part (or several: --only unit,wire), on what is installed and built
#   tests/run.sh --quick         everything, with shorter fuzzing and kill test and fewer consumers
#
# Parts: unit conformance wire    the test programs, Release, g++, warnings are errors
#        faults                   an object store on a network that fails at every point where one can
#        security                 what docs/security.md promises, each line of it
#        asio                     the adapter for Boost.Asio
#        programs                 all six
#        command examples         the docupilot command and the tutorial programs
#        live                     real documents through the real command, and processes killed at random instants
#        s3                       real servers, MinIO and versitygw, with and without TLS: the suite of object stores, boto3
#                                 and curl on the same objects, the walk and the kill test with their store there; uploads
#                                 and downloads of all sizes, killed (DOCUPILOT_TEST_KILLS=100 times) and cancelled;
#                                 DOCUPILOT_TEST_LARGE=1 adds 20 GiB
#        asan tsan                the test programs under the sanitizers, clang++, warnings are errors
#        package                  programs that use the installed library, Debian packages
#        hygiene                  include rule, headers, symbols, documentation, format, static analysis
#        fuzz                     every parser of outside bytes for DOCUPILOT_FUZZ_SECONDS (30) each
#        bench                    the benchmarks run (their figures are not judged here)
#
# A test that cannot run here is reported as `SKIPPED: name (why)`. DOCUPILOT_REQUIRE=name,name makes that a failure;
# DOCUPILOT_REQUIRE=all does so for every one.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
root=$PWD
source examples/packages.sh
source tests/support/servers.sh
trap servers_end EXIT

usage() { sed -n '2,/^set /s/^# \{0,1\}//p' "$root/tests/run.sh" | sed '$d'; }

only="" quick=""
while (($#)); do
  case $1 in
    --only) only=${2:-}; [[ -n $only ]] || { usage >&2; exit 2; }; shift ;;
    --only=*) only=${1#*=} ;;
    --quick) quick=1 ;;
    -h | --help) usage; exit 0 ;;
    *) echo "tests/run.sh: what is $1?" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

doctest_parts=(unit conformance wire faults security asio)
all_parts=(programs command examples live s3 asan tsan package hygiene fuzz bench)
if [[ -n $only ]]; then
  IFS=, read -r -a parts <<<"$only"
  for part in "${parts[@]}"; do
    [[ " ${doctest_parts[*]} ${all_parts[*]} " == *" $part "* ]] ||
      { echo "tests/run.sh: there is no part $part; there are: ${doctest_parts[*]} ${all_parts[*]}" >&2; exit 2; }
  done
else
  parts=("${all_parts[@]}")
fi

# ---- telling -----------------------------------------------------------------------------------------------------------
bold="" red="" green="" yellow="" dim="" plain=""
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' dim=$'\e[2m' plain=$'\e[0m'
fi
build=$root/build
logs=$build/test-logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0
failures=()
skips=()

clock() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }
heading() { printf '\n%s== %s%s %s(%s)%s\n' "$bold" "$1" "$plain" "$dim" "$(clock)" "$plain"; }

skip() { # NAME WHY
  local required=",${DOCUPILOT_REQUIRE:-},"
  if [[ $required == *",$1,"* || $required == *",all,"* ]]; then
    printf '  %sFAILED%s %s: it must not be skipped (%s)\n' "$red" "$plain" "$1" "$2"
    failed=$((failed + 1))
    failures+=("$1: it must not be skipped ($2)")
  else
    printf '  %sSKIPPED: %s (%s)%s\n' "$yellow" "$1" "$2" "$plain"
    skipped=$((skipped + 1))
    skips+=("$1 ($2)")
  fi
}

# Adds up what a log says: doctest's summary, "N passed, N failed, N skipped", or unittest's "Ran N tests". Leaves the
# counts in p, f and s; fails when the log says nothing of the kind.
counts_in() {
  local log=$1 line
  p=0 f=0 s=0
  if line=$(grep -aE '^\[doctest\] test cases: ' "$log"); then
    read -r p f < <(sed -E 's/.*\| +([0-9]+) passed \| +([0-9]+) failed.*/\1 \2/' <<<"$line" |
      awk '{p += $1; f += $2} END {print p, f}')
  elif line=$(grep -aE '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1) && [[ -n $line ]]; then
    read -r p f < <(sed -E 's/^([0-9]+) passed, ([0-9]+) failed.*/\1 \2/' <<<"$line")
  elif line=$(grep -aE '^Ran [0-9]+ tests? in' "$log" | tail -n 1) && [[ -n $line ]]; then
    local wrong
    wrong=$(grep -aoE '(failures|errors)=[0-9]+' "$log" | awk -F= '{n += $2} END {print n + 0}')
    s=$(grep -aoE 'skipped=[0-9]+' "$log" | awk -F= '{n += $2} END {print n + 0}')
    f=$wrong p=$(($(awk '{print $2}' <<<"$line") - wrong - s))
  else
    return 1
  fi
}

# step NAME COMMAND...: runs it, keeps what it says in a log, and counts its cases, or itself as one.
step() {
  local -A under_way=()
  begin "$@"
  finish "$1"
}

log_of() { echo "$logs/${1//[^A-Za-z0-9._-]/_}.log"; }

# begin NAME COMMAND...: starts it; finish NAME: waits for its end. The caller's table `under_way` has the processes.
begin() {
  local name=$1 log begun=$SECONDS
  log=$(log_of "$1")
  shift
  {
    "$@" >"$log" 2>&1 </dev/null
    echo "$? $((SECONDS - begun))" >"$log.end"
  } &
  under_way[$name]=$!
}

finish() {
  local name=$1 log status taken p f s
  log=$(log_of "$name")
  wait "${under_way[$name]}"
  unset "under_way[$name]"
  read -r status taken <"$log.end"
  if ! counts_in "$log"; then
    p=0 f=0 s=0
    ((status == 0)) && p=1
  fi
  ((status == 0 && p + f + s == 0)) && f=1  # a filter that finds no test proves nothing
  ((status != 0 && f == 0)) && f=1
  passed=$((passed + p)) failed=$((failed + f))
  if ((status == 0 && f == 0)); then
    printf '  %sok%s     %-44s %5d passed %s%4d s%s\n' "$green" "$plain" "$name" "$p" "$dim" "$taken" "$plain"
  else
    printf '  %sFAILED%s %-44s %5d failed %s%4d s%s\n' "$red" "$plain" "$name" "$f" "$dim" "$taken" "$plain"
    failures+=("$name: $f failed, see ${log#"$root"/}")
    excerpt "$log"
  fi
  while IFS= read -r line; do
    line=${line#*SKIPPED: }
    skip "${line%% (*}" "$(sed -E 's/^[^(]*\((.*)\)[^)]*$/\1/' <<<"$line")"
  done < <(grep -aoE 'SKIPPED: [A-Za-z0-9._-]+ \(.*\)' "$log" | sort -u)
  ((status == 0 && f == 0))
}

excerpt() { # what went wrong, as far as a log tells; else its end
  local found
  found=$(grep -anE 'FAIL|ERROR|error:|Error|undefined reference|Sanitizer|SUMMARY|breach|failure:' "$1" |
    cut -c1-240 | head -n 25)
  { [[ -n $found ]] && echo "$found"; echo "..."; tail -n 25 "$1" | cut -c1-240; } | sed 's/^/    | /'
}

# ---- building ----------------------------------------------------------------------------------------------------------
launcher=()
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1  # what one copy of the project compiled serves the others
configure() { # PRESET FOLDER OPTION...
  local preset=$1 folder=$2
  shift 2
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  local wanted="$preset ${launcher[*]} $* $(cksum <CMakePresets.json)"
  [[ -f $folder/build.ninja && "$(cat "$folder/.configured" 2>/dev/null)" == "$wanted" ]] && return 0
  local log=$logs/configure-$preset.log
  if cmake --preset "$preset" "${launcher[@]}" "$@" >"$log" 2>&1 </dev/null; then
    echo "$wanted" >"$folder/.configured"
  else
    printf '  %sFAILED%s configuring %s\n' "$red" "$plain" "$preset"
    failed=$((failed + 1))
    failures+=("configuring $preset, see ${log#"$root"/}")
    excerpt "$log"
    return 1
  fi
}

has_target() { ninja -C "$1" -t query "$2" >/dev/null 2>&1; }

# make NAME FOLDER TARGET...: builds those of the targets that exist.
make() {
  local name=$1 folder=$2 target have=()
  shift 2
  for target in "$@"; do has_target "$folder" "$target" && have+=("$target"); done
  local begun=$SECONDS log=$logs/build-${name//[^A-Za-z0-9._-]/_}.log
  # A build that knows none of them is broken: taking that for "nothing to do" would pass without a test.
  ((${#have[@]})) || have=("$@")
  if ninja -C "$folder" -k 20 "${have[@]}" >"$log" 2>&1 </dev/null; then
    printf '  %sbuilt%s  %-44s %12s %s%4d s%s\n' "$green" "$plain" "$name" "" "$dim" $((SECONDS - begun)) "$plain"
  else
    printf '  %sFAILED%s building %s\n' "$red" "$plain" "$name"
    failed=$((failed + 1))
    failures+=("building $name, see ${log#"$root"/}")
    excerpt "$log"
    return 1
  fi
}

release() { configure release "$build" -DDOCUPILOT_BUILD_TESTS=ON -DDOCUPILOT_BUILD_EXAMPLES=ON \
  -DDOCUPILOT_BUILD_BENCH=ON; }
release_command() { release && make "the command" "$build" docupilot_command; }

clang_there() { # PART: clang is there, or the part is skipped
  command -v clang++-19 >/dev/null && return 0
  skip "$1" "clang++-19 is not installed"
  return 1
}

# doctests FOLDER LABEL: runs the test programs of a build. Two at a time, the longest first: most of what they do is to
# wait. Names those that were not built.
doctests() {
  local folder=$1 label=$2 part
  local -A under_way=()
  for part in faults unit security conformance asio wire; do
    [[ -x $folder/tests/${part}_tests ]] || continue
    while (($(jobs -rp | wc -l) >= 2)); do wait -n; done
    begin "$part$label" "$folder/tests/${part}_tests" --no-colors
  done
  for part in "${doctest_parts[@]}"; do
    if [[ -n ${under_way["$part$label"]:-} ]]; then finish "$part$label"; else skip "$part$label" "it was not built"; fi
  done
}

one_doctest() { # PART
  if ! compgen -G "tests/$1/*.cpp" >/dev/null && ! compgen -G "tests/$1/*/*.cpp" >/dev/null; then
    skip "$1" "there are no such tests"
    return
  fi
  release && make "$1 tests" "$build" "$1_tests" && step "$1" "$build/tests/$1_tests" --no-colors
}

# ---- the parts -----------------------------------------------------------------------------------------------------------
part_unit() { one_doctest unit && part_asio; }
part_asio() { one_doctest asio; }
part_conformance() { one_doctest conformance; }
part_wire() { one_doctest wire; }
part_faults() { one_doctest faults; }
part_security() { one_doctest security; }

part_programs() {
  release && make "the test programs" "$build" "${doctest_parts[@]/%/_tests}" && doctests "$build" ""
}

part_command() {
  release_command || return
  if has_target "$build" command_tests; then
    make "parts of the command" "$build" command_tests &&
      step "parts of the command" "$build/tests/command_tests" --no-colors
  fi
  local test
  for test in tests/command/test_*.py; do
    [[ -e $test ]] && step "$(basename "$test" .py)" "$python" "$test" --command "$build/bin/docupilot"
  done
}

part_examples() {
  release || return
  local source names=()
  for source in examples/[0-9]*_*.cpp; do [[ -e $source ]] && names+=("$(basename "$source" .cpp)"); done
  make "the tutorial" "$build" "${names[@]}" || return
  local name scratch
  for name in "${names[@]}"; do
    if [[ -x $build/examples/$name ]]; then
      scratch=$build/test-scratch/$name
      rm -rf "$scratch" && mkdir -p "$scratch"
      step "example $name" env -C "$scratch" "$build/examples/$name"
    else
      skip "example-$name" "it was not built: Boost 1.81 is missing"
    fi
  done
}

kill_instants() { if [[ -n $quick ]]; then echo 10; else echo "${DOCUPILOT_KILL_INSTANTS:-40}"; fi; }

part_live() {
  release_command && make "a server to upload to" "$build" upload_sink upload_launcher || return
  step "memory of uploads" "$python" tests/live/memory.py --command "$build/bin/docupilot" --programs "$build/bench"
  step "the walk over real documents" "$python" tests/live/walk.py --command "$build/bin/docupilot" \
    --corpus "$(documents_of postgresql-doc-15 /usr/share/doc/postgresql-doc-15/html "$build/corpus")" \
    --pdf "$(documents_of debian-faq /usr/share/doc/debian/FAQ "$build/corpus")" --work "$build/test-scratch/walk"
  local test
  for test in tests/kill/*.py; do
    [[ -e $test ]] || { skip kill "tests/kill is not there"; continue; }
    step "$(basename "$test" .py)" "$python" "$test" --command "$build/bin/docupilot" --instants "$(kill_instants)"
  done
}

kill_count() { if [[ -n $quick ]]; then echo 20; else echo "${DOCUPILOT_TEST_KILLS:-100}"; fi; }

# live_tests NAME SERVER: the tests that are for this server.
live_tests() {
  step "live tests on $1" env DOCUPILOT_TEST_MINIO="${minio_url:-}" DOCUPILOT_TEST_MINIO_TLS="${minio_tls_url:-}" \
    DOCUPILOT_TEST_VERSITYGW="${versitygw_url:-}" DOCUPILOT_TEST_VERSITYGW_TLS="${versitygw_tls_url:-}" \
    DOCUPILOT_TEST_CA="${servers_ca:-}" DOCUPILOT_TEST_COMMAND="$build/bin/docupilot" \
    DOCUPILOT_TEST_KILLS="$(kill_count)" "$build/tests/live_tests" --no-colors --test-case="*<$2>*"
}

# on_server NAME SERVER ADDRESS START...: starts a server and runs what is for it.
on_server() {
  local name=$1 server=$2 address=$3 ca=""
  shift 3
  if ! "$@"; then
    skip "${name%% *}" "it could not be built or started, see $servers_folder"
    return 1
  fi
  live_tests "$name" "$server"
  [[ ${!address} == https:* ]] && ca=$servers_ca
  [[ -z $boto3 ]] || step "boto3 and curl on $name" "$python" tests/live/cross_client.py --command "$build/bin/docupilot" \
    --live-tests "$build/tests/live_tests" --endpoint "${!address}" --server "${name%% *}" ${ca:+--ca "$ca"}
  [[ -z $boto3 ]] || step "transfers of all sizes on $name" "$python" tests/live/transfer_sizes.py \
    --command "$build/bin/docupilot" --live-tests "$build/tests/live_tests" --endpoint "${!address}" ${ca:+--ca "$ca"}
  return 0
}

part_s3() {
  release && make "live tests" "$build" live_tests docupilot_command 7_object_store || return
  local boto3=yes
  "$python" -c "import boto3" 2>/dev/null || { boto3=""; skip boto3 "python3-boto3 is not installed"; }
  servers_begin "$build/servers"
  if on_server "minio" MinioServer minio_url start_minio; then
    live_tests "minio behind the fault proxy" MinioProxyServer
    live_tests "minio behind the fault proxy, over TLS" MinioTlsProxyServer
    [[ -z $boto3 ]] || libraries_on_minio
  fi
  on_server "minio over TLS" MinioTlsServer minio_tls_url start_minio tls
  on_server "versitygw" VersitygwServer versitygw_url start_versitygw
  on_server "versitygw over TLS" VersitygwTlsServer versitygw_tls_url start_versitygw tls
  servers_end
}

# Whole libraries whose objects rest in MinIO.
libraries_on_minio() {
  local as=(env AWS_ACCESS_KEY_ID="$servers_access_key" AWS_SECRET_ACCESS_KEY="$servers_secret_key"
    AWS_EC2_METADATA_DISABLED=true) query="endpoint=$minio_url&region=us-east-1"
  step "the walk with its store on minio" "${as[@]}" "$python" tests/live/walk.py --command "$build/bin/docupilot" \
    --corpus "$(documents_of postgresql-doc-15 /usr/share/doc/postgresql-doc-15/html "$build/corpus")" \
    --pdf "$(documents_of debian-faq /usr/share/doc/debian/FAQ "$build/corpus")" \
    --work "$build/test-scratch/walk-s3" --store "s3://walk/documents?$query"
  rm -rf "$build/test-scratch/7_object_store" && mkdir -p "$build/test-scratch/7_object_store"
  step "a bucket for the example" "${as[@]}" "$build/bin/docupilot" mb "s3://example?$query"
  step "example 7_object_store on minio" "${as[@]}" env -C "$build/test-scratch/7_object_store" \
    "$build/examples/7_object_store" "s3://example?$query"
  step "kill_test with its store on minio" "${as[@]}" "$python" tests/kill/kill_test.py \
    --command "$build/bin/docupilot" --instants "$(kill_instants)" --store "s3://kill?$query"
}

part_asan() {
  clang_there asan || return
  configure asan "$build/asan" || return
  make "with address and undefined behaviour sanitizers" "$build/asan" "${doctest_parts[@]/%/_tests}" &&
    ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 doctests "$build/asan" " (asan)"
}

part_tsan() {
  clang_there tsan || return
  configure tsan "$build/tsan" || return
  make "with the thread sanitizer" "$build/tsan" "${doctest_parts[@]/%/_tests}" &&
    TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$root/tests/support/tsan.supp" \
      doctests "$build/tsan" " (tsan)"
}

part_package() {
  release && make "the static library and the command" "$build" docupilot docupilot_command docupilot_testing || return
  configure shared "$build/shared" && make "the shared library" "$build/shared" docupilot docupilot_command docupilot_testing || return
  step "consumers" "$python" tests/package/run.py --static "$build" --shared "$build/shared" --work "$build/package" \
    ${quick:+--quick}
}

part_hygiene() {
  step "include rule finds breaches" "$python" tests/hygiene/check_includes.py --self-test
  step "include rule" "$python" tests/hygiene/check_includes.py
  step "words" "$python" tests/hygiene/check_words.py
  step "sizes" "$python" tests/hygiene/check_sizes.py
  step "cost of the umbrella header" "$python" tests/hygiene/check_headers.py cost
  local compilers=g++
  if command -v clang++-19 >/dev/null; then compilers=g++,clang++-19; else skip headers-clang "no clang++-19"; fi
  step "headers compile alone" "$python" tests/hygiene/check_headers.py --compilers "$compilers" alone
  step "headers leave no macros" "$python" tests/hygiene/check_headers.py --compilers "$compilers" macros
  if release && make "the library and the command" "$build" docupilot docupilot_command; then
    step "documentation" "$python" tests/hygiene/check_docs.py --command "$build/bin/docupilot"
    if command -v strace >/dev/null; then
      step "a client that does nothing" "$python" tests/hygiene/check_idle.py --library "$build/lib/libdocupilot.a" \
        --flags "$(pkg-config --libs $(pkg-config --print-requires-private "$build/docupilot.pc")) -lcurl -lstemmer -pthread" \
        --work "$build/hygiene"
    else
      skip idle "strace is not installed"
    fi
  fi
  if configure shared "$build/shared" && make "the shared library" "$build/shared" docupilot; then
    step "exported symbols" "$python" tests/hygiene/check_symbols.py "$build/shared/lib/libdocupilot.so"
  fi
  if command -v clang-format-19 >/dev/null; then
    step "format" "$python" tests/hygiene/check_format.py
  else
    skip format "clang-format-19 is not installed"
  fi
  if ! command -v clang-tidy-19 >/dev/null; then
    skip clang-tidy "clang-tidy-19 is not installed"
  elif [[ -n $quick ]]; then
    skip clang-tidy "left out by --quick"
  elif configure asan "$build/asan"; then
    step "clang-tidy" "$python" tests/hygiene/check_tidy.py --build "$build/asan" --cache "${XDG_CACHE_HOME:-$HOME/.cache}/docupilot/tidy"
  fi
}

part_fuzz() {
  clang_there fuzz || return
  configure asan "$build/asan" && make "the fuzz targets" "$build/asan" fuzzers || return
  step "fuzzing" "$python" tests/fuzz/run.py --targets "$build/asan/fuzz" --work "$build/fuzz" \
    --seconds "${DOCUPILOT_FUZZ_SECONDS:-$([[ -n $quick ]] && echo 5 || echo 30)}"
}

part_bench() {
  release && make "the benchmarks" "$build" benches docupilot_command || return
  step "benchmarks run" "$python" tests/bench/run.py --smoke --programs "$build/bench" --out "$build/bench-smoke"
}

# ---- going ---------------------------------------------------------------------------------------------------------------
if [[ -z $only ]]; then
  heading "packages"
  if ! need "${build_packages[@]}" "${test_packages[@]}" "${corpus_packages[@]}"; then
    echo
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
  fi
  echo "  all there"
fi
python=/usr/bin/python3  # Debian's, which has its xapian
[[ -x $python ]] || python=python3

for part in "${parts[@]}"; do
  heading "$part"
  "part_$part"
done

heading "result"
for item in "${skips[@]}"; do printf '  %sSKIPPED: %s%s\n' "$yellow" "$item" "$plain"; done
for item in "${failures[@]}"; do printf '  %sFAILED%s %s\n' "$red" "$plain" "$item"; done
if ((failed == 0 && passed == 0)); then
  echo "  nothing was tested"
  failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
