"""gdb: prints wengert's types, and adds the commands `wengert tape|node|next|until|why`.

Loaded by itself beside a program or library of the build tree (after `add-auto-load-safe-path` for it), or by
`source .../wengert_gdb.py`, which may stand in ~/.gdbinit.
"""

import os
import re
import struct
import sys

import gdb
import gdb.printing

sys.path.insert(0, os.path.dirname(os.path.abspath(os.path.expanduser(__file__))))
import wengert_tape  # noqa: E402
from wengert_tape import number  # noqa: E402


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def vector_range(vector):
    """(begin, end) addresses of a std::vector, of libstdc++ or libc++."""
    names = [field.name for field in vector.type.strip_typedefs().fields()]
    if "__begin_" in names:
        return int(vector["__begin_"]), int(vector["__end_"])
    implementation = vector["_M_impl"]
    return int(implementation["_M_start"]), int(implementation["_M_finish"])


def operations_address():
    try:
        return int(gdb.parse_and_eval("(unsigned long)&'wengert::debugger::operations'"))
    except gdb.error:
        return 0


def custom_name(address):
    """The name of a custom operation, from its members: asking the object would run code of the program."""
    try:
        pointer = gdb.Value(address).cast(gdb.lookup_type("wengert::NaryOperation").pointer())
        value = pointer.dynamic_type.target() and pointer.cast(pointer.dynamic_type).dereference()
        for name in ("rules_", "name_"):
            if name in [field.name for field in value.type.fields()]:
                value = value[name]
                if name == "rules_":
                    value = value["_M_ptr"].dereference()["name"]
                return value.format_string().strip('"')
        return str(value.type)
    except gdb.error:
        return "custom"


def tape_of(value):
    """A wengert_tape.Tape from a gdb.Value of type wengert::Tape."""
    members = {name: int(value[name]) for name in wengert_tape.NUMBERS + wengert_tape.POINTERS}
    members.update({name: vector_range(value[name]) for name in wengert_tape.VECTORS})
    return wengert_tape.Tape(members, read, operations_address(), custom_name)


def plain(value):
    """Without references and const."""
    while value.type.strip_typedefs().code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        value = value.referenced_value()
    return value


def type_name(value):
    return str(value.type.strip_typedefs().unqualified())


# -- printers


class VarPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        tape, index, number_ = int(self.value["tape_"]), int(self.value["index_"]), float(self.value["value_"])
        if tape == 0 or index < 0:
            return "constant %s" % number(number_)
        try:
            return tape_of(self.value["tape_"].dereference()).variable(index, int(self.value["generation_"]), number_)
        except (gdb.error, ValueError, struct.error, OverflowError):
            return "%s (node %d; its tape cannot be read)" % (number(number_), index)


class NodePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        op = str(self.value["op"]).rsplit("::", 1)[-1]
        return "%s(x = %d, y = %d)" % (op, int(self.value["x"]), int(self.value["y"]))


class LocationPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return "%s:%d" % (self.value["file"].string(), int(self.value["line"])) if int(self.value["line"]) else "unknown"


class TapePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        tape = tape_of(self.value)
        if hasattr(gdb, "print_options") and gdb.print_options().get("summary"):  # an argument in a backtrace
            return tape.summary()
        return tape.summary() + ("\n" + tape.table(most=12) if tape.size else "")


class FunctionPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        state = self.value["state_"].dereference()
        tape = tape_of(state["tape"])
        begin, end = vector_range(state["dependents"])
        dependents = [i for (i,) in struct.iter_unpack("<i", read(begin, end - begin))] if begin != end else []
        return "function (%s) -> (%s), %d nodes" % (", ".join(map(tape.label, tape.independents())),
                                                    ", ".join(map(tape.label, dependents)), tape.size)


def adjoints_of(value):
    """(tape or None, address of node 0's adjoint, nodes) of a wengert::Adjoints<double>."""
    begin, end = vector_range(value["adjoints"]["cells_"])
    constants = int(value["adjoints"]["constants_"])
    tape = None
    if int(value["tape_"]):
        tape = tape_of(value["tape_"].dereference())
        if tape.generation != int(value["generation_"]):
            tape = None
    return tape, begin + 8 * constants, (end - begin) // 8 - constants


