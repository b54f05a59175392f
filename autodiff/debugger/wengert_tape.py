"""A tape as a debugger sees it: members and raw memory, turned into labels, statements and tables.

What both front ends (wengert_gdb.py, wengert_lldb.py) share, down to the commands and their text. Nothing here calls into the program,
so it works at any stop and in core dumps. For 64-bit little-endian programs.
"""

import functools
import math
import re
import struct

NODE = struct.Struct("<iiBB2x")  # wengert::Node: x, y, op, constants
NAME = struct.Struct("<iii")  # Tape::Name: node, begin, length
LOCATION = struct.Struct("<QI4x")  # wengert::Location: file, line
OPERATION = struct.Struct("<QQQQQqq")  # debugger::Operation: name; formulas of value, partials in x, y, z; arity, switching

# Where a member is told apart from its neighbours by nothing but its name, a front end passes these on.
NUMBERS = ("size_", "constants_", "generation_")
POINTERS = ("nodes_", "values_", "extra_")
VECTORS = ("independents_", "names_", "name_text_", "locations_", "nary_")


class Problem(Exception):
    """What a command has to say instead of an answer."""


MOST_PARTS = 10  # of an adjoint that are told one by one


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


@functools.lru_cache(maxsize=None)
def compiled(formula):
    """A formula's value as code, None where a word or a sign is unknown, and its condition."""
    value, _, condition = formula.partition(" where ")
    value = re.sub(r"([\w)]) (?=[\w(])", r"\1 * ", value.replace("ln 2", "log(2)")).replace("^", "**")
    known = set(FUNCTIONS) | {"x", "y", "z", "result"}
    if not value or not set(re.findall(r"[a-z]\w*", value)) <= known or re.search(r"[^\w\s+\-*/().,]", value):
        return None, condition
    return compile(value, "<formula>", "eval"), condition


