# A page as Doxygen is to read it. A link to a source file is its text alone (sources are not part of the reference); mathematics
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
  while (match($0, /\[[^]]*\]\([^():#]*\.(hpp|cpp|py|sh|css)\)/)) {
    link = substr($0, RSTART + 1, RLENGTH - 1)
    $0 = substr($0, 1, RSTART - 1) substr(link, 1, index(link, "](") - 1) substr($0, RSTART + RLENGTH)
  }
  $0 = mathematics($0)
}
{ print }
