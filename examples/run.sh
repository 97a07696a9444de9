#!/bin/bash
# From a bare Debian 12 to a library of real documents: installs what is needed, builds, ingests the manual of PostgreSQL
# (more than 1,000 pages) and the Debian FAQ (a PDF), then lists, searches and summarises them.
#
#   examples/run.sh
#
# Everything made lies under build/. Run it again as often as you like; it begins with a new library each time.
set -euo pipefail
cd "$(dirname "$0")/.."
source examples/packages.sh

bold="" dim="" green="" plain=""
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' plain=$'\e[0m'
fi
chapter() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
say() { printf '%s%s%s\n' "$dim" "$1" "$plain"; }
type_out() { printf '\n%s$ %s%s\n' "$green" "$*" "$plain"; }  # as one would type it
seconds() { # of the command that follows, in $took
  local begun tenths
  begun=$(date +%s%N)
  "$@"
  tenths=$((($(date +%s%N) - begun) / 100000000))
  took="$((tenths / 10)).$((tenths % 10)) s"
}
logged() { # LOG COMMAND...: the end of the log only when it fails
  local log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null || { tail -n 30 "$log" >&2; echo "This failed: $* (all of it is in $log)" >&2; exit 1; }
}

chapter "DocuPilot: from nothing to found"

# ---- what is needed ------------------------------------------------------------------------------------------------
chapter "1. Packages"
need "${build_packages[@]}" "${corpus_packages[@]}"
say "All that building and the documents need is installed."

# ---- the library and the command -----------------------------------------------------------------------------------
chapter "2. Building"
mkdir -p build
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
# A build of tests/run.sh is taken as it is; a new one leaves out the tests, which need more packages.
if [[ ! -f build/build.ninja ]]; then
  logged build/configure.log cmake -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DDOCUPILOT_BUILD_TESTS=OFF \
    "${launcher[@]}"
fi
say "Release, into build/, on $(nproc) processors. The first time takes some minutes."
seconds logged build/build.log cmake --build build --target docupilot_command
printf 'build/bin/docupilot is there (%s)\n' "$took"

# ---- the documents -------------------------------------------------------------------------------------------------
chapter "3. A library of real documents"
pages=$(documents_of postgresql-doc-15 /usr/share/doc/postgresql-doc-15/html "$PWD/build/corpus")
faq=$(documents_of debian-faq /usr/share/doc/debian/FAQ "$PWD/build/corpus")
rm -rf build/demo-library build/demo-documents
mkdir -p build/demo-documents
gunzip --stdout "$faq/debian-faq.en.pdf.gz" >build/demo-documents/debian-faq.pdf
count=$(find "$pages/" -name '*.html' | wc -l)
say "$count pages of PostgreSQL's manual and the Debian FAQ as PDF; nobody here wrote them."

export DOCUPILOT_LIBRARY=build/demo-library
docupilot=build/bin/docupilot
run() { # shows the command as one would type it, and runs it
  local shown="docupilot" word
  for word in "$@"; do
    [[ $word == *[\ \"*]* ]] && word="'$word'"
    shown+=" $word"
  done
  if [[ $1 == ingest ]]; then # one line a document is more than anyone reads here; progress goes to standard error
    type_out "$shown >build/ingested.txt"
    "$docupilot" "$@" </dev/null >build/ingested.txt
  else
    type_out "$shown"
    "$docupilot" "$@" </dev/null
  fi
}
id_of() { # NAME: the id of the document of that name, as a script would find it
  "$docupilot" list --json --filter "name = \"$1\"" --limit 1 </dev/null | sed -n 's/.*"id":"\([^"]*\)".*/\1/p'
}

printf '\n%s$ export DOCUPILOT_LIBRARY=build/demo-library%s\n' "$green" "$plain"
sources=("$pages" build/demo-documents/debian-faq.pdf --include '*.html' --include '*.pdf')
seconds run ingest "${sources[@]}"
ingest_took=$took
say "Stored, hashed, described, indexed and summarised, safe against a loss of power: $count pages and a PDF in $took"

seconds run ingest "${sources[@]}"
say "Again, and nothing had changed: $took"

chapter "4. What is there"
run list --order -size --limit 5
run status

chapter "5. Finding things"
run search create index without locking writes --limit 3
run search '"point-in-time recovery"' --limit 2
say "
And with typing errors:"
run search vaccum and analize --limit 3

chapter "6. What it says"
run summarize "$(id_of sql-vacuum.html)" --sentences 3
run summarize "$(id_of debian-faq.pdf)" --sentences 3

chapter "Your turn"
cat <<END
The library is in build/demo-library (ingested in $ingest_took). Type

  export PATH="\$PWD/build/bin:\$PATH" DOCUPILOT_LIBRARY=build/demo-library
  docupilot search how do I cancel a running query
  docupilot search title:trigger --facet content_type
  docupilot ingest ~/Documents        # your own; all that is below a folder
  docupilot --help

The same from C++, in order: examples/1_ingest.cpp to examples/8_uploads.cpp. All tests: tests/run.sh
END
