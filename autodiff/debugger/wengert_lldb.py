"""lldb: prints wengert's types, and adds the commands `wengert tape|node|next|until|why`.

`command script import .../wengert_lldb.py`, which may stand in ~/.lldbinit. Where lldb finds no module `lldb.embedded_interpreter`
(Debian 12), its Python folder is not on its path: start it with PYTHONPATH=$(echo /usr/lib/llvm-*/lib/python3.*/dist-packages).
"""

import os
import re
import struct
import sys

import lldb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wengert_tape  # noqa: E402
from wengert_tape import Commands, Problem, View, number  # noqa: E402


def member(value, name):
    return value.GetNonSyntheticValue().GetChildMemberWithName(name)


def shared(pointer):
    """The pointer inside a std::shared_ptr, of libstdc++ or libc++."""
    inside = member(pointer, "_M_ptr")
    return inside if inside.IsValid() else member(pointer, "__ptr_")


def integer(value, name):
    return member(value, name).GetValueAsUnsigned()


def signed(value, name):
    return member(value, name).GetValueAsSigned()


def type_name(value):
    return value.GetType().GetCanonicalType().GetUnqualifiedType().GetName() or ""


def plain(value):
    """Without references and pointers, and of a type as the program's debug information has it: that of an expression's outcome is
    lldb's copy, which mislays members of base classes."""
    while value.GetType().IsReferenceType() or value.GetType().IsPointerType():
        value = value.Dereference()
    type_ = value.GetTarget().FindFirstType(type_name(value))
    if not type_.IsValid():
        return value
    address = value.GetLoadAddress()
    if address != lldb.LLDB_INVALID_ADDRESS:
        return value.CreateValueFromAddress(value.GetName() or "value", address, type_)
    return value.CreateValueFromData(value.GetName() or "value", value.GetData(), type_)


def vector_range(value, name):
    """(begin, end) addresses of a std::vector member, of libstdc++ or libc++; empty if there is no such member."""
    vector = member(value, name)
    begin = member(vector, "__begin_")
    if begin.IsValid():
        return begin.GetValueAsUnsigned(), member(vector, "__end_").GetValueAsUnsigned()
    implementation = member(vector, "_M_impl")
    return integer(implementation, "_M_start"), integer(implementation, "_M_finish")


def operations_address(target):
    for symbol in target.FindSymbols("wengert::debugger::operations"):
        address = symbol.GetSymbol().GetStartAddress().GetLoadAddress(target)
        if address != lldb.LLDB_INVALID_ADDRESS:
            return address
    return 0


def tape_of(value):
    value = plain(value)
    process, target = value.GetProcess(), value.GetTarget()

    def read(address, size):
        error = lldb.SBError()
        content = process.ReadMemory(address, size, error)
        if error.Fail():
            raise ValueError(str(error))
        return content

    def custom_name(address):
        """From the members: asking the object would run code of the program."""
        (table,) = struct.unpack("<Q", read(address, 8))
        found = re.match(r"vtable for (.*)$", target.ResolveLoadAddress(table).GetSymbol().GetName() or "")
        if not found:
            return "custom"
        name = found.group(1)
        if "FusedOperation<" in name or "FusedRules<" in name:
            return "fused'" if name.endswith("::Partial") else "fused"
        type_ = target.FindFirstType(name)
        if type_.IsValid():
            operation = value.CreateValueFromAddress("operation", address, type_)
            rules = member(operation, "rules_")
            text = member(member(rules, "_M_ptr").Dereference() if rules.IsValid() else operation, "name" if rules.IsValid() else "name_")
            if text.GetSummary():
                return text.GetSummary().strip('"')
        return re.sub(r"^.*::", "", re.sub(r"<.*>", "", name))

    members = {name: signed(value, name) for name in ("size_", "constants_")}
    members["generation_"] = integer(value, "generation_")
    members.update({name: integer(value, name) for name in wengert_tape.POINTERS})
    members.update({name: vector_range(value, name) for name in wengert_tape.VECTORS})
    return wengert_tape.Tape(members, read, operations_address(target), custom_name)


# -- printers


def guarded(summary):
    """A variable before its initialisation holds anything."""

    def summarise(value, _):
        try:
            return summary(plain(value))
        except (ValueError, struct.error, OverflowError, TypeError) as error:
            return "unreadable (%s)" % error

    return summarise


def value_of(var):
    return member(var, "value_").GetData().GetDouble(lldb.SBError(), 0)


