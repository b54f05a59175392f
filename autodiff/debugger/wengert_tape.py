"""A tape as a debugger sees it: members and raw memory, turned into labels, statements and tables.

What both front ends (wengert_gdb.py, wengert_lldb.py) share. Nothing here calls into the program, so it works at any stop and in
core dumps. For 64-bit little-endian programs.
"""

import math
import re
import struct

NODE = struct.Struct("<iiB3x")  # wengert::Node: x, y, op
NAME = struct.Struct("<iii")  # Tape::Name: node, begin, length
LOCATION = struct.Struct("<QI4x")  # wengert::Location: file, line
OPERATION = struct.Struct("<QQQQQqq")  # debugger::Operation: name; formulas of value, partials in x, y, z; arity, switching

# Where a member is told apart from its neighbours by nothing but its name, a front end passes these on.
NUMBERS = ("size_", "constants_", "generation_")
POINTERS = ("nodes_", "values_")
VECTORS = ("independents_", "extra_", "names_", "name_text_", "locations_", "nary_")


def number(value):
    return "%.6g" % value


def words(formula):
    """Splits "x * y" into words and what is between them."""
    part = ""
    for c in formula:
        if part and (c.isalnum() or c == "_") != (part[-1].isalnum() or part[-1] == "_"):
            yield part
            part = ""
        part += c
    if part:
        yield part


FUNCTIONS = {name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "sinh", "cosh", "log2", "log10", "pi", "e")}
FUNCTIONS.update(pow=math.pow, sign=lambda x: (x > 0) - (x < 0))


def evaluate(formula, numbers):
    """The number that a partial's formula ("1 / (2 result)", "1 where x < y") means; None where it is not finite, or unknown."""
    value, _, condition = formula.partition(" where ")
    if condition in ("x", "not x"):
        return float((numbers["x"] != 0) == (condition == "x"))
    if condition:
        first, sign, second = condition.split()
        first, second = numbers[first], numbers[second]
        return 0.5 if first == second else float(first < second if sign == "<" else first > second)
    value = re.sub(r"([\w)]) (?=[\w(])", r"\1 * ", value.replace("ln 2", "log(2)")).replace("^", "**")
    known = dict(FUNCTIONS, **numbers)
    if not value or not set(re.findall(r"[a-z]\w*", value)) <= set(known) or re.search(r"[^\w\s+\-*/().,]", value):
        return None
    try:
        return float(eval(value, {"__builtins__": {}}, known))  # words and signs are all known
    except (ArithmeticError, ValueError):
        return None


