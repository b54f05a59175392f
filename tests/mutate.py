#!/usr/bin/env python3
"""Mutates each value and derivative rule of the table in turn and reports which mutants the tests let live.

A mutant is one edit of a rule's body in ops.hpp: a sign, a factor, swapped arguments, a dropped term, a neighbouring function.
Each first meets tests/mutants/probe.cpp, which compiles in seconds and holds the mutated rule against wide arithmetic. What gets
past it meets the tests of the table, edge_grid_test and ops_test, compiled against the mutant and linked with the library of
a build folder. A mutant that does not compile is no danger. All work happens on a copy in a temporary folder: the tree is
never touched.

usage: tests/mutate.py --build FOLDER [--operation NAME] [--jobs N] [--list] [--table FILE] [--verbose]
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parent.parent
NEIGHBOURS = {
    "sin": "cos", "cos": "sin", "tan": "tanh", "asin": "acos", "acos": "asin", "atan": "asinh", "sinh": "cosh", "cosh": "sinh",
    "tanh": "tan", "asinh": "acosh", "acosh": "asinh", "atanh": "atan", "exp": "exp2", "exp2": "exp", "expm1": "exp",
    "log": "log2", "log2": "log10", "log10": "log", "log1p": "log", "sqrt": "cbrt", "cbrt": "sqrt", "erf": "erfc",
    "erfc": "erf", "floor": "ceil", "ceil": "floor", "round": "trunc", "trunc": "round", "exp_of_minus_square": "exp",
}
TWO_ARGUMENTS = {"pow": "hypot", "atan2": "hypot", "hypot": "atan2"}


def rules(text):
    """(name of the struct, 'value' or 'partials' or a helper's name, start, end) of each function body in namespace ops."""
    for struct in re.finditer(r"^struct (\w+) : [^{]*\{\n(.*?)^\};", text, re.M | re.S):
        for function in re.finditer(r"static constexpr (?:T|Partials\d<T>) (\w+)\([^)]*\) \{\n(.*?)^  \}", struct[2], re.M | re.S):
            start = struct.start(2) + function.start(2)
            yield struct[1], function[1], start, start + len(function[2])
    for function in re.finditer(r"^constexpr T (share|exp_of_minus_square|inside)\([^)]*\) \{\n(.*?)^\}", text, re.M | re.S):
        yield function[1], "helper", function.start(2), function.end(2)


def without_comments(body):
    return re.sub(r"//[^\n]*", lambda m: " " * len(m[0]), body)


def edits(body):
    """(what, start, end, replacement) within a body."""
    code = without_comments(body)
    for returned in re.finditer(r"return (\{?)(.*?)(\}?);", code, re.S):
        for start, end in parts(code, returned.start(2), returned.end(2)) if returned[1] else [(returned.start(2), returned.end(2))]:
            expression = body[start:end]
            if expression.strip() == "T(0)":
                continue  # 0 times anything: no mutant
            yield "sign", start, end, f"-({expression})"
            yield "factor 1.0005", start, end, f"T(1.0005) * ({expression})"
            yield "factor 2", start, end, f"T(2) * ({expression})"
        if returned[1]:
            pieces = parts(code, returned.start(2), returned.end(2))
            if len(pieces) == 2:
                (a, b), (c, d) = pieces
                if body[a:b].strip() != body[c:d].strip():
                    yield "swapped partials", a, d, body[c:d].strip() + ", " + body[a:b].strip()
    for call in re.finditer(r"\b(\w+)\(", code):
        name = call[1]
        if name in NEIGHBOURS:
            yield f"{name} -> {NEIGHBOURS[name]}", call.start(1), call.end(1), NEIGHBOURS[name]
        if name in TWO_ARGUMENTS:
            yield f"{name} -> {TWO_ARGUMENTS[name]}", call.start(1), call.end(1), TWO_ARGUMENTS[name]
    for name, other in (("x", "y"), ("y", "x")):
        if re.search(r"\by\b", code) and re.search(r"\bx\b", code):
            for use in re.finditer(rf"(?<![\w.]){name}\b(?!\()", code):
                yield f"{name} -> {other}", use.start(), use.end(), other
    for operator in re.finditer(r" ([-+*/]) ", code):
        swap = {"+": "-", "-": "+", "*": "/", "/": "*"}[operator[1]]
        yield f"{operator[1]} -> {swap}", operator.start(1), operator.end(1), swap
    for term in re.finditer(r" [-+*/] (T\([\d.]+\)|\w+\([^()]*\)|\w+)", code):
        yield f"dropped{term[0]}", term.start(), term.end(), ""
    for comparison in re.finditer(r" ?(<=|>=|==|<|>) ?(?=[\w(])", code):
        if "T" in code[max(0, comparison.start() - 8):comparison.start()] and comparison[1] in "<>":
            continue  # template brackets
        other = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "!="}[comparison[1]]
        yield f"{comparison[1]} -> {other}", comparison.start(1), comparison.end(1), other