def evaluate(formula, numbers):
    """The number that a partial's formula ("1 / (2 result)", "1 where x < y") means; None where it is not finite, or unknown."""
    code, condition = compiled(formula)
    if condition in ("x", "not x"):
        return float((numbers["x"] != 0) == (condition == "x"))
    if condition:
        first, sign, second = condition.split()
        first, second = numbers[first], numbers[second]
        return 0.5 if first == second else float(first < second if sign == "<" else first > second)
    if code is None:
        return None
    try:
        return float(eval(code, {"__builtins__": {}, **FUNCTIONS}, numbers))  # words and signs are all known
    except (ArithmeticError, ValueError, NameError):
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
        self._blocks = {}  # what was read whole, by the address that it belongs to

    def again(self):
        """The same tape as its memory is now."""
        return Tape(self.members, self.read, self.operations, self.custom_name)

    def is_same(self, other):
        return self.members["nodes_"] == other.members["nodes_"] and self.generation == other.generation

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

    def load(self, nodes, *bases):
        """Reads nodes, and numbers by node, in one go: one by one each costs a debugger some 20 microseconds."""
        for base in bases:
            self._blocks[base] = self.read(base - 8 * self.constants, 8 * (self.constants + nodes))
        self._blocks[0] = self.read(self.members["nodes_"], NODE.size * nodes)

    def node(self, i):
        block = self._blocks.get(0, b"")
        if NODE.size * (i + 1) <= len(block):
            return NODE.unpack_from(block, NODE.size * i)
        return NODE.unpack(self.read(self.members["nodes_"] + NODE.size * i, NODE.size))

    def operation_address(self, i):
        """Of a node's operation, which a reverse sweep reads when it comes to the node."""
        return self.members["nodes_"] + NODE.size * i + 8

    def cell(self, base, i):
        block = self._blocks.get(base, b"")
        at = 8 * (i + self.constants)
        if at + 8 <= len(block):
            return struct.unpack_from("<d", block, at)[0]
        return struct.unpack("<d", self.read(base + 8 * i, 8))[0]

    def value(self, i):
        return self.cell(self.values, i)

    def extra(self, k):
        return struct.unpack("<i", self.read(self.members["extra_"] + 4 * k, 4))[0]

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
        x, y, op, _ = self.node(i)
        name, _, arity, _ = self.rule(op)
        if name == "custom":
            return [self.extra(x + 1 + k) for k in range(self.extra(x))]
        return [x, y][:arity] if arity < 3 else [x, self.extra(y), self.extra(y + 1)]

    def label(self, i):
        if i < 0:
            return number(self.value(i))
        return self.names.get(i) or "v%d" % i

    def statement(self, i):
        x, y, op, _ = self.node(i)
        name, formulas, _, _ = self.rule(op)
        arguments = [self.label(k) for k in self.arguments(i)]
        if name == "independent":
            return name
        if not self.operations:
            return "?"
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

    def nodes_at(self, file, line):
        """The nodes that were recorded on a line; the file may be given by the end of its path."""
        files = {}
        for i, (address, at) in enumerate(self.records(LOCATION, "locations_")):
            if at == line:
                if address not in files:
                    files[address] = ("/" + self.text(address).replace("\\", "/")).endswith("/" + file)
                if files[address]:
                    yield i

    def users(self, i, first=0, last=None):
        """The nodes from `first` to before `last` that have node i as an argument, the last one first."""
        many = {}  # by operation: whether arguments stand outside the node
        for user in range((self.size if last is None else last) - 1, max(first, i + 1) - 1, -1):
            x, y, op, _ = self.node(user)
            if op not in many:
                many[op] = self.rule(op)[0] == "custom" or self.rule(op)[2] > 2
            if (x == i or y == i or many[op]) and i in self.arguments(user):
                yield user

    def kept_partials(self, i):
        """The partials of a custom node at the values as recorded, where recording left them."""
        x, _, _, kept = self.node(i)
        if not kept:
            return None
        arguments = self.arguments(i)
        variables = sum(k >= 0 for k in arguments)
        partials = iter(struct.unpack("<%dd" % variables, self.read(self.members["extra_"] + 4 * (x + 1 + len(arguments)), 8 * variables)))
        return [next(partials) if k >= 0 else None for k in arguments]

    def contributions(self, i, values, adjoints, first, last):
        """What node i got from the nodes `first` to before `last`: (user, adjoint, partial, amount), None where unknown."""
        self.load(last, values, adjoints)
        for user in self.users(i, first, last):
            arguments = self.arguments(user)
            name, formulas, _, switching = self.rule(self.node(user)[2])
            adjoint = self.cell(adjoints, user)
            kept = self.kept_partials(user) if name == "custom" and values == self.values else None
            numbers = {name: self.cell(values, k) for name, k in zip("xyz", arguments)}
            numbers["result"] = self.cell(values, user)
            for k, argument in enumerate(arguments):
                if argument != i:
                    continue
                partial = kept[k] if kept else evaluate(formulas[k + 1], numbers) if k < 3 else None
                nothing = adjoint == 0 or (switching and partial == 0)
                yield user, adjoint, partial, 0.0 if nothing else None if partial is None else adjoint * partial

    def why(self, i, values, adjoints, first, last, so_far):
        """The adjoint of node i, product by product; of many the largest, and what the others add up to."""
        total = self.cell(adjoints, i)
        lines = ["adjoint of %s: %s%s" % (self.label(i), number(total), ", so far" if so_far else "")]
        parts = [list(part) for part in self.contributions(i, values, adjoints, first, last)]
        unknown = [part for part in parts if part[3] is None]
        if len(unknown) == 1:  # what the others leave
            part = unknown[0]
            part[3] = total - sum(other[3] for other in parts if other is not part)
            if part[2] is None and part[1] != 0:
                part[2] = part[3] / part[1]
        shown = parts
        if len(parts) > MOST_PARTS:
            size = lambda k: -math.inf if parts[k][3] is None or math.isnan(parts[k][3]) else -abs(parts[k][3])
            largest = sorted(range(len(parts)), key=size)[:MOST_PARTS]
            shown = [parts[k] for k in sorted(largest)]
        for user, adjoint, partial, amount in shown:
            lines.append("  %s * %s = %s from node %d: %s" % (
                number(adjoint), "partial" if partial is None else number(partial), "?" if amount is None else number(amount),
                user, self.equation(user)))
        if len(shown) < len(parts):
            hidden = {id(part) for part in shown}
            rest = [part[3] for part in parts if id(part) not in hidden]
            lines.append("  and %d smaller ones, together %s" % (len(rest), "?" if None in rest else number(sum(rest))))
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
        if not self.operations:
            lines.append("what the nodes are is not known: this program has no wengert::debugger::operations; link the library unstripped")
        return "\n".join(lines)