class GradientPrinter:
    def __init__(self, value):
        self.value = value
        self.tape, self.base, self.nodes = adjoints_of(value)

    def to_string(self):
        if int(self.value["tape_"]) == 0:
            return "gradient of a constant"
        if self.tape is None:
            return "gradient of %d nodes, of a recording that is gone" % self.nodes
        return "gradient of %s, %d nodes" % (self.tape.label(self.nodes - 1), self.nodes)

    def children(self):
        if self.tape is not None:
            for i in self.tape.independents():
                yield self.tape.label(i), struct.unpack("<d", read(self.base + 8 * i, 8))[0] if i < self.nodes else 0.0

    def display_hint(self):
        return None


class CursorPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        forward = str(self.value["direction_"]).endswith("forward")
        nodes, position = int(self.value["nodes_"]), int(self.value["position_"])
        done = position + 1 if forward else nodes - position
        text = "%s, step %d of %d" % ("forward" if forward else "reverse", done, nodes)
        return text if done == 0 else text + ", at node %d: %s" % (position, tape_of(self.value["tape_"].dereference()).equation(position))


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("wengert")
    for name, pattern, printer in (
        ("Var", "^wengert::Var$", VarPrinter),
        ("Node", "^wengert::Node$", NodePrinter),
        ("Location", "^wengert::Location$", LocationPrinter),
        ("Tape", "^wengert::Tape$", TapePrinter),
        ("Function", "^wengert::Function$", FunctionPrinter),
        ("Gradient", "^wengert::Adjoints<double>$", GradientPrinter),
        ("Cursor", "^wengert::Cursor$", CursorPrinter),
    ):
        collection.add_printer(name, pattern, printer)
    return collection


# -- where the program is


class Sweep:
    """A reverse sweep that the program is in: the frame of pull_back, and what it works on."""

    def __init__(self, frame):
        tape = frame.read_var("tape")
        self.tape = tape_of(plain(tape))
        self.values = int(frame.read_var("values"))
        self.adjoints = int(frame.read_var("adjoints"))
        self.node = int(frame.read_var("i"))

    def adjoint(self, i):
        return self.tape.cell(self.adjoints, i)

    @staticmethod
    def current():
        frame = gdb.selected_frame() if gdb.selected_thread() else None
        while frame is not None:
            if (frame.name() or "").startswith("wengert::pull_back<double>"):
                return Sweep(frame)
            frame = frame.older()
        return None


def variables_of(frame):
    try:
        block = frame.block()
    except RuntimeError:
        return
    while block is not None:
        for symbol in block:
            if symbol.is_variable or symbol.is_argument:
                try:
                    yield plain(symbol.value(frame))
                except (gdb.error, RuntimeError):
                    pass
        if block.function is not None:
            return
        block = block.superblock


class View:
    """What a command is about: a tape, and the values and adjoints that go with it, as far as they are there."""

    def __init__(self, tape, values=None, adjoints=None, nodes=0, node=None):
        self.tape, self.values, self.adjoints, self.nodes, self.node = tape, values or tape.values, adjoints, nodes, node