@guarded
def var(value):
    index = signed(value, "index_")
    if integer(value, "tape_") == 0 or index < 0:
        return "constant %s" % number(value_of(value))
    return tape_of(member(value, "tape_")).variable(index, integer(value, "generation_"), value_of(value))


@guarded
def node(value):
    return "%s(x = %d, y = %d)" % (member(value, "op").GetValue(), signed(value, "x"), signed(value, "y"))


@guarded
def location(value):
    line = integer(value, "line")
    return "%s:%d" % ((member(value, "file").GetSummary() or "").strip('"'), line) if line else "unknown"


@guarded
def tape(value):
    tape_ = tape_of(value)
    return tape_.summary() + ("\n" + tape_.table(most=12) if tape_.size else "")


@guarded
def function(value):
    state = plain(shared(member(value, "state_")))
    tape_ = tape_of(member(state, "tape"))
    begin, end = vector_range(state, "dependents")
    dependents = [i for (i,) in struct.iter_unpack("<i", tape_.read(begin, end - begin))] if begin != end else []
    return "function (%s) -> (%s), %d nodes" % (", ".join(map(tape_.label, tape_.independents())), ", ".join(map(tape_.label, dependents)),
                                                tape_.size)


def cells_of(values):
    """(address of node 0's number, nodes) of a wengert::Values<double>."""
    begin, end = vector_range(values, "cells_")
    constants = signed(values, "constants_")
    return begin + 8 * constants, (end - begin) // 8 - constants


@guarded
def gradient(value):
    if integer(value, "tape_") == 0:
        return "gradient of a constant"
    tape_ = tape_of(member(value, "tape_"))
    base, nodes = cells_of(member(value, "adjoints"))
    if tape_.generation != integer(value, "generation_"):
        return "gradient of %d nodes, of a recording that is gone" % nodes
    parts = ["%s = %s" % (tape_.label(i), number(tape_.cell(base, i) if i < nodes else 0.0)) for i in tape_.independents()]
    return "gradient of %s, %d nodes {%s}" % (tape_.label(nodes - 1), nodes, ", ".join(parts))


@guarded
def cursor(value):
    forward = (member(value, "direction_").GetValue() or "").endswith("forward")
    nodes, position = signed(value, "nodes_"), signed(value, "position_")
    done = position + 1 if forward else nodes - position
    text = "%s, step %d of %d" % ("forward" if forward else "reverse", done, nodes)
    return text if done == 0 else text + ", at node %d: %s" % (position, tape_of(member(value, "tape_")).equation(position))


# -- the commands, whose words and text stand in wengert_tape.py

RANKS = {"wengert::Cursor": 4, "wengert::Adjoints<double>": 3, "wengert::Tape": 2, "wengert::Function": 1, "wengert::Var": 0}


def parts_of(value, depth):
    """A value of wengert's types, or those among its members, base classes and pointees."""
    if not value.IsValid():
        return
    value = value.GetNonSyntheticValue()
    type_ = value.GetType()
    if type_.IsReferenceType():
        yield from parts_of(value.Dereference(), depth)
    elif type_.IsPointerType():
        if depth > 0 and value.GetValueAsUnsigned() and type_.GetPointeeType().GetTypeClass() & (lldb.eTypeClassStruct | lldb.eTypeClassClass):
            yield from parts_of(value.Dereference(), depth - 1)
    elif type_name(value) in RANKS:
        yield value
    elif depth > 0 and type_.GetCanonicalType().GetTypeClass() & (lldb.eTypeClassStruct | lldb.eTypeClassClass):
        smart = re.match(r"std::(unique_ptr|shared_ptr|optional|reference_wrapper|_|tuple)", type_name(value)) is not None
        if type_name(value).startswith("std::") and not smart:
            return
        for k in range(min(value.GetNumChildren(), 200)):
            yield from parts_of(value.GetChildAtIndex(k), depth if smart else depth - 1)