# -- the commands


HELP = """wengert tape [EXPR [, NODE]]   the tape as a table, with adjoints where a sweep, a gradient or a cursor has them
wengert node [NODE]            one node: its place in the source, its value, adjoint and arguments
wengert next                   runs to the next step of a reverse sweep, before it is done; the node's adjoint is complete there
wengert until NODE|FILE:LINE   runs until the reverse sweep comes to a node, or to one recorded on that line
wengert why [NODE]             which nodes contributed to an adjoint so far, and how much
NODE is a name, a number (v7 or 7), or an expression of the program: a Var in sight, named or not. EXPR is a tape, variable, function,
gradient or cursor; without it the nearest one is taken."""


class View:
    """What a command is about: a tape, and the values and adjoints that go with it, as far as they are there. `node` is where it
    stands; `sweeping` while a reverse sweep is about to do that node."""

    def __init__(self, tape, values=None, adjoints=None, nodes=0, node=None, sweeping=False):
        self.tape, self.values, self.adjoints, self.nodes, self.node = tape, values or tape.values, adjoints, nodes, node
        self.sweeping = sweeping

    def after(self):
        """The same when the sweep is over."""
        return View(self.tape.again(), self.values, self.adjoints, self.nodes)


def some(names, most=30):
    return ", ".join(names[:most]) + (" and %d more" % (len(names) - most) if len(names) > most else "") if names else "none"


