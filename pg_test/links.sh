#!/usr/bin/env bash
# Whether the links of every Markdown file lead to a file that is there, and to a heading of it; whether the
# book has every page; and whether commands of ./run and cargo that pages show are there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The anchors of a page's headings, as GitHub and mdBook make them.
anchors() {
  awk '/^```/ { code = !code } !code && /^#+ /' "$1" | sed -e 's/^#* //' |
    tr '[:upper:]' '[:lower:]' | sed -e 's/[^a-z0-9_ -]//g' -e 's/ /-/g'
}

wrong=0
complain() {
  echo "$1" >&2
  wrong=$((wrong + 1))
}

links=0
while read -r page; do
  while read -r link; do
    links=$((links + 1))
    file=${link%%#*} anchor=${link#*#}
    to=$(dirname "$page")/$file
    [[ -n $file ]] || to=$page
    if [[ ! -e $to ]]; then
      complain "$page: there is no $file"
    elif [[ $link == *'#'* && $to == *.md ]] && ! anchors "$to" | grep -qxF -- "$anchor"; then
      complain "$page: $to has no heading for #$anchor"
    fi
  done < <(awk '/^```/ { code = !code } !code' "$page" | grep -o '](\([^) ]*\))' | sed -e 's/^](//' -e 's/)$//' |
    grep -v -e '^[a-z]*:')
done < <(git ls-files '*.md')

while read -r page; do
  grep -qF "(${page#docs/})" docs/SUMMARY.md || complain "docs/SUMMARY.md does not name $page"
done < <(git ls-files 'docs/*.md' | grep -v 'SUMMARY')

while read -r page; do
  while read -r command; do
    ./run help | grep -qE "^  $command( |\$)" || complain "$page: ./run has no command $command"
  done < <(sed -n -e 's/^ *\.\/run \([a-z]*\).*/\1/p' "$page")
  while read -r package; do
    grep -qxF "name = \"$package\"" ./*/Cargo.toml || complain "$page: there is no package $package"
  done < <(sed -n -e 's/.*cargo [a-z]* -p \([a-z-]*\).*/\1/p' "$page")
done < <(git ls-files '*.md')

[[ $links -ge 50 ]] || complain "only $links links were found"
[[ $wrong -eq 0 ]]
