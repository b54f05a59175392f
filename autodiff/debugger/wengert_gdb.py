"""gdb: prints wengert's types, adds the commands `wengert tape|node|next|until|why`, and has `step` stay with the algorithm.

Loaded by itself beside a program or library of the build tree (after `add-auto-load-safe-path` for it), or by
`source .../wengert_gdb.py`, which may stand in ~/.gdbinit.
"""

import linecache
import os
import re
import struct
import sys

import gdb
import gdb.printing

sys.path.insert(0, os.path.dirname(os.path.abspath(os.path.expanduser(__file__))))
import wengert_tape  # noqa: E402
from wengert_tape import Commands, Problem, View, number  # noqa: E402


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def shared(pointer):
    """What a std::shared_ptr points to, in libstdc++ and libc++."""
    names = [field.name for field in pointer.type.strip_typedefs().fields()]
    if "__ptr_" in names:
        return pointer["__ptr_"].dereference()
    return pointer["_M_ptr"].dereference()


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
    """The name of a custom operation, from its members: asking the object would run code of the program. What class it is says the
    symbol of its table of virtual functions; gdb's own way there fails, loudly, for classes made of lambdas."""
    try:
        table = gdb.Value(address).cast(gdb.lookup_type("unsigned long").pointer()).dereference()
        symbol = gdb.execute("info symbol %d" % int(table), False, True)
        found = re.match(r"vtable for (.*?)(?: \+ \d+)?(?: in section .*)?$", symbol.strip())
        if not found:
            return "custom"
        name = found.group(1)
        if "FusedOperation<" in name or "FusedRules<" in name:
            return "fused'" if name.endswith("::Partial") else "fused"
        value = gdb.Value(address).cast(gdb.lookup_type(name).pointer()).dereference()
        fields = [field.name for field in value.type.fields()]
        if "rules_" in fields:
            return value["rules_"]["_M_ptr"].dereference()["name"].format_string().strip('"')
        if "name_" in fields:
            return value["name_"].format_string().strip('"')
        return re.sub(r"^.*::", "", re.sub(r"<.*>", "", name))
    except gdb.error:
        return "custom"


def tape_of(value):
    """A wengert_tape.Tape from a gdb.Value of type wengert::Tape."""
    members = {name: int(value[name]) for name in wengert_tape.NUMBERS + wengert_tape.POINTERS}
    for name in wengert_tape.VECTORS:
        members[name] = vector_range(value[name])
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
        state = shared(self.value["state_"])
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


def name_of(frame):
    return frame.name() or ""


def is_pull_back(frame):
    return re.match(r"wengert::(detail::)?pull_back<double>", name_of(frame)) is not None


def frames():
    """From the selected frame outwards."""
    frame = gdb.selected_frame() if gdb.selected_thread() else None
    while frame is not None:
        yield frame
        frame = frame.older()


def sweep():
    """The reverse sweep that the program is in, as a View, or None."""
    for frame in frames():
        if not is_pull_back(frame):
            continue
        tape = tape_of(plain(frame.read_var("tape")))
        nodes = tape.size  # a cursor's: it leaves the adjoints behind the dependent at 0
        for outer in frames():
            if "pull_back_all" in name_of(outer):
                nodes = int(outer.read_var("nodes"))
                break
        return View(tape, int(frame.read_var("values")), int(frame.read_var("adjoints")), nodes, int(frame.read_var("i")), True)
    return None


# What a frame's variable is worth as an answer to "which tape?".
RANKS = {"wengert::Cursor": 4, "wengert::Adjoints<double>": 3, "wengert::Tape": 2, "wengert::Function": 1, "wengert::Var": 0}
STRUCTS = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)


def parts_of(value, depth):
    """A value of wengert's types, or those among its members, base classes and pointees."""
    value = plain(value)
    type_ = value.type.strip_typedefs()
    if type_name(value) in RANKS:
        yield value
    elif type_.code == gdb.TYPE_CODE_PTR:
        if depth > 0 and int(value) and type_.target().strip_typedefs().code in STRUCTS:
            yield from parts_of(value.dereference(), depth - 1)
    elif type_.code in STRUCTS and depth > 0:
        smart = re.match(r"std::(unique_ptr|shared_ptr|optional|reference_wrapper|_|tuple)", type_name(value)) is not None
        if type_name(value).startswith("std::") and not smart:
            return
        for field in type_.fields():
            if hasattr(field, "bitpos"):  # no static member
                yield from parts_of(value[field], depth if smart and not field.name == "_M_next" else depth - 1)