class Commands:
    """The commands, for a debugger that knows
    sweep() -> the View of the reverse sweep that the program is in, or None
    nearest(like) -> a View of what is in sight (of the same tape as the View `like`, unless that is None); raises Problem
    evaluate(text) -> the View of an expression, a number, or None; raises Problem for what is on no tape
    run_to_step(view) -> "step" at the next node of a reverse sweep; "end" where that of `view` ended first; "exit" at the end of the
        program; "stopped" where something of the user's stopped it
    run_to_node(view, node) -> the same for one node of the sweep
    where() -> the line where the program is
    """

    def __init__(self, debugger):
        self.debugger = debugger

    def run(self, line):
        """What `wengert LINE` says."""
        command, _, argument = line.strip().partition(" ")
        if command not in ("tape", "node", "next", "until", "why"):
            if command in ("", "help"):
                return HELP
            raise Problem("wengert: there is no `wengert %s`\n%s" % (command, HELP))
        return getattr(self, command)(argument.strip())

    # -- looking

    def tape(self, argument):
        expression, around = argument, ""
        split = re.fullmatch(r"(.*),\s*(\w+)", argument)
        if split:
            expression, around = split.groups()
        view = self.debugger.evaluate(expression) if expression.strip() else self.debugger.nearest(None)
        if not isinstance(view, View):
            raise Problem("wengert tape: %s is no tape, variable, function, gradient or cursor in sight" % expression)
        mark = self.node_of(view, around)[1] if around else view.node
        return view.tape.summary() + "\n" + view.tape.table(view.values, view.adjoints, view.nodes, mark, 40 if around else 200)

    def node(self, argument):
        return self.node_text(*self.node_of(self.debugger.nearest(None), argument))

    def why(self, argument):
        view, i = self.node_of(self.debugger.nearest(None), argument)
        if not view.adjoints:
            raise Problem("wengert why: no adjoints in sight; stop in a reverse sweep, or where a gradient is")
        if i >= view.nodes:
            raise Problem("wengert why: node %d comes after the dependent" % i)
        first = view.node + 1 if view.sweeping else 0
        return view.tape.why(i, view.values, view.adjoints, first, view.nodes, view.sweeping and i < view.node)

    def node_of(self, view, text):
        """(View, node) that `text` means: a name, a number, or an expression, whose variable may be of another tape."""
        if not text:
            if view.node is None or view.node < 0:
                raise Problem("wengert: which node? Give a name, a number as v7, or a variable")
            return view, view.node
        i = view.tape.find(text)
        if i is None:
            found = self.debugger.evaluate(text)
            if isinstance(found, View) and found.node is not None and found.node >= 0:
                return (view if found.tape.is_same(view.tape) else self.nearest_like(found)), found.node
            i = found if isinstance(found, int) and 0 <= found < view.tape.size else None
        if i is None:
            raise Problem("wengert: no node is called `%s`; names are %s; numbers go up to %d" % (
                text, some(sorted(set(view.tape.names.values()))), view.tape.size - 1))
        return view, i

    def nearest_like(self, found):
        try:
            return self.debugger.nearest(found)
        except Problem:
            return found

    def node_text(self, view, i):
        tape, place = view.tape, view.tape.place(i)
        adjoint = lambda k: ", adjoint %s" % number(tape.cell(view.adjoints, k)) if view.adjoints and k < view.nodes else ""
        lines = ["node %d: %s%s" % (i, tape.equation(i), "  at " + place if place else ""),
                 "  value %s%s" % (number(tape.cell(view.values, i)), adjoint(i))]
        for k in dict.fromkeys(tape.arguments(i)):
            if k >= 0:
                lines.append("  argument %s = %s%s" % (tape.label(k), number(tape.cell(view.values, k)), adjoint(k)))
        return "\n".join(lines)

    # -- running

    def next(self, argument):
        view = self.debugger.sweep()
        status = self.debugger.run_to_step(view)
        if status == "end":
            view = view.after()
            parts = ["%s %s" % (view.tape.label(i), number(view.tape.cell(view.adjoints, i)))
                     for i in view.tape.independents() if i < view.nodes]
            return "wengert next: no more reverse steps, the sweep is over; adjoints of the independents: " + some(parts, 10)
        return self.outcome(status, "wengert next")

    def until(self, argument):
        if not argument:
            raise Problem("wengert until: give a name, a node as v7, a variable, or FILE:LINE")
        view = self.debugger.sweep()
        begun = view is not None
        if not begun:
            status = self.debugger.run_to_step(None)
            if status != "step":
                return self.outcome(status, "wengert until")
            view = self.debugger.sweep()
        i = self.target(view, argument)
        if i > view.node or (begun and i == view.node):
            ahead = [view.tape.label(k) for k in sorted(view.tape.names, reverse=True) if k < view.node]
            here = "the sweep is at it" if i == view.node else "the dependent comes before it" if i >= view.nodes else "the sweep is past it"
            raise Problem("wengert until: %s is node %d, and %s, at node %d; names ahead are %s" % (argument, i, here, view.node, some(ahead)))
        if i == view.node:
            return self.node_text(view, i)
        status = self.debugger.run_to_node(view, i)
        if status == "end":  # it passes by nodes that have nothing to carry on
            return self.node_text(view.after(), i) + "\n  as the sweep, which is over, left it: it had nothing to do there"
        return self.outcome(status, "wengert until")

    def target(self, view, argument):
        """The node that the sweep is to come to."""
        place = re.fullmatch(r"(.+):(\d+)", argument)
        if place and not place.group(1).endswith(":"):
            nodes = [i for i in view.tape.nodes_at(place.group(1), int(place.group(2))) if i < view.nodes]
            if not nodes:
                raise Problem("wengert until: no node of this sweep was recorded at %s%s" % (
                    argument, "" if view.tape.location(0) else "; tape.keep_locations(true) before recording keeps the lines"))
            return max([i for i in nodes if i < view.node] or nodes)
        other, i = self.node_of(view, argument)
        if other is not view:
            raise Problem("wengert until: %s is on another tape than this sweep's" % argument)
        return i

    def outcome(self, status, command):
        if status == "step":
            view = self.debugger.sweep()
            return self.node_text(view, view.node)
        if status == "stopped":
            return self.debugger.where()
        return "%s: no more reverse sweeps; the program %s" % (command, "is at its end" if status == "exit" else "has ended")