class Tape:
    """`members` maps names to numbers, pointers to addresses, vectors to (begin, end); `read` is read(address, size) -> bytes;
    `operations` is the address of wengert::debugger::operations, 0 if unknown; `custom_name(address)` names a custom operation."""

    def __init__(self, members, read, operations, custom_name=lambda address: "custom"):
        self.members, self.read, self.operations, self.custom_name = members, read, operations, custom_name
        self.size = members["size_"]
        self.constants = members["constants_"]
        self.generation = members["generation_"]
        self.values = members["values_"]
        self._names = None
        self._rules = {}

    # -- raw parts

    def text(self, address):
        bytes_ = b""
        while b"\0" not in bytes_ and len(bytes_) < 4096:
            try:
                bytes_ += self.read(address + len(bytes_), 64)
            except Exception:  # the end of a mapping may come before 64 bytes do
                bytes_ += self.read(address + len(bytes_), 1)
        return bytes_.split(b"\0")[0].decode("utf-8", "replace")

    def records(self, layout, vector):
        begin, end = self.members[vector]
        if not 0 <= end - begin < 1 << 33 or (end - begin) % layout.size:
            raise ValueError("%s is no vector" % vector)
        return [] if begin == end else list(layout.iter_unpack(self.read(begin, end - begin)))

    def node(self, i):
        return NODE.unpack(self.read(self.members["nodes_"] + NODE.size * i, NODE.size))

    def cell(self, base, i):
        return struct.unpack("<d", self.read(base + 8 * i, 8))[0]

    def value(self, i):
        return self.cell(self.values, i)

    def extra(self, k):
        return struct.unpack("<i", self.read(self.members["extra_"][0] + 4 * k, 4))[0]

    def rule(self, op):
        """(name, formulas, arity, switching) of an operation of the table; formulas of the value and the partials."""
        if op not in self._rules:
            if self.operations:
                entry = OPERATION.unpack(self.read(self.operations + OPERATION.size * op, OPERATION.size))
                formulas = [self.text(address) if address else "" for address in entry[1:5]]
                self._rules[op] = (self.text(entry[0]), formulas, entry[5], bool(entry[6]))
            else:
                self._rules[op] = ("operation %d" % op, ["", "", "", ""], 0, False)
        return self._rules[op]

    # -- what they mean

    @property
    def names(self):
        if self._names is None:
            begin, end = self.members["name_text_"]
            text = self.read(begin, end - begin) if begin != end else b""
            self._names = {i: text[at : at + n].decode("utf-8", "replace") for i, at, n in self.records(NAME, "names_")}
        return self._names

    def independents(self):
        return [i for (i,) in self.records(struct.Struct("<i"), "independents_")]

    def arguments(self, i):
        x, y, op = self.node(i)
        name, _, arity, _ = self.rule(op)
        if name == "custom":
            return [self.extra(x + 1 + k) for k in range(self.extra(x))]
        return [x, y][:arity] if arity < 3 else [x, self.extra(y), self.extra(y + 1)]

    def label(self, i):
        if i < 0:
            return number(self.value(i))
        return self.names.get(i) or "v%d" % i

    def statement(self, i):
        x, y, op = self.node(i)
        name, formulas, _, _ = self.rule(op)
        arguments = [self.label(k) for k in self.arguments(i)]
        if name == "independent":
            return name
        if name == "custom":
            address = struct.unpack("<Q", self.read(self.members["nary_"][0] + 8 * y, 8))[0]
            return "%s(%s)" % (self.custom_name(address), ", ".join(arguments))
        text = ""
        for word in words(formulas[0]):
            if word in ("x", "y", "z"):
                word = arguments["xyz".index(word)]
                if word.startswith("-") and text and not text.endswith(("(", ", ")):
                    word = "(%s)" % word
            text += word
        return text

    def equation(self, i):
        return self.label(i) + (", " if self.rule(self.node(i)[2])[0] == "independent" else " = ") + self.statement(i)

    def location(self, i):
        """(path, line), or None where it was not kept."""
        begin, end = self.members["locations_"]
        if not 0 <= i < (end - begin) // LOCATION.size:
            return None
        file, line = LOCATION.unpack(self.read(begin + LOCATION.size * i, LOCATION.size))
        return (self.text(file), line) if line else None

    def place(self, i):
        location = self.location(i)
        return "%s:%d" % (location[0].replace("\\", "/").rsplit("/", 1)[-1], location[1]) if location else ""

    def find(self, wanted):
        """The node called `wanted`: a name, "v7", or 7. None if there is none."""
        for i in sorted(self.names, reverse=True):
            if self.names[i] == wanted:
                return i
        digits = wanted[1:] if wanted.startswith("v") else wanted
        return int(digits) if digits.isdigit() and int(digits) < self.size else None

    def is_at(self, i, file, line):
        location = self.location(i)
        return location is not None and location[1] == line and ("/" + location[0]).endswith("/" + file)

    def users(self, i, first=0, last=None):
        """The nodes from `first` to before `last` that have node i as an argument, the last one first."""
        for user in range((self.size if last is None else last) - 1, max(first, i + 1) - 1, -1):
            if i in self.arguments(user):
                yield user

    def contributions(self, i, values, adjoints, first, last):
        """What node i got from the nodes `first` to before `last`: (user, adjoint, partial, amount), None where unknown."""
        for user in self.users(i, first, last):
            arguments = self.arguments(user)
            _, formulas, _, switching = self.rule(self.node(user)[2])
            numbers = {name: self.cell(values, k) for name, k in zip("xyz", arguments)}
            numbers["result"] = self.cell(values, user)
            adjoint = self.cell(adjoints, user)
            for k, argument in enumerate(arguments):
                if argument != i:
                    continue
                partial = evaluate(formulas[k + 1], numbers) if k < 3 else None
                nothing = adjoint == 0 or (switching and partial == 0)
                yield user, adjoint, partial, 0.0 if nothing else None if partial is None else adjoint * partial

    def why(self, i, values, adjoints, first, last, so_far):
        """The adjoint of node i, product by product."""
        total = self.cell(adjoints, i)
        lines = ["adjoint of %s: %s%s" % (self.label(i), number(total), ", so far" if so_far else "")]
        parts = list(self.contributions(i, values, adjoints, first, last))
        known = sum(part[3] for part in parts if part[3] is not None)
        unknown = [part for part in parts if part[3] is None]
        for part in parts:
            user, adjoint, partial, amount = part
            if amount is None and len(unknown) == 1:
                amount = total - known  # what the others leave
            lines.append("  %s * %s = %s from node %d: %s" % (
                number(adjoint), "partial" if partial is None else number(partial), "?" if amount is None else number(amount),
                user, self.equation(user)))
        if not parts:
            lines.append("  the seed" if i == last - 1 else "  nothing reached it")
        return "\n".join(lines)

    def variable(self, index, generation, value):
        """A Var in words."""
        if index < 0:
            return "constant %s" % number(value)
        if generation != self.generation or index >= self.size:
            return "stale: %s (node %d of an earlier recording)" % (number(value), index)
        place = self.place(index)
        return "%s = %s (node %d: %s%s)" % (self.label(index), number(value), index, self.statement(index), place and ", " + place)

    def summary(self):
        return "tape of %d nodes, %d independents, %d constants" % (self.size, len(self.independents()), self.constants)

    def table(self, values=None, adjoints=None, adjoint_nodes=0, mark=None, most=200):
        """One line per node: number, name, statement, value, adjoint, place. `values` and `adjoints` are addresses of node 0's."""
        rows = [("node", "name", "is", "value", "adjoint" if adjoints else "", "recorded at")]
        shown = range(self.size)
        if self.size > most:
            middle = mark if mark is not None else self.size - 1
            first = min(max(0, middle - most // 2), self.size - most)
            shown = range(first, first + most)
        for i in shown:
            rows.append((
                ("" if mark is None else "> " if i == mark else "  ") + "v%d" % i,
                self.names.get(i, ""),
                self.statement(i),
                number(self.cell(values or self.values, i)),
                number(self.cell(adjoints, i)) if adjoints and i < adjoint_nodes else "",
                self.place(i),
            ))
        widths = [max(len(row[c]) for row in rows) for c in range(6)]
        if all(not row[5] for row in rows[1:]):
            widths[5] = 0
        while sum(w + 2 for w in widths if w) > 82:
            widest = max((1, 2, 5), key=lambda c: widths[c])
            if widths[widest] <= 8:
                break
            widths[widest] -= 1
        lines = []
        for row in rows:
            cells = []
            for c, (cell, width) in enumerate(zip(row, widths)):
                cell = cell if len(cell) <= width else cell[: width - 1] + "…" if width else ""
                if width:
                    cells.append(cell.rjust(width) if c in (3, 4) else cell.ljust(width))
            lines.append("  ".join(cells).rstrip())
        if len(shown) < self.size:
            lines.append("nodes %d to %d of %d; `wengert tape EXPR, NODE` shows those around another" % (shown[0], shown[-1], self.size))
        return "\n".join(lines)
