# What is checked by other tools of Rust's, installed under target/tools: the dependencies, by cargo-deny, and
# the book of docs/, by mdBook. Sourced by ./run, which gives $repo and $target.

deny_version=0.20.2
mdbook_version=0.5.4

# need_tool NAME VERSION: fetches and compiles a tool, once: some minutes.
need_tool() {
  ! has_tool "$@" || return 0
  say "Compiling $1 $2, once: some 5 minutes on two cores"
  cargo install "$1" --version "$2" --locked --root "$target/tools"
}

has_tool() { [[ $("$target/tools/bin/$1" --version 2>/dev/null) == "$1 "?(v)"$2" ]]; }

# Licences, sources and duplicates among the dependencies; known vulnerabilities where their database can be had.
dependencies() {
  local deny=$target/tools/bin/cargo-deny database
  "$deny" --workspace check licenses sources bans
  if database=$("$deny" fetch db 2>&1); then
    "$deny" --workspace check advisories
  else
    echo "$database"
    echo 'SKIP: the database of vulnerabilities cannot be had: the dependencies were NOT looked up in it'
  fi
}

# The book, in target/book: docs/, and what its pages link to beside it. It has no link into nowhere.
book() {
  local source=$target/book-source page warnings
  rm -rf "$source" "$target/book"
  mkdir -p "$source"
  git ls-files -z docs '*.md' ':!.github' 'examples/*.sql' 'examples/*.py' pg_test/examples.sh |
    xargs -0 cp --parents -t "$source"
  mv "$source"/docs/book.{css,toml} "$source/"
  {
    # Its first page is the README of the repository.
    sed 's/](/](docs\//; s/^\[.*README.md)$/[termstream](README.md)\n\n[What to read](docs\/README.md)/' docs/SUMMARY.md
    printf -- '- [%s](%s.md)\n' Contributing CONTRIBUTING Releasing RELEASING \
      'Threats, and how to report one' SECURITY Changelog CHANGELOG
    echo '# Examples'
    git ls-files 'examples/*.md' | while read -r page; do
      echo "- [$(sed -n '0,/^# /s/^# //p' "$page")]($page)"
    done
  } >"$source/SUMMARY.md"
  # mdBook has a page README.md as index.html, and leaves the links to it as they are.
  find "$source" -name '*.md' -exec sed -i -E 's/(\]\(([^)]*\/)?)README\.md/\1index.md/g' {} +
  find "$source" -name README.md -execdir mv {} index.md \;
  warnings=$("$target/tools/bin/mdbook" build "$source" --dest-dir "$target/book" 2>&1 | grep -v ' INFO ') || true
  [[ -z $warnings ]] || die "mdBook warns: $warnings"
  dead_links "$target/book"
}

# Names the links of the pages in a folder that lead nowhere.
dead_links() {
  local page link dead=0
  while read -r page; do
    while read -r link; do
      link=${link%%#*}
      [[ -z $link || -f ${page%/*}/$link ]] || { echo "${page#"$1/"}: $link" && dead=1; }
    done < <(grep -oE '(href|src)="[^":]+"' "$page" | cut -d '"' -f 2)
  done < <(find "$1" -name '*.html' ! -name 404.html ! -name print.html ! -name toc.html)
  [[ $dead -eq 0 ]]
}