def variables_of(frame):
    try:
        block = frame.block()
    except RuntimeError:
        return
    while block is not None:
        for symbol in block:
            if symbol.is_variable or symbol.is_argument:
                try:
                    yield from parts_of(symbol.value(frame), 2)
                except (gdb.error, RuntimeError, RecursionError):
                    pass
        if block.function is not None:
            return
        block = block.superblock


def view_of(value):
    """A View from a value of any of wengert's types; None for others. Raises Problem for what is on no tape."""
    value = plain(value)
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
        value = plain(value.dereference())
    name = type_name(value)
    if name == "wengert::Tape":
        return View(tape_of(value))
    if name == "wengert::Var":
        index, generation = int(value["index_"]), int(value["generation_"])
        if int(value["tape_"]) == 0 or index < 0:
            raise Problem("wengert: the constant %s is on no tape" % number(float(value["value_"])))
        tape = tape_of(value["tape_"].dereference())
        if tape.generation != generation or index >= tape.size:
            raise Problem("wengert: the variable is " + tape.variable(index, generation, float(value["value_"])))
        return View(tape, node=index)
    if name == "wengert::Function":
        return View(tape_of(shared(value["state_"])["tape"]))
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
    parts = sorted(parts_of(value, 2), key=lambda part: -RANKS[type_name(part)])
    return view_of(parts[0]) if parts else None


def is_readable(view):
    """A variable before its initialisation holds anything."""
    if view is None or not 0 < view.tape.size < (1 << 33) // 12:
        return False
    view.tape.node(view.tape.size - 1)
    return True


def nearest(like):
    """The sweep that the program is in; else a gradient, cursor, tape or variable of the innermost frame that has one."""
    if gdb.selected_thread() is None:
        raise Problem("wengert: the program is not running; `start` it, or `run` to a breakpoint")
    view = sweep()
    if view is not None and (like is None or view.tape.is_same(like.tape)):
        return view
    for frame in frames():
        best = None
        for value in variables_of(frame):
            rank = RANKS[type_name(value)]
            if best is None or rank > best[0]:
                try:
                    view = view_of(value)
                    if is_readable(view) and (like is None or view.tape.is_same(like.tape)):
                        best = (rank, view)
                except (gdb.error, ValueError, struct.error, OverflowError, Problem):
                    pass
        if best is not None:
            return best[1]
    raise Problem("wengert: no tape in sight; name one: wengert tape EXPR")


def evaluate(text):
    """An expression in the selected frame or, from within the library, in the frame that called it."""
    if not text.strip():
        return None
    selected, found, problem = gdb.selected_frame() if gdb.selected_thread() else None, None, None
    try:
        for frame in frames():
            frame.select()
            try:
                value = plain(gdb.parse_and_eval(text))
                found = int(value) if value.type.strip_typedefs().code == gdb.TYPE_CODE_INT else view_of(value)
            except gdb.error:
                pass
            except Problem as error:
                problem = problem or error
            if found is not None:
                return found
            if name_of(frame) == "main":
                break
    finally:
        if selected is not None:
            selected.select()
    if problem is not None:
        raise problem
    return None


# -- running to a node


def function_block(pc):
    block = gdb.block_for_pc(pc)
    while block is not None and block.function is None:
        block = block.superblock
    return block


def after_the_prologue(function):
    """Addresses in each copy of a function at which its arguments are in place. gdb's own choice is the very start wherever the
    compiler was asked to optimise anything in the same file, as some headers do."""
    addresses = []
    for place in gdb.decode_line(function)[1] or []:
        block = function_block(place.pc)
        if block is None:
            continue
        start = block.function.line
        bodies = [entry.pc for entry in place.symtab.linetable() if block.start < entry.pc < block.end and entry.line != start]
        addresses.append(min(bodies, default=place.pc))
    return addresses


class Stop(gdb.Breakpoint):
    """Stops at a place, silently, where `wanted` says so."""

    def __init__(self, place, wanted=lambda: True):
        super().__init__(place, internal=True)
        self.silent = True
        self.wanted = wanted

    def stop(self):
        return self.wanted()