def parts(code, start, end):
    """Splits at top-level commas."""
    result, depth, begin = [], 0, start
    for k in range(start, end):
        depth += code[k] in "([{"
        depth -= code[k] in ")]}"
        if code[k] == "," and depth == 0:
            result.append((begin, k))
            begin = k + 1
    return result + [(begin, end)]


def mutants(text, wanted):
    seen = set()
    for struct, function, start, end in rules(text):
        if wanted and struct.lower() != wanted.lower():
            continue
        for what, a, b, replacement in edits(text[start:end]):
            mutated = text[:start + a] + replacement + text[start + b:]
            if mutated in seen or mutated == text:
                continue
            seen.add(mutated)
            line = text.count("\n", 0, start + a) + 1
            yield {"operation": struct, "rule": function, "what": what, "line": line, "text": mutated}


# What to probe where a helper or a common base is mutated.
USERS = {
    "share": ["Min", "Max"], "inside": ["Log", "Log2", "Log10", "Log1p", "Atanh"], "exp_of_minus_square": ["Erf", "Erfc"],
    "Comparison": ["Less", "LessEqual", "Equal"], "Rounding": ["Floor", "Ceil", "Round", "Trunc"],
    "IncompleteBeta": ["Ibeta", "IbetaA", "IbetaB", "IbetaAA", "IbetaAB", "IbetaBB"],
}