def view_of(value):
    """A View from a value of any of wengert's types, or None."""
    value = plain(value)
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
        value = plain(value.dereference())
    name = type_name(value)
    if name == "wengert::Tape":
        return View(tape_of(value))
    if name == "wengert::Var":
        return View(tape_of(value["tape_"].dereference()), node=int(value["index_"])) if int(value["tape_"]) else None
    if name == "wengert::Function":
        return View(tape_of(value["state_"].dereference()["tape"]))
    if name == "wengert::Adjoints<double>":
        tape, base, nodes = adjoints_of(value)
        return View(tape, None, base, nodes) if tape else None
    if name == "wengert::Cursor":
        tape = tape_of(value["tape_"].dereference())
        cells = {}
        for member in ("values_", "adjoints_"):
            begin, end = vector_range(value[member]["cells_"])
            constants = int(value[member]["constants_"])
            cells[member] = (begin + 8 * constants, (end - begin) // 8 - constants)
        adjoints, nodes = cells["adjoints_"]
        return View(tape, cells["values_"][0], adjoints if nodes > 0 else None, max(nodes, 0), int(value["position_"]))
    return None


def current_view():
    """The sweep that the program is in; else a gradient, cursor, tape or variable of the innermost frame that has one."""
    if gdb.selected_thread() is None:
        raise gdb.GdbError("wengert: the program is not running; `start` it, or `run` to a breakpoint")
    sweep = Sweep.current()
    if sweep is not None:
        return View(sweep.tape, sweep.values, sweep.adjoints, sweep_nodes(sweep), sweep.node)
    frame = gdb.selected_frame()
    while frame is not None:
        best = None
        for value in variables_of(frame):
            rank = {"wengert::Cursor": 4, "wengert::Adjoints<double>": 3, "wengert::Tape": 2, "wengert::Function": 1, "wengert::Var": 0}
            if type_name(value) in rank and (best is None or rank[type_name(value)] > best[0]):
                try:
                    view = view_of(value)
                    if view is not None and 0 < view.tape.size and view.tape.size * 12 < 1 << 33:
                        view.tape.node(view.tape.size - 1)  # a variable before its initialisation holds anything
                        best = (rank[type_name(value)], view)
                except (gdb.error, ValueError, struct.error, OverflowError):
                    pass
        if best is not None:
            return best[1]
        frame = frame.older()
    raise gdb.GdbError("wengert: no tape in sight; name one: wengert tape EXPR")


def sweep_nodes(sweep):
    """How many adjoints the sweep has: the argument `nodes` of the frame that runs it; else those done so far."""
    frame = gdb.selected_frame()
    while frame is not None:
        if (frame.name() or "").startswith("wengert::pull_back_all"):
            return int(frame.read_var("nodes"))
        frame = frame.older()
    return sweep.tape.size  # a cursor's: it leaves the adjoints behind the dependent at 0


# -- commands


class Wengert(gdb.Command):
    """Look at a tape: wengert tape [EXPR], node N|NAME, next, until NAME|FILE:LINE, why NAME."""

    def __init__(self):
        super().__init__("wengert", gdb.COMMAND_DATA, gdb.COMPLETE_COMMAND, True)


class WengertTape(gdb.Command):
    """wengert tape [EXPR [, NODE]]: the tape as a table, with adjoints where a sweep, a gradient or a cursor has them.
EXPR is a tape, variable, function, gradient or cursor; without it the nearest one is taken. NODE shows the nodes around it."""

    def __init__(self):
        super().__init__("wengert tape", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        expression, _, around = argument.rpartition(",") if re.search(r",\s*\w+$", argument) else (argument, "", "")
        view = view_of(gdb.parse_and_eval(expression)) if expression.strip() else current_view()
        if view is None:
            raise gdb.GdbError("wengert tape: %s is on no tape" % expression)
        mark = view.node
        if around:
            mark = node_called(view, around.strip())
        print(view.tape.summary())
        print(view.tape.table(view.values, view.adjoints, view.nodes, mark, 40 if around else 200))


def node_called(view, name):
    node = view.tape.find(name)
    if node is None:
        names = ", ".join(sorted(set(view.tape.names.values()))[:30]) or "none"
        raise gdb.GdbError("wengert: no node is called `%s`; names are %s; numbers go up to %d" % (name, names, view.tape.size - 1))
    return node


def print_node(view, i):
    place = view.tape.place(i)
    print("node %d: %s%s" % (i, view.tape.equation(i), "  at " + place if place else ""))
    numbers = "  value %s" % number(view.tape.cell(view.values, i))
    if view.adjoints and i < view.nodes:
        numbers += ", adjoint %s" % number(view.tape.cell(view.adjoints, i))
    print(numbers)
    for k in dict.fromkeys(view.tape.arguments(i)):
        if k >= 0:
            print("  argument %s = %s%s" % (view.tape.label(k), number(view.tape.cell(view.values, k)),
                                           ", adjoint %s" % number(view.tape.cell(view.adjoints, k)) if view.adjoints else ""))


class WengertNode(gdb.Command):
    """wengert node N|NAME: one node, its place in the source, its value, adjoint and arguments."""

    def __init__(self):
        super().__init__("wengert node", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        view = current_view()
        print_node(view, node_called(view, argument.strip()) if argument.strip() else view.node)


def after_the_prologue(function):
    """Addresses in each copy of a function at which its arguments are in place. gdb's own choice is the very start wherever the
    compiler was asked to optimise anything in the same file, as some headers do."""
    addresses = []
    for place in gdb.decode_line(function)[1] or []:
        block = gdb.block_for_pc(place.pc)
        while block is not None and block.function is None:
            block = block.superblock
        if block is None:
            continue
        start = block.function.line
        bodies = [entry.pc for entry in place.symtab.linetable() if block.start < entry.pc < block.end and entry.line != start]
        addresses.append(min(bodies, default=place.pc))
    return addresses


class SweepStop(gdb.Breakpoint):
    """Stops where the sweep comes to a node that is wanted."""

    def __init__(self, address, wanted):
        super().__init__("*%d" % address, internal=True)
        self.silent = True
        self.wanted = wanted

    def stop(self):
        return self.wanted(gdb.newest_frame())


def run_until(wanted):
    if gdb.selected_inferior().pid == 0:
        raise gdb.GdbError("wengert: the program is not running; `start` it, or `run` to a breakpoint")
    try:
        stops = [SweepStop(address, wanted) for address in after_the_prologue("wengert::pull_back<double>")]
    except gdb.error as error:
        raise gdb.GdbError("wengert: no reverse sweep with debug information in this program (%s); build it, and the library, "
                           "with -O0 -g" % error)
    addresses = [int(stop.location[1:]) for stop in stops]
    try:
        gdb.execute("continue", False, True)
    finally:
        for stop in stops:
            if stop.is_valid():
                stop.delete()
    return gdb.selected_inferior().pid != 0 and gdb.newest_frame().pc() in addresses


def run_and_tell(wanted, never):
    if run_until(wanted):
        print_step()
    elif gdb.selected_inferior().pid == 0:
        print(never)
    else:
        gdb.execute("frame")  # a breakpoint of the user's came first


def print_step():
    sweep = Sweep.current()
    view = View(sweep.tape, sweep.values, sweep.adjoints, sweep_nodes(sweep), sweep.node)
    print_node(view, sweep.node)


class WengertNext(gdb.Command):
    """wengert next: runs to the next step of a reverse sweep, before it is done; the node's adjoint is complete there."""

    def __init__(self):
        super().__init__("wengert next", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        run_and_tell(lambda frame: True, "wengert next: no more reverse steps")


class WengertUntil(gdb.Command):
    """wengert until NAME|FILE:LINE: runs until the reverse sweep comes to that node, or to a node recorded on that line."""

    def __init__(self):
        super().__init__("wengert until", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        argument = argument.strip()
        if not argument:
            raise gdb.GdbError("wengert until: give a name, a node as v7, or FILE:LINE")
        place = re.fullmatch(r"(.+):(\d+)", argument)

        def wanted(frame):
            sweep = Sweep(frame)
            if place:
                return sweep.tape.is_at(sweep.node, place.group(1), int(place.group(2)))
            return sweep.node == sweep.tape.find(argument)

        run_and_tell(wanted, "wengert until: the program never came to %s" % argument)


class WengertWhy(gdb.Command):
    """wengert why NAME: which nodes contributed to this adjoint so far, and how much."""

    def __init__(self):
        super().__init__("wengert why", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        view = current_view()
        sweep = Sweep.current()
        if not view.adjoints:
            raise gdb.GdbError("wengert why: no adjoints in sight; stop in a reverse sweep, or where a gradient is")
        i = node_called(view, argument.strip()) if argument.strip() else view.node
        first = sweep.node + 1 if sweep is not None else 0
        if i >= view.nodes:
            raise gdb.GdbError("wengert why: node %d comes after the dependent" % i)
        print(view.tape.why(i, view.values, view.adjoints, first, view.nodes, sweep is not None and i < sweep.node))


gdb.printing.register_pretty_printer(None, printers(), replace=True)
for command in (Wengert, WengertTape, WengertNode, WengertNext, WengertUntil, WengertWhy):
    command()
# `step` goes from the sweep to the rule and on to the accumulation, not into the library's accessors or the standard library.
for pattern in (r"^std::", r"^__gnu_cxx::", r"^wengert::(Tape|Arguments|Values|ValuesView)(<.*>)?::", r"^operator.(new|delete)"):
    gdb.execute("skip -rfunction %s" % pattern, False, True)