class ReadStop(gdb.Breakpoint):
    """Stops where the program reads an address: a processor watches it, so it costs nothing until then."""

    def __init__(self, address, wanted):
        super().__init__("*(char*)%d" % address, gdb.BP_WATCHPOINT, gdb.WP_READ, internal=True)
        self.silent = True
        self.wanted = wanted

    def stop(self):
        return self.wanted()


def watches(address):
    """Whether the processor tells of reads; some virtual machines take a watchpoint and never do. atoi() reads the address."""
    pid = gdb.selected_inferior().pid
    if pid not in watching:
        reads = []
        try:
            watch = ReadStop(address, lambda: bool(reads.append(1)))  # noted, and no stop
            try:
                gdb.parse_and_eval("((int (*)(const char*)) atoi)((const char*) %d)" % address)
                watching[pid] = bool(reads)
            finally:
                watch.delete()
        except gdb.error:
            watching[pid] = True  # not to be known; or refused, as it will be once more
        gdb.set_convenience_variable("wengert_watches", int(watching[pid]))
    return watching[pid]


watching = {}


def end_of(view):
    """Where the program goes on once the sweep is over; None outside sweeps."""
    if view is None:
        return None
    sweeping = [frame for frame in frames() if "pull_back" in name_of(frame)]
    if any("pull_back_all" in name_of(frame) for frame in sweeping):
        return sweeping[-1].older().pc()
    # a cursor's: the function that steps it
    for frame in frames():
        if not name_of(frame).startswith("wengert::") and frame.older() is not None:
            return frame.older().pc()
    return None


def resume(view, stops_at):
    """Continues to the first of what `stops_at` makes, a list of breakpoints; to the end of the sweep, or of the program."""
    if gdb.selected_inferior().pid == 0:
        raise Problem("wengert: the program is not running; `start` it, or `run` to a breakpoint")
    stops, end, exits = [], end_of(view), []
    try:
        try:
            stops = stops_at()
        except gdb.error as error:
            raise Problem("wengert: no reverse sweep with debug information in this program (%s); build it, and the library, "
                          "with -O0 -g" % error)
        if end is not None:
            exits.append(Stop("*%d" % end))
        for function in ("exit", "_exit"):
            exits.append(Stop("-qualified " + function))
        gdb.execute("continue", False, True)
    finally:
        for stop in stops + exits:
            if stop.is_valid():
                stop.delete()
    if gdb.selected_inferior().pid == 0:
        return "ended"
    frame = gdb.newest_frame()
    if frame.pc() == end:
        return "end"
    if re.match(r"(__GI_)?_?exit$", name_of(frame)):
        return "exit"
    return None


def run_to_step(view):
    places = []

    def stops():
        places.extend(after_the_prologue("wengert::pull_back<double>"))
        return [Stop("*%d" % place) for place in places]

    status = resume(view, stops)
    return status or ("step" if gdb.newest_frame().pc() in places else "stopped")


def run_to_node(view, i):
    def arrived():
        frame = gdb.newest_frame()
        return is_pull_back(frame) and int(frame.read_var("i")) == i

    def breakpoints():  # where the processor watches nothing; slow
        return [Stop("*%d" % place, arrived) for place in after_the_prologue("wengert::pull_back<double>")]

    address = view.tape.operation_address(i)
    try:
        status = resume(view, (lambda: [ReadStop(address, arrived)]) if watches(address) else breakpoints)
    except (gdb.error, Problem):
        status = resume(view, breakpoints)
    return status or ("step" if arrived() else "stopped")


# -- the commands, whose words and text stand in wengert_tape.py


class Debugger:
    sweep = staticmethod(sweep)
    nearest = staticmethod(nearest)
    evaluate = staticmethod(evaluate)
    run_to_step = staticmethod(run_to_step)
    run_to_node = staticmethod(run_to_node)

    @staticmethod
    def where():
        return gdb.execute("frame", False, True).rstrip("\n")


class Wengert(gdb.Command):
    def __init__(self, word, kind, completion):
        self.word = word
        self.__doc__ = "\n".join(line for line in wengert_tape.HELP.split("\n") if word in ("", line.split()[1]))
        super().__init__(("wengert " + word).strip(), kind, completion, not word)

    def invoke(self, argument, from_tty):
        try:
            print(Commands(Debugger).run(("%s %s" % (self.word, argument)).strip()))
        except Problem as problem:
            raise gdb.GdbError(str(problem))
        except gdb.error as error:
            raise gdb.GdbError("wengert %s: %s" % (self.word, error))