def run(command, seconds):
    """The first complaint on standard output if it failed, '' if it succeeded."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return "timeout"
    if done.returncode == 0:
        return ""
    lines = (done.stdout.strip() or f"status {done.returncode}").splitlines()
    return next((line for line in lines if "FAILED" in line), lines[-1])


def judge(folder, number, mutant, options, thorough):
    """'compiler', what a test said, or '' for a survivor."""
    place = folder / str(number)
    (place / "wengert").mkdir(parents=True)
    (place / "wengert/ops.hpp").write_text(mutant["text"])
    compiler = [options.compiler, "-std=c++20", "-O0", "-w", f"-I{place}", f"-I{folder}/autodiff", f"-I{folder}/tests"]
    try:
        if not thorough:
            rules = ",".join("ops::" + name for name in USERS.get(mutant["operation"], [mutant["operation"]]))
            probe = place / "probe"
            compiled = subprocess.run([*compiler, f"-DRULES={rules}", f"{folder}/tests/mutants/probe.cpp", f"{folder}/special.o", f"{folder}/incomplete.o", "-o", probe],
                                      capture_output=True, text=True)
            return run([probe], 60) if compiled.returncode == 0 else "compiler"
        library = next(pathlib.Path(options.build).glob("**/libwengert.*"))
        for name in ("agreement/edge_grid_test", "record/ops_test"):  # what gets past the probe are edges, mostly
            test = place / pathlib.Path(name).name
            compiled = subprocess.run([*compiler, f"{folder}/tests/{name}.cpp", "-o", test, str(library), f"-Wl,-rpath,{library.parent}",
                                       "-lgmock_main", "-lgmock", "-lgtest", "-lfmt", *options.link.split()],
                                      capture_output=True, text=True)
            if compiled.returncode != 0:
                if number == "unchanged":
                    return compiled.stderr
                return "compiler"
            said = run([test, "--gtest_brief=1"], 600)
            if said:
                return f"{name}: {said}"
        return ""
    finally:
        shutil.rmtree(place)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--operation", help="only this rule, as it is called in ops.hpp")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--verbose", action="store_true", help="tell each mutant's fate")
    parser.add_argument("--list", action="store_true", help="print the mutants and stop")
    parser.add_argument("--table", help="write a Markdown table to this file")
    parser.add_argument("--build", help="a build folder with the library, for the second stage")
    parser.add_argument("--link", default="-ltbb -lsleef", help="what else the library needs (default: %(default)s)")
    parser.add_argument("--compiler", default=os.environ.get("CXX", "c++"))
    options = parser.parse_args()
    text = (TREE / "autodiff/wengert/ops.hpp").read_text()
    all_mutants = list(mutants(text, options.operation))
    if not all_mutants:
        sys.exit(f"mutate.py: no rule is called {options.operation}")
    if options.list:
        for m in all_mutants:
            print(f"ops.hpp:{m['line']}: {m['operation']}::{m['rule']}: {m['what']}")
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for part in ("autodiff", "tests"):
            shutil.copytree(TREE / part, folder / part)
        # what some rules call and the library defines
        for source in ("special", "incomplete"):
            subprocess.run([options.compiler, "-std=c++20", "-O1", f"-I{folder}/autodiff", "-c",
                            f"{folder}/autodiff/wengert/record/{source}.cpp", "-o", f"{folder}/{source}.o"], check=True)
        (folder / "autodiff/wengert/ops.hpp").unlink()
        def examine(those, thorough):
            """Verdicts, told as they come: a run of an hour may be broken off."""
            verdicts = []
            with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
                for k, verdict in zip(those, pool.map(lambda k: judge(folder, k, all_mutants[k], options, thorough), those)):
                    m = all_mutants[k]
                    if verdict == "" or options.verbose:
                        fate = verdict or ("survives" if thorough else "gets past the probe")
                        print(f"ops.hpp:{m['line']}: {m['operation']}::{m['rule']}: {m['what']}: {fate}", flush=True)
                    verdicts.append(verdict)
            return verdicts

        unchanged = {"text": text, "operation": options.operation or "Sin"}
        for thorough in (False, True) if options.build else (False,):
            said = judge(folder, "unchanged", unchanged, options, thorough)
            if said:
                sys.exit(f"mutate.py: the tests do not pass on the table as it is: {said}")
        verdicts = examine(range(len(all_mutants)), False)
        print(f"{len(all_mutants)} mutants, {verdicts.count('')} of them get past the probe", flush=True)
        if options.build:
            left = [k for k, verdict in enumerate(verdicts) if verdict == ""]
            for k, verdict in zip(left, examine(left, True)):
                verdicts[k] = verdict
    survivors = [m for m, verdict in zip(all_mutants, verdicts) if verdict == ""]
    by_operation = {}
    for m, verdict in zip(all_mutants, verdicts):
        row = by_operation.setdefault(m["operation"], [0, 0, 0])
        row[0] += 1
        row[1] += verdict == "compiler"
        row[2] += verdict == ""
    if options.table:
        with open(options.table, "w") as out:
            out.write("| operation | mutants | not even compiling | surviving |\n|---|---:|---:|---:|\n")
            for name, row in by_operation.items():
                out.write(f"| {name} | {row[0]} | {row[1]} | {row[2]} |\n")
    print(f"{len(all_mutants)} mutants, {verdicts.count('compiler')} of them do not compile, {len(survivors)} survive")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
