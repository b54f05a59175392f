# A page as Doxygen is to read it. A link to a file that is no page is its text alone; mathematics
# between $ or $$ goes by Doxygen's names. Code is left as it is.
function mathematics(s,    pieces, n, k, all) {
  n = split(s, pieces, "`")  # every other piece is code
  for (k = 1; k <= n; ++k) {
    if (k % 2 == 1) {
      while (match(pieces[k], /\$\$/)) {
        pieces[k] = substr(pieces[k], 1, RSTART - 1) (display ? "\\f]" : "\\f[") substr(pieces[k], RSTART + 2)
        display = !display
      }
      while (match(pieces[k], /\$/)) {
        pieces[k] = substr(pieces[k], 1, RSTART - 1) "\\f\001" substr(pieces[k], RSTART + 1)
      }
      gsub(/\001/, "$", pieces[k])
    }
    all = all (k > 1 ? "`" : "") pieces[k]
  }
  return all
}

/^ *```/ { code = !code }
!code && !/^    / {
  rest = $0
  $0 = ""
  while (match(rest, /\[[^]]*\]\([^():#]*\)/)) {
    link = substr(rest, RSTART, RLENGTH)
    if (link !~ /\.md\)$/) link = substr(link, 2, index(link, "](") - 2)
    $0 = $0 substr(rest, 1, RSTART - 1) link
    rest = substr(rest, RSTART + RLENGTH)
  }
  $0 = $0 rest
  $0 = mathematics($0)
}
{ print }