gdb.printing.register_pretty_printer(None, printers(), replace=True)
for word, kind, completion in (("", gdb.COMMAND_DATA, gdb.COMPLETE_COMMAND), ("tape", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION),
                               ("node", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION), ("why", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION),
                               ("next", gdb.COMMAND_RUNNING, gdb.COMPLETE_NONE), ("until", gdb.COMMAND_RUNNING, gdb.COMPLETE_EXPRESSION)):
    Wengert(word, kind, completion)

# `step` goes from an operation to its rule, and from the sweep to the rule and on to the accumulation: not into accessors, the helpers
# that check and convert, copies, or the standard library. A skipped function is run through; a breakpoint in it still stops.
HELPERS = (
    r"^std::",
    r"^_ZN?K?St",  # where gdb can't read the name: newer compilers write constraints into it
    r"^__gnu_cxx::",
    r"^operator.(new|delete)",
    r"^wengert::(detail::)?(Var|Operand|Condition|Location|Node|NodeStorage|Names|Tape|Arguments|ValuesView|Values|Seed|Scratch)(<.*>)?::",
    r"^wengert::(detail::)?Adjoints<.*>::(~?Adjoints|operator|tape|generation|current)",
    r"^wengert::(detail::)?(first_of|common_tape|index_beside|index_on|index_of_other|push|arity|name|throw_\w+)($|[<(])",
    r"^wengert::(detail::)?(seed_adjoints|carries_nothing|carry|absorbing_product|value_of|same_branch)($|[<(])",
)
HANDS_ON = r"(return (detail::)?record\w*<|pull_back_numbers\(|pull_back_all<T>\()"  # lines that only call a function's other form

for pattern in HELPERS:
    gdb.execute("skip -rfunction %s" % pattern, False, True)


class Stepping:
    """What `step` is spared in the library: stops that show nothing of the algorithm. A breakpoint or a signal on the way stops."""

    stepped = False  # whether the last stop was the end of a step
    caller = None  # of the frame that the step began in

    @staticmethod
    def note(event):
        Stepping.stepped = not isinstance(event, (gdb.BreakpointEvent, gdb.SignalEvent))

    @staticmethod
    def begin():
        Stepping.caller = gdb.newest_frame().older() if gdb.selected_thread() else None

    @staticmethod
    def shows_nothing():
        """A closing brace, a line that only hands on, or the rest of a line of which a call has returned."""
        frame = gdb.newest_frame()
        place = frame.find_sal()
        if not (frame.name() or "").startswith("wengert::") or place.symtab is None:
            return False
        line = linecache.getline(place.symtab.fullname(), place.line).strip()
        if line == "}" or re.match(HANDS_ON, line):
            return True
        if frame != Stepping.caller:
            return False
        start = function_block(frame.pc()).start
        return any(row.line == place.line and start <= row.pc < frame.pc() for row in place.symtab.linetable())

    @staticmethod
    def go_on():
        text = ""
        for _ in range(16):
            if not Stepping.stepped or gdb.selected_thread() is None or not Stepping.shows_nothing():
                break
            Stepping.begin()
            text = gdb.execute("step", False, True)
        print(text, end="")


class WengertStepping(gdb.Command):
    """wengert stepping begin|end: what `step` does before and after; it goes on from closing braces of the library."""

    def __init__(self):
        super().__init__("wengert stepping", gdb.COMMAND_OBSCURE)

    def invoke(self, argument, from_tty):
        try:
            Stepping.begin() if argument == "begin" else Stepping.go_on()
        except (gdb.error, RuntimeError):
            pass  # no frame to look at


WengertStepping()
gdb.events.stop.connect(Stepping.note)
for hook, when in (("hook-step", "begin"), ("hookpost-step", "end")):
    try:
        known = gdb.execute("show user " + hook, False, True)
    except gdb.error:
        known = ""
    if not known or "wengert" in known:  # the user's own stay
        gdb.execute("define %s\nwengert stepping %s\nend" % (hook, when), False, True)
