"""lldb: prints wengert's types. `command script import .../wengert_lldb.py`, which may stand in ~/.lldbinit."""

import os
import struct
import sys

import lldb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wengert_tape  # noqa: E402
from wengert_tape import number  # noqa: E402


def member(value, name):
    return value.GetNonSyntheticValue().GetChildMemberWithName(name)


def integer(value, name):
    return member(value, name).GetValueAsUnsigned()


def signed(value, name):
    return member(value, name).GetValueAsSigned()


def vector_range(value, name):
    """(begin, end) addresses of a std::vector member, of libstdc++ or libc++."""
    vector = member(value, name)
    begin = member(vector, "__begin_")
    if begin.IsValid():
        return begin.GetValueAsUnsigned(), member(vector, "__end_").GetValueAsUnsigned()
    implementation = member(vector, "_M_impl")
    return integer(implementation, "_M_start"), integer(implementation, "_M_finish")


def tape_of(value):
    process = value.GetProcess()

    def read(address, size):
        error = lldb.SBError()
        content = process.ReadMemory(address, size, error)
        if error.Fail():
            raise ValueError(str(error))
        return content

    def custom_name(address):
        pointer = value.CreateValueFromAddress("operation", address, member(value, "nary_").GetType().GetTemplateArgumentType(0).GetPointeeType())
        rules = member(pointer.AddressOf().GetDynamicValue(lldb.eDynamicCanRunTarget).Dereference(), "rules_")
        name = member(member(rules, "_M_ptr").Dereference(), "name").GetSummary()
        return name.strip('"') if name else "custom"

    members = {name: signed(value, name) for name in ("size_", "constants_")}
    members["generation_"] = integer(value, "generation_")
    members.update({name: integer(value, name) for name in wengert_tape.POINTERS})
    members.update({name: vector_range(value, name) for name in wengert_tape.VECTORS})
    target = value.GetTarget()
    table = target.FindFirstGlobalVariable("wengert::debugger::operations")
    address = table.GetLoadAddress() if table.IsValid() else 0
    return wengert_tape.Tape(members, read, 0 if address == lldb.LLDB_INVALID_ADDRESS else address, custom_name)


def guarded(summary):
    """A variable before its initialisation holds anything."""

    def summarise(value, _):
        try:
            if value.GetType().IsReferenceType() or value.GetType().IsPointerType():
                value = value.Dereference()
            return summary(value)
        except (ValueError, struct.error, OverflowError, TypeError) as error:
            return "unreadable (%s)" % error

    return summarise


@guarded
def var(value):
    real = member(value, "value_").GetData().GetDouble(lldb.SBError(), 0)
    index = signed(value, "index_")
    if integer(value, "tape_") == 0 or index < 0:
        return "constant %s" % number(real)
    return tape_of(member(value, "tape_").Dereference()).variable(index, integer(value, "generation_"), real)


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
    state = member(value, "state_").Dereference()
    tape_ = tape_of(member(state, "tape"))
    begin, end = vector_range(state, "dependents")
    dependents = [i for (i,) in struct.iter_unpack("<i", tape_.read(begin, end - begin))] if begin != end else []
    return "function (%s) -> (%s), %d nodes" % (", ".join(map(tape_.label, tape_.independents())), ", ".join(map(tape_.label, dependents)),
                                                tape_.size)


@guarded
def gradient(value):
    if integer(value, "tape_") == 0:
        return "gradient of a constant"
    tape_ = tape_of(member(value, "tape_").Dereference())
    cells = member(value, "adjoints")
    begin, end = vector_range(cells, "cells_")
    constants = signed(cells, "constants_")
    nodes = (end - begin) // 8 - constants
    if tape_.generation != integer(value, "generation_"):
        return "gradient of %d nodes, of a recording that is gone" % nodes
    parts = ["%s = %s" % (tape_.label(i), number(tape_.cell(begin + 8 * constants, i) if i < nodes else 0.0)) for i in tape_.independents()]
    return "gradient of %s, %d nodes {%s}" % (tape_.label(nodes - 1), nodes, ", ".join(parts))


@guarded
def cursor(value):
    forward = (member(value, "direction_").GetValue() or "").endswith("forward")
    nodes, position = signed(value, "nodes_"), signed(value, "position_")
    done = position + 1 if forward else nodes - position
    text = "%s, step %d of %d" % ("forward" if forward else "reverse", done, nodes)
    return text if done == 0 else text + ", at node %d: %s" % (position, tape_of(member(value, "tape_").Dereference()).equation(position))


def __lldb_init_module(debugger, _):
    for name, summary in (("Var", "var"), ("Node", "node"), ("Location", "location"), ("Tape", "tape"), ("Function", "function"),
                          ("Adjoints<double>", "gradient"), ("Gradient", "gradient"), ("Cursor", "cursor")):
        debugger.HandleCommand('type summary add --category wengert --python-function wengert_lldb.%s "wengert::%s"' % (summary, name))
    debugger.HandleCommand("type category enable wengert")
