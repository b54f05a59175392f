# A public header as Doxygen is to read it: `awk -f header.awk header.hpp`. No line moves, so that places in it stay right.
#
#   The opening comment is the file's page, and examples in it are code. A remark behind a member is its docstring.
#   A docstring holds for the overloads below it, too, for the other operators, and for what it names: `size()`, `low`.
#   A rule of ops.hpp is described by its own formula, and its members by what every rule has; so are the functions of Var that
#   functions.hpp makes of the table, in the words of the rules.
#   What stands in another library's namespace is left out (the file's page says what it is for), as is what only repeats.
{ line[NR] = $0 }

function indent(s) { match(s, /^ */); return RLENGTH }

function parentheses(s,    t) { t = s; return gsub(/\(/, "", s) - gsub(/\)/, "", t) }

# The name that is declared from line i on, "operator" for each of them; "" for anything else.
function declared(i,    s, unclosed) {
  while (line[i] ~ /^ *(template|requires)/ && line[i] !~ /;$/) {
    for (unclosed = 0; (unclosed += parentheses(line[i])) > 0; ++i) {}  # a condition of several lines
    ++i
  }
  s = line[i]
  sub(/  \/\/.*/, "", s)
  if (match(s, /^ *using [A-Za-z]+ =/)) {
    sub(/^ *using /, "", s)
    return substr(s, 1, index(s, " ") - 1)
  }
  if (s ~ /^[^(]* = /) sub(/ = .*/, ";", s)
  if (s ~ /operator[^a-zA-Z(]*\(/) return "operator"
  if (s ~ /^ *(return|if|for|while|using|static_assert|namespace|struct|class|enum|public|private|friend class|friend struct|#|\/\/|})/) return ""
  if (match(s, /[A-Za-z_0-9]+\(/)) return substr(s, RSTART, RLENGTH - 1)
  if (match(s, /[A-Za-z_0-9]+;/)) return substr(s, RSTART, RLENGTH - 1)  # a member: the last of those on the line
  return ""
}

function quoted(s) { gsub(/\\/, "\\\\", s); gsub(/[*<>&#%@$|~]/, "\\\\&", s); return s }

# What the rule at line i of `text` computes, from its formula{"value", "partial", …}.
function computes(text, i,    parts, n, k, s) {
  while (text[i] !~ /Formula formula/ && text[i] != "};") ++i
  s = text[i]
  while (s !~ /;$/) s = s text[++i]
  n = split(s, parts, "\"")
  s = "<code>" quoted(parts[2]) "</code>"
  for (k = 4; k <= n; k += 2) s = s (k == 4 ? ", with the partial" (n > 5 ? "s " : " ") : ", ") "<code>" quoted(parts[k]) "</code>"
  return s "."
}

function of_a_rule(s) {
  if (s ~ /const char\* name/) return "Its name, as name(op) has it."
  if (s ~ /Formula formula/) return "How it reads in print."
  if (s ~ /Domain domain/) return "Where it is defined and smooth, for each argument; tests sample it."
  if (s ~ /(value|partial)_ulps/) return "Largest error in units in the last place, as in Rule."
  if (s ~ /bool (arithmetic|switching|absorbing|steep|commutative) =/) return "As in Rule."
  if (s ~ / value\(/) return "The operation itself."
  if (s ~ / partials\(/) return "Its partial derivatives, from the arguments and the result."
  if (s ~ / partial_[xy]\(/) return "One partial derivative by itself."
  if (s ~ / at_kink\(/) return "Whether it has a corner, a jump or a vertical tangent there."
  if (s ~ / precise\(/) return "Whether the stated bounds hold there."
  return ""
}

# The functions of Var, from the list of operations: declarations on one line, each with its docstring.
function functions(list,    folder, s, n, rules, i, inside, all, pair, rule) {
  folder = FILENAME
  sub(/record\/[^\/]*$/, "", folder)
  n = 0
  while ((getline s < (folder "ops.hpp")) > 0) rules[++n] = s
  close(folder "ops.hpp")
  for (i = 1; i <= n; ++i)
    if (match(rules[i], /^struct [A-Za-z0-9]+/)) rule[substr(rules[i], 8, RLENGTH - 7)] = i
  while ((getline s < (folder "operations.hpp")) > 0) {
    if (s ~ /^#define/) inside = index(s, "#define " list "(") == 1
    if (!inside || !match(s, /X\([A-Za-z0-9]+, [a-z_0-9]+\)/)) continue
    split(substr(s, RSTART + 2, RLENGTH - 3), pair, ", ")
    all = all "/** " computes(rules, rule[pair[1]]) " The rule is ops::" pair[1] ". */ constexpr Var " pair[2] \
      (list ~ /UNARY/ ? "(Operand x); " : "(Operand x, Operand y); ")
  }
  close(folder "operations.hpp")
  return all
}

# T x, y; as T x; T y; each with the docstring.
function each(s,    type, names, n, k, all) {
  sub(/;.*/, "", s)
  n = split(s, names, ", ")
  type = names[1]
  sub(/[a-z_]+( = .*)?$/, "", type)
  all = "/** " docstring " */ " names[1] ";"
  for (k = 2; k <= n; ++k) all = all " /** " docstring " */ " type names[k] ";"
  return all
}

END {
  opening = 1
  for (i = 1; i <= NR; ++i) {
    s = line[i]
    at = indent(s)
    before = i > 1 ? line[i - 1] : ""

    if (opening) {
      if (i == 1) print "//! @file"
      text = substr(s, 3)
      if (text ~ /^   /) text = "    " text  # an example is code
      else if (text !~ /`/) gsub(/</, "\\\\&", text)
      if (s ~ /^\/\//) print "//!" text
      else opening = 0  # the line that @file took is #pragma once
      continue
    }

    if (s ~ /^namespace (fmt|std|boost|Eigen)/ || s ~ /^(struct|class) (fmt|std)::/) hidden = s ~ /^namespace/ ? "^}  // namespace" : "^};"
    if (s ~ /^\/\/\/ /) {  # a docstring of what is left out
      for (j = i; line[j] ~ /^(\/\/|template|  requires)/; ++j) {}
      if (line[j] ~ /^(struct|class) (fmt|std)::/) s = ""
    }
    if (hidden != "") {
      if (s ~ hidden) hidden = ""
      print s ~ /^#(if|el|endif)/ ? s : ""
      continue
    }
    if (s ~ /^#include ".*-inl.hpp"/) s = ""
    if (s ~ /^extern template/ || more) {
      more = s !~ /;$/
      print ""
      continue
    }
    if (match(s, /^WENGERT_(UNARY|BINARY)_OPERATIONS\(WENGERT_X\)$/) && FILENAME ~ /record\/functions.hpp$/) {
      print functions(substr(s, 1, index(s, "(") - 1))
      continue
    }
    if (at > 0 && s !~ /^ *\/\// && s ~ /;  \/\/ /) sub(/;  \/\/ /, ";  ///< ", s)

    # told: the last line of the docstring, or of a remark below it; owner: what it belongs to
    documented = told == i - 1 && told > 0
    if (s ~ /^namespace ops/) in_ops = 1
    if (s ~ /^}  \/\/ namespace ops/) in_ops = 0
    if (s ~ /^ *\/\/\/ /) {
      if (before !~ /^ *\/\/\/ /) docstring = ""
      if (s !~ /`/) gsub(/<[a-z_.\/]+>/, "\\\\&", s)
      docstring = docstring " " substr(s, at + 5)
      told = i
    } else if (s ~ /^ *\/\/ / && documented) {
      told = i
    } else if (documented) {
      owner = declared(i)
    } else if (s ~ /^ *(private|public):/ || (s == "" && before == "") || s ~ /^};/) {
      docstring = owner = ""
    }
    if (told == i) {
      print s
      continue
    }
    if (docstring != "" && s ~ /^ *[A-Za-z_0-9:<>* ]+ [a-z_]+( = [0-9]+)?(, [a-z_]+( = [0-9]+)?)+;/) {  # x and y: each has it
      shared = declared(i) == owner || index(docstring, "`" declared(i) "`")
      if (shared) s = each(s)
      if (documented || shared) {
        print s
        continue
      }
    }
    if (documented || docstring != "" && s == "") {
      print s
      continue
    }

    name = declared(i)
    if (in_ops && s ~ /^struct [A-Za-z0-9]+ : /) {
      print "/** " computes(line, i) " */ " s
    } else if (in_ops && at == 2 && s !~ /^  (\/\/|return|})/ && before !~ /^  template/ && of_a_rule(s ~ /^  template/ ? line[i + 1] : s) != "") {
      print "  /** " of_a_rule(s ~ /^  template/ ? line[i + 1] : s) " */ " substr(s, 3)
    } else if (docstring != "" && name != "" && before !~ /^ *(template|requires)/ && at <= 4 &&
               (name == owner && (before ~ /([;}]|^)$/ || before ~ /^ *\/\/ /) || index(docstring, name "(") || index(docstring, "`" name "`"))) {
      print substr(s, 1, at) "/** " docstring " */ " substr(s, at + 1)
    } else {
      print s
    }
  }
}