def view_of(value):
    """A View from a value of any of wengert's types; None for others. Raises Problem for what is on no tape."""
    found = sorted(parts_of(value, 2), key=lambda part: -RANKS[type_name(part)])
    if not found:
        return None
    name, value = type_name(found[0]), plain(found[0])
    if name == "wengert::Tape":
        return View(tape_of(value))
    if name == "wengert::Var":
        index, generation = signed(value, "index_"), integer(value, "generation_")
        if integer(value, "tape_") == 0 or index < 0:
            raise Problem("wengert: the constant %s is on no tape" % number(value_of(value)))
        tape_ = tape_of(member(value, "tape_"))
        if tape_.generation != generation or index >= tape_.size:
            raise Problem("wengert: the variable is " + tape_.variable(index, generation, value_of(value)))
        return View(tape_, node=index)
    if name == "wengert::Function":
        return View(tape_of(member(plain(shared(member(value, "state_"))), "tape")))
    if integer(value, "tape_") == 0:
        return None
    tape_ = tape_of(member(value, "tape_"))
    if name == "wengert::Adjoints<double>":
        base, nodes = cells_of(member(value, "adjoints"))
        return View(tape_, None, base, nodes) if tape_.generation == integer(value, "generation_") else None
    adjoints, nodes = cells_of(member(value, "adjoints_"))
    return View(tape_, cells_of(member(value, "values_"))[0], adjoints if nodes > 0 else None, max(nodes, 0), signed(value, "position_"))


def name_of(frame):
    return re.sub(r"^(void|constexpr void) ", "", frame.GetFunctionName() or "")


def is_pull_back(frame):
    return re.match(r"wengert::(detail::)?pull_back<double>", name_of(frame)) is not None


class Debugger:
    def __init__(self, debugger):
        self.target = debugger.GetSelectedTarget()
        self.process = self.target.GetProcess()

    def thread(self):
        if not self.process.IsValid() or self.process.GetState() != lldb.eStateStopped:
            raise Problem("wengert: the program is not running; `process launch --stop-at-entry` it, or `run` to a breakpoint")
        return self.process.GetSelectedThread()

    def frames(self):
        """From the selected frame outwards."""
        thread = self.thread()
        for k in range(thread.GetSelectedFrame().GetFrameID(), thread.GetNumFrames()):
            yield thread.GetFrameAtIndex(k)

    def where(self):
        stream = lldb.SBStream()
        self.thread().GetFrameAtIndex(0).GetDescription(stream)
        return stream.GetData().rstrip("\n")

    def sweep(self):
        for frame in self.frames():
            if not is_pull_back(frame):
                continue
            tape_ = tape_of(frame.FindVariable("tape"))
            nodes = tape_.size  # a cursor's: it leaves the adjoints behind the dependent at 0
            for outer in self.frames():
                if "pull_back_all" in name_of(outer):
                    nodes = outer.FindVariable("nodes").GetValueAsSigned()
                    break
            return View(tape_, frame.FindVariable("values").GetValueAsUnsigned(), frame.FindVariable("adjoints").GetValueAsUnsigned(),
                        nodes, frame.FindVariable("i").GetValueAsSigned(), True)
        return None

    def nearest(self, like):
        fits = lambda view: like is None or view.tape.is_same(like.tape)
        view = self.sweep()
        if view is not None and fits(view):
            return view
        for frame in self.frames():
            best = None
            for variable in frame.GetVariables(True, True, False, True):
                for value in parts_of(variable, 2):
                    rank = RANKS[type_name(value)]
                    if best is not None and rank <= best[0]:
                        continue
                    try:
                        view = view_of(value)
                        if view is not None and 0 < view.tape.size < (1 << 33) // 12 and fits(view):
                            view.tape.node(view.tape.size - 1)  # a variable before its initialisation holds anything
                            best = (rank, view)
                    except (ValueError, struct.error, OverflowError, TypeError, Problem):
                        pass
            if best is not None:
                return best[1]
        raise Problem("wengert: no tape in sight; name one: wengert tape EXPR")

    def evaluate(self, text):
        """An expression in the selected frame or, from within the library, in the frame that called it. No code of the program runs."""
        problem = None
        for frame in self.frames() if text.strip() else ():
            value = frame.GetValueForVariablePath(text.strip())
            if value.IsValid() and value.GetError().Success():
                try:
                    kind = value.GetType().GetCanonicalType().GetBasicType()
                    if lldb.eBasicTypeShort <= kind <= lldb.eBasicTypeUnsignedLongLong:
                        return value.GetValueAsSigned()
                    view = view_of(value)
                    if view is not None:
                        return view
                except Problem as error:
                    problem = problem or error
            if name_of(frame) == "main":
                break
        if problem is not None:
            raise problem
        return None

    # -- running to a node

    def end_of(self, view):
        """Where the program goes on once the sweep is over; 0 outside sweeps."""
        frames = list(self.frames()) if view is not None else []
        sweeping = [k for k, frame in enumerate(frames) if "pull_back" in name_of(frame)]
        if any("pull_back_all" in name_of(frames[k]) for k in sweeping):
            return frames[sweeping[-1] + 1].GetPC()
        for frame, older in zip(frames, frames[1:]):  # a cursor's: the function that steps it
            if not name_of(frame).startswith("wengert::"):
                return older.GetPC()
        return 0

    def resume(self, view, arrived, stops):
        """Continues until `arrived` at one of the breakpoints or watchpoints `stops`, to the end of the sweep, or of the program."""
        end, guards = self.end_of(view), []
        if end:
            guards.append(self.target.BreakpointCreateByAddress(end))
        guards += [self.target.BreakpointCreateByName(name) for name in ("exit", "_exit")]
        ours = {stop.GetID() for stop in stops + guards}
        try:
            while True:
                self.process.Continue()
                if self.process.GetState() != lldb.eStateStopped:
                    return "ended"
                thread = self.process.GetSelectedThread()
                reason = thread.GetStopReason()
                pc, name = thread.GetFrameAtIndex(0).GetPC(), name_of(thread.GetFrameAtIndex(0))
                if pc == end:
                    return "end"
                if re.match(r"(__GI_)?_?exit$", name):
                    return "exit"
                if reason not in (lldb.eStopReasonBreakpoint, lldb.eStopReasonWatchpoint) or thread.GetStopReasonDataAtIndex(0) not in ours:
                    return "stopped"
                if arrived():
                    return "step"
        finally:
            for stop in stops + guards:
                if isinstance(stop, lldb.SBWatchpoint):
                    self.target.DeleteWatchpoint(stop.GetID())
                else:
                    self.target.BreakpointDelete(stop.GetID())

    def at_pull_back(self):
        stop = self.target.BreakpointCreateByRegex(r"^(constexpr )?(void )?wengert::(detail::)?pull_back<double>\(")
        if stop.GetNumLocations() == 0:
            self.target.BreakpointDelete(stop.GetID())
            raise Problem("wengert: no reverse sweep with debug information in this program; build it, and the library, with -O0 -g")
        return stop

    def run_to_step(self, view):
        self.thread()
        return self.resume(view, lambda: True, [self.at_pull_back()])

    def run_to_node(self, view, i):
        def arrived():
            frame = self.process.GetSelectedThread().GetFrameAtIndex(0)
            return is_pull_back(frame) and frame.FindVariable("i").GetValueAsSigned() == i

        error = lldb.SBError()
        operation = view.tape.operation_address(i)
        # costs nothing until the sweep reads it
        watch = self.target.WatchAddress(operation, 1, True, False, error) if self.watches(operation) else None
        return self.resume(view, arrived, [watch if watch is not None and error.Success() else self.at_pull_back()])

    def watches(self, address):
        """Whether the processor tells of reads; some virtual machines take a watchpoint and never do. atoi() reads the address."""
        error, options = lldb.SBError(), lldb.SBExpressionOptions()
        options.SetIgnoreBreakpoints(True)
        watch = self.target.WatchAddress(address, 1, True, False, error)
        if not error.Success():
            return False
        self.target.EvaluateExpression("(int)atoi((const char*)%d)" % address, options)
        reads = watch.GetHitCount()
        self.target.DeleteWatchpoint(watch.GetID())
        return reads > 0


def wengert(debugger, line, context, result, _):
    """Look at a tape: wengert tape, node, next, until, why. `wengert` alone tells what they take."""
    was = debugger.GetAsync()
    debugger.SetAsync(False)
    try:
        result.AppendMessage(Commands(Debugger(debugger)).run(line))
    except Problem as problem:
        result.SetError(str(problem))
    finally:
        debugger.SetAsync(was)


def __lldb_init_module(debugger, _):
    for name, summary in (("Var", "var"), ("Node", "node"), ("Location", "location"), ("Tape", "tape"), ("Function", "function"),
                          ("Adjoints<double>", "gradient"), ("Gradient", "gradient"), ("Cursor", "cursor")):
        debugger.HandleCommand('type summary add --category wengert --python-function wengert_lldb.%s "wengert::%s"' % (summary, name))
    debugger.HandleCommand("type category enable wengert")
    debugger.HandleCommand("command script add -f wengert_lldb.wengert wengert")
