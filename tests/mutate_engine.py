#!/usr/bin/env python3
"""Mutates the engine (and the demo's numerics) at random places and reports which mutants the tests let live. The rules
themselves are mutate.py's.

A mutant is one edit of a source or header of a room: a comparison, a sign, a bound, a negated condition, a dropped statement or
throw, swapped arguments. Each is built in a copy of the tree, with the tests of its room, which then run against a time limit;
what these let live meets the tests that the option --then names. A mutant that does not compile is no danger.

With --build, a folder where the tests are built, only sources are mutated and not headers: each is compiled alone and linked
before the library to the objects of the tests, which takes seconds. The tree and the build stay as they are.

With --schemata besides, all mutants of a source are compiled at once, each in a copy of its function's body behind a switch that
an environment variable sets, and each test is linked once per source. A mutant meets the tests alone that reach its function, the
most telling first, and checked containers. Code outside of functions, or that may run during compilation, is edited as ever.

With --headers instead, the same is done to a room's headers at once, and the library and the room's tests are compiled with them. A
function that may run during compilation has its mutants where it runs later; what is outside of functions is not tried.

With --through and a source, a room's headers are mutated one by one, and that source compiled with each: for headers that few
sources read, where the copies of all mutants would take the compiler an hour.

usage: tests/mutate_engine.py --sample N | --all --seed S [--build FOLDER [--schemata | --headers | --through SOURCE]] [--room NAME] [--file PART]
                              [--work FOLDER] [--then room/name ...] [--most SURVIVORS] [--list]
"""
import argparse
import concurrent.futures
import itertools
import json
import math
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TREE = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ("record", "sweep", "transform", "batch", "kernels", "fused", "inspect", "check", "vae_kl")
# Tests of another room that know a room's sources best.
ELSEWHERE = {
    "record": ("sweep/special", "sweep/incomplete", "sweep/conventions", "sweep/custom", "fused/fuse",
               "transform/holes"),
    "sweep": ("record/error", "record/tape", "inspect/gradient_with_bounds", "inspect/evaluation_trace", "transform/holes",
              "fused/piece"),
    "transform": ("inspect/gradient_with_bounds", "sweep/jacobian"),
    "batch": ("transform/holes", "fused/fused_batch"),
    "kernels": ("sweep/reductions",),
    "fused": ("inspect/gradient_with_bounds", "batch/fused_elements"),
}
DEMO = ("question", "random", "estimate", "estimators", "proof", "train")  # what computes in it
# Public headers that hold code of the engine, by the room whose tests know them best. ops.hpp is mutate.py's.
HEADERS = {
    "record": ("tape", "var", "location"), "sweep": ("forward_sweep", "reverse_sweep", "gradient", "jacobian", "hessian", "custom"),
    "transform": ("function",), "batch": ("batch", "elements"), "fused": ("fuse", "fused_batch"), "inspect": ("bounded", "cursor"),
}
SWAPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-", "-": "+",
         "+=": "-=", "-=": "+=", "*": "+", "/": "*"}


def code_only(text):
    """The text with comments, strings and preprocessor lines blanked, so that places stay the same."""
    blank = lambda m: re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'//[^\n]*|/\*.*?\*/|R"\((?s:.*?)\)"|"(?:\\.|[^"\\\n])*"|^ *#(?:[^\n]*\\\n)*[^\n]*', blank, text, flags=re.M)


def closing(code, opening):
    """Where the bracket or brace closes that opens there."""
    depth = 0
    for k in range(opening, len(code)):
        depth += (code[k] in "({") - (code[k] in ")}")
        if depth == 0:
            return k
    return len(code)


def edits(text):
    """(what, start, end, replacement)."""
    code = code_only(text)
    for operator in re.finditer(r"(?<=[\w)\]] )(<=|>=|==|!=|&&|\|\||\+=|-=|<|>|\+|-|\*|/)(?= [\w(*!&-])", code):
        yield f"{operator[1]} -> {SWAPS[operator[1]]}", operator.start(), operator.end(), SWAPS[operator[1]]
    for one in re.finditer(r"(?<=[\w)\]]) [+-] 1\b(?![.\w])", code):
        yield f"dropped{one[0]}", one.start(), one.end(), ""
    for condition in re.finditer(r"\b(?:if|while) \(", code):
        end = closing(code, condition.end() - 1)
        if ";" not in code[condition.end():end]:
            yield "negated condition", condition.end(), end, f"!({text[condition.end():end]})"
    for statement in re.finditer(r"^( +)((?:if \(.*\) )?)((?:return|throw)\b[^;{}]*|(?:\w|->|\.|::|\[[^\]\n]*\])+ ?(?:=|\+=|-=)? ?[^;{}=]*);$",
                                 code, re.M):
        what = statement[3]
        if re.match(r"(return|throw)\b", what):
            if not statement[2]:
                continue  # would not return at all
        elif re.match(r"(using|static|const|auto|friend|template|constexpr|else|case|break|continue|goto|typedef|default)\b", what) or not re.search(r"[(=]", what) or re.match(r"[\w:]+ \w", what):
            continue
        yield f"dropped `{' '.join(text[statement.start(3):statement.end(3)].split())}`", statement.start(3), statement.end(3), ""
    for pair in re.finditer(r"(?<=\w)\((\w[\w.\[\]]*), (\w[\w.\[\]]*)\)(?= *[;),])", code):
        if pair[1] != pair[2]:
            yield f"swapped {pair[1]}, {pair[2]}", pair.start(1), pair.end(2), f"{pair[2]}, {pair[1]}"


def all_mutants(rooms, part):
    for room in rooms:
        folders = [TREE / "vae_kl" / part for part in DEMO] if room == "vae_kl" else [TREE / "autodiff/wengert" / room]
        files = sorted(file for folder in folders for file in folder.glob("*.[hc]pp"))
        files += [TREE / f"autodiff/wengert/{name}.hpp" for name in HEADERS.get(room, ())]
        for file in files:
            name = str(file.relative_to(TREE))
            if not re.search(part, name) or not file.exists():
                continue
            text = file.read_text()
            for what, start, end, replacement in edits(text):
                yield {"room": room, "file": name, "line": text.count("\n", 0, start) + 1, "what": what,
                       "text": text[:start] + replacement + text[end:], "edit": (start, end, replacement)}


def body(code, place, unfit=r"constexpr|CONSTEXPR|consteval|\bauto\b(?!.*->)"):
    """Where the body of the function around a place opens, or None: outside of one, or in one that may run during compilation."""
    blocks = []
    for k in range(place):
        if code[k] == "{":
            blocks.append(k)
        elif code[k] == "}":
            blocks.pop()
    for opening in blocks:
        head = re.split(r"[;{}]", code[:opening])[-1]
        if ")" in head:  # neither a namespace nor a class
            return None if re.search(unfit + r"|^\s*(if|for|while|switch|catch)\b", head) else opening
    return None


SWITCH = """#include <cstdio>
#include <cstdlib>
#include <type_traits>
INLINE const int wengert_mutant = std::getenv("WENGERT_MUTANT") ? std::atoi(std::getenv("WENGERT_MUTANT")) : 0;
INLINE struct WengertReached {  // functions, written by a run without a mutant
  bool at[COUNT] = {};
  ~WengertReached() {
    const char* const name = std::getenv("WENGERT_REACHED");
    std::FILE* const file = name ? std::fopen(name, "w") : nullptr;
    for (int i = 0; file && i < COUNT; ++i)
      if (at[i]) std::fprintf(file, "%d ", i);
    if (file) std::fclose(file);
  }
} wengert_reached;
"""


def schemata(text, mutants, before, base=0):
    """The text with each of the mutants, a dictionary from number to mutant, behind the switch; the lines of each, and under
    (None, where it opens) those of a function as it was. Functions are told from one another by where they open, beyond `base`."""
    bodies = {}
    for number, m in mutants.items():
        bodies.setdefault(m["body"], []).append(number)
    result, lines, done = before, {}, 0
    for opening in sorted(bodies):
        end = closing(code_only(text), opening)
        result += text[done:opening + 1] + "switch (std::is_constant_evaluated() ? 0 : wengert_mutant) {\n"
        for number in bodies[opening]:
            first, last, replacement = mutants[number]["edit"]
            began = result.count("\n") + 1
            result += f"case {number}: {{{text[opening + 1:first]}{replacement}{text[last:end]}}} break;\n"
            lines[number] = range(began, result.count("\n") + 1)
        began = result.count("\n") + 1
        result += f"default: if (!std::is_constant_evaluated()) wengert_reached.at[{base + opening}] = true; {{"
        result += text[opening + 1:end] + "}\n}"
        lines[None, opening] = range(began, result.count("\n") + 1)
        done = end
    return result + text[done:], lines


def tests_of(room):
    """The targets of a room's tests, as far as they are configured."""
    tests = sorted((TREE / "tests" / room).glob("*_test.cpp"))
    tests += [TREE / f"tests/{name}_test.cpp" for name in ELSEWHERE.get(room, ())]
    if room == "vae_kl":
        tests += sorted((TREE / "tests/agreement").glob("vae_kl_*_test.cpp"))
    return [f"wengert_{test.stem}" for test in tests]


FILES = ("CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md", "LICENSE")  # some tests read them


class Copy:
    """The tree and a build of its own."""

    def __init__(self, folder, jobs):
        self.tree, self.build, self.jobs = folder / "tree", folder / "tree/build/release", jobs
        for part in ("autodiff", "tests", "vae_kl", "benchmarks", "cmake"):
            if (TREE / part).exists():
                shutil.copytree(TREE / part, self.tree / part, dirs_exist_ok=True)
        for file in FILES:
            shutil.copy2(TREE / file, self.tree / file)
        self.run(["cmake", "-S", str(self.tree), "-B", str(self.build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                  "-DWENGERT_BUILD_BENCHMARKS=OFF"], 300, must=True)
        listed = self.run(["ninja", "-C", str(self.build), "-t", "targets", "all"], 60, must=True)
        self.known = set(re.findall(r"^(\w+): phony", listed, re.M))

    def run(self, command, seconds, must=False):
        """What it printed, or None if it failed."""
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds,
                                  cwd=self.build if self.build.exists() else None)  # a ccache may make paths relative to it
        except subprocess.TimeoutExpired:
            self.said = f"no end within {seconds} s"
            return None
        self.said = done.stdout + done.stderr
        if done.returncode != 0 and not self.said.strip():
            self.said = f"status {done.returncode}"
        if done.returncode != 0 and must:
            sys.exit(f"mutate_engine.py: {' '.join(command)}\n{self.said[-2000:]}")
        return done.stdout if done.returncode == 0 else None

    def verdict(self, targets, seconds):
        """'compiler', what a test said, or '' for a survivor."""
        for target in [t for t in targets if t in self.known]:  # one by one: the first complaint will do
            if self.run(["cmake", "--build", str(self.build), "-j", str(self.jobs), "--target", target], 1800) is None:
                return "compiler"
            program = next(self.build.glob(f"**/{target}"))
            if self.run([str(program), "--gtest_brief=1"], seconds) is None:
                lines = self.said.strip().splitlines()
                failed = next((line for line in lines if "FAILED" in line), lines[-1] if lines else "")
                return f"{target}: {failed[:100]}"
        return ""


def complaint(target, said):
    lines = said.splitlines()
    return f"{target}: {next((line for line in lines if 'FAILED' in line), lines[-1])[:100]}"


class Relinked:
    """Tests that are built already, with one object of the library replaced."""

    def __init__(self, build, folder, through=None):
        self.build, self.folder, self.through = pathlib.Path(build).resolve(), folder, through
        entries = json.loads((self.build / "compile_commands.json").read_text())
        self.compile = {str(pathlib.Path(entry["file"]).resolve()): entry["command"] for entry in entries}
        listed = subprocess.run(["ninja", "-C", str(self.build), "-t", "targets", "all"], capture_output=True, text=True, check=True)
        self.known = set(re.findall(r"^(\w+): phony", listed.stdout, re.M))
        self.known -= {f"wengert_{name}_test" for name in ("debugger", "command_line", "mpirun")}  # these drive other programs
        self.seconds = {}  # of each test that has passed with the source as it is

    def run(self, command, seconds, **variables):
        """Whether it succeeded, and what it printed."""
        process = subprocess.Popen(command, shell=isinstance(command, str), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   errors="replace", cwd=self.build, env={**os.environ, **variables}, start_new_session=True)
        try:
            said = "".join(process.communicate(timeout=seconds)).strip()
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # with what it started: a compiler's driver is not the compiler
            process.communicate()
            return False, f"no end within {seconds} s"
        return process.returncode == 0, said or f"status {process.returncode}"

    def object(self, original, source, to, *flags):
        command = self.compile[original].replace(original, str(source)).replace(" -I", f" -I{pathlib.Path(to).parent} -I", 1)
        return self.run(" ".join([re.sub(r"-o \S+", f"-o {to}", command, count=1), *flags]), PATIENCE if self.through else 3600)

    def link(self, target, mutated, program):
        commands = self.run(["ninja", "-t", "commands", "-s", f"tests/{target}"], 60)[1]
        # the mutant's object comes first: what it defines is not looked for in the library
        link = re.sub(r"-o \S+", f"{mutated} -o {program}", commands.splitlines()[-1].split(" && ")[1], count=1)
        good, said = self.run(link, 600)
        if not good:
            sys.exit(f"mutate_engine.py: {target} does not link, is it built? {said[-2000:]}")

    def verdict(self, m, targets, seconds):
        """As Copy's, of a mutant; None stands for the source as it is."""
        with tempfile.TemporaryDirectory(dir=self.folder) as temporary:
            mutated = ""
            if m is not None:
                original = str((TREE / (self.through or m["file"])).resolve())
                mutant, mutated = pathlib.Path(temporary) / m["file"].removeprefix("autodiff/"), f"{temporary}/mutant.o"
                mutant.parent.mkdir(parents=True)
                mutant.write_text(m["text"])  # a header is found here before it is found as it was
                if not self.object(original, original if self.through else mutant, mutated, "-O1 -g0 -w")[0]:
                    return "compiler"
            stem = pathlib.Path(m["file"]).stem if m else ""
            # first what bears the source's name, then what is quick
            for target in sorted(self.known.intersection(targets), key=lambda t: (stem not in t, self.seconds.get(t, 0), t)):
                program = f"{self.build}/tests/{target}" if m is None else f"{temporary}/{target}"
                limit = seconds
                if m is not None:
                    self.link(target, mutated, program)
                    limit = min(seconds, 20 + 10 * math.ceil(self.seconds.get(target, seconds)))
                began = time.monotonic()
                good, said = self.run([program, "--gtest_brief=1", "--gtest_fail_fast"], limit)
                if not good:
                    return complaint(target, said)
                if m is None:
                    self.seconds[target] = time.monotonic() - began
                else:
                    os.remove(program)
        return ""


def limited(seconds, program):
    """The test, for a mutant that may ask for time and memory without end, or wait for what never comes. The test without a mutant is
    under the same limits, or it would be they that kill; small stacks, since one starts ten thousand threads."""
    return ["prlimit", f"--cpu={seconds}", f"--as={24 << 30}", f"--stack={1 << 20}", program, "--gtest_brief=1", "--gtest_fail_fast"]


def processor_time():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# Seconds for the compiler: each copy of a lambda may copy all templates below it, and a mutant's template ask for itself without end.
PATIENCE = 240
CHECKED = "-O1 -g0 -w -D_GLIBCXX_ASSERTIONS"


class Schemata:
    """All mutants of a source that lie in bodies of functions, in one object, and the tests linked to it."""

    def __init__(self, tests, mutants, targets, seconds, folder):
        self.tests, self.limit, self.reached, self.seconds, self.kills, self.cases = tests, seconds, {}, {}, {}, {}
        original = (TREE / mutants[0]["file"]).resolve()
        text = original.read_text()
        code = code_only(text)
        for m in mutants:
            m["body"], m["number"] = body(code, m["edit"][0]), 0
        fit = dict(enumerate((m for m in mutants if m["body"] is not None), 1))
        source, mutated = folder / original.name, folder / "mutants.o"
        while fit:
            whole, lines = schemata(text, fit, SWITCH.replace("COUNT", str(len(text))).replace("INLINE", "static"))
            source.write_text(whole)
            good, said = tests.object(str(original), source, mutated, CHECKED)
            if good:
                break
            places = {int(line) for line in re.findall(rf"{re.escape(original.name)}:(\d+).*(?:error|required)", said)}
            unfit = [number for number in fit if places.intersection(lines[number])]
            for number in unfit:
                fit.pop(number)["number"] = None
            if not unfit:
                print(f"{mutants[0]['file']}: one by one, {said[:300]}", file=sys.stderr)
                fit = {}
        for number, m in fit.items():
            m["number"] = number
        for target in [t for t in targets if t in tests.known and fit]:
            tests.link(target, mutated, folder / target)
            said = self.without_a_mutant(folder / target)
            if said:
                refuse(mutants[0]["file"], f"{target}: {said[-2000:]}")
            self.kills[folder / target] = 0.1 + (original.stem in target)

    def without_a_mutant(self, program, without=()):
        """What functions the test reaches, but for some of its cases, and how long it takes; or what it says if it fails."""
        reached, began = program.with_suffix(".reached"), processor_time()
        self.cases[program] = {"GTEST_FILTER": f"-{':'.join(without)}"}
        good, said = self.tests.run(limited(self.limit, program), self.limit, WENGERT_REACHED=str(reached), **self.cases[program])
        if not good:
            return said
        self.reached[program] = set(map(int, reached.read_text().split())) if reached.exists() else set()
        self.seconds[program] = max(processor_time() - began, 0.001)
        return ""

    def verdict(self, m, targets):
        """As Copy's."""
        if m["number"] is None:
            return "compiler"
        if m["number"] == 0:
            return self.tests.verdict(m, targets, self.limit) if m["file"].endswith(".cpp") else "not tried"
        m["met"] = any(m["body"] in reached for reached in self.reached.values())
        for program in sorted(self.reached, key=lambda p: -self.kills[p] / self.seconds[p]):
            if m["body"] in self.reached[program]:
                most = 10 + 10 * math.ceil(self.seconds[program])
                good, said = self.tests.run(limited(most, program), min(self.limit, 20 + most), WENGERT_MUTANT=str(m["number"]),
                                            **self.cases[program])
                if not good:
                    self.kills[program] += 1
                    return complaint(program.name, said)
        return ""


class HeaderSchemata(Schemata):
    """All mutants of a room's headers that lie in bodies of functions, in one copy of the headers; the library and the room's tests,
    compiled with it once. Those that work during compilation, one by one: for each the tests are compiled anew, the library is not."""

    def __init__(self, tests, mutants, targets, seconds, folder, pool):
        self.tests, self.limit, self.reached, self.seconds, self.kills, self.cases = tests, seconds, {}, {}, {}, {}
        self.folder, self.sources, self.fit = folder, {}, {}
        for part in ("autodiff", "vae_kl", "tests"):
            shutil.copytree(TREE / part, folder / part)
        for file in FILES:
            shutil.copy2(TREE / file, folder / file)
        config = folder / "autodiff/wengert/record/config.hpp"  # copies of a body need not hold copies of all that it calls
        config.write_text(config.read_text().replace("[[gnu::flatten]]", "").replace("[[gnu::always_inline]]", ""))
        self.number(mutants)
        links = {target: tests.run(["ninja", "-t", "commands", "-s", f"tests/{target}"], 60)[1].splitlines()[-1].split(" && ")[1]
                 for target in targets if target in tests.known}
        self.read = {entry.split(":")[0]: set(entry.split()) for entry in
                     re.split(r"\n(?=\S)", tests.run(["ninja", "-t", "deps"], 60)[1])}
        self.links = dict(links)
        own = self.compile(links, pool)
        for target, link in links.items():
            self.link(target, link, own)
        sound = pool.map(lambda target: self.edited(None, target), self.links)
        self.edits = {target: 0 for target, said in zip(self.links, sound) if not said}  # how many each killed

    def number(self, mutants):
        """Chooses those that are in a function, and writes what they share."""
        base = 0
        for name in dict.fromkeys(m["file"] for m in mutants):
            text = (TREE / name).read_text()
            code, self.sources[name] = code_only(text), (text, base)
            for m in [m for m in mutants if m["file"] == name]:
                m["opening"] = body(code, m["edit"][0], "consteval")
                m["body"], m["number"] = m["opening"] and base + m["opening"], 0
                if m["body"] is not None:
                    m["number"] = len(self.fit) + 1
                    self.fit[m["number"]] = m
            base += len(text)
        (self.folder / "mutants.hpp").write_text("#pragma once\n" + SWITCH.replace("COUNT", str(base)).replace("INLINE", "inline"))

    def compile(self, links, pool):
        """The objects and archives of these links that a mutated header is in. A mutant that does not compile is given up; so is a
        test that does not for another reason."""
        entries = json.loads((self.tests.build / "compile_commands.json").read_text())
        self.commands = commands = {re.search(r"-o (\S+)", entry["command"])[1]: entry["command"] for entry in entries}
        archives = {a: [o for o in commands if o.startswith(re.sub(r"lib(\w+)\.a$", r"CMakeFiles/\1.dir/", a))]
                    for link in links.values() for a in re.findall(r"(?<= )(?!/)[\w./]+\.a\b", link)}
        objects = {o for link in links.values() for o in re.findall(r"\S+\.o(?= )", link)}.union(*archives.values())
        mutated = {str(TREE / name) for name in self.sources}
        objects &= {o for o, read in self.read.items() if mutated.intersection(read)}  # others are as they were built
        waiting = sorted(objects)
        while waiting:
            self.write()
            said = {o: text for o, text in zip(waiting, pool.map(lambda o: self.object(o, commands[o]), waiting)) if text}
            waiting, unfit = [], set()
            for output, text in said.items():
                culprits = self.culprits(text)
                unfit |= culprits
                test = re.match(r"tests/CMakeFiles/(\w+)\.dir/", output)
                if culprits:
                    waiting.append(output)
                elif not test:
                    sys.exit(f"mutate_engine.py: {text[:3000]}")
                elif links.pop(test[1], None):
                    print(f"left out, it does not compile: {test[1]}: {text[:1000]}", file=sys.stderr)
            for number in unfit:
                self.fit.pop(number)["number"] = None
        for archive, members in archives.items():
            members = [str(self.folder / o if o in objects else self.tests.build / o) for o in members]
            self.tests.run(["ar", "rcs", str(self.folder / archive), *members], 60)
        return objects.union(archives)

    def link(self, target, link, own):
        program = self.folder / target
        link = re.sub(r"-o \S+", f"-o {program}", link, count=1)
        link = re.sub(r"(?<= )\S+\.[oa]\b", lambda file: str(self.folder / file[0]) if file[0] in own else file[0], link)
        good, said = self.tests.run(link, 600)
        said, without = self.without_a_mutant(program) if good else said, []
        while said:  # cases that ask what the compiler knows, where functions are copied and not inlined
            failed = [case for case in re.findall(r"\[  FAILED  \] ([\w/]+\.[\w/]+)", said) if case not in without]
            print(f"left out, it fails without a mutant: {target}: {failed or said[-2000:]}", file=sys.stderr)
            without += failed
            said = self.without_a_mutant(program, without) if failed else ""
        self.kills[program] = 0.1

    def verdict(self, m, targets):
        """As Copy's. 'not tried' is what stands outside of functions where the library's sources read it, which would have to be
        compiled anew too."""
        said = super().verdict(m, targets)
        if m["number"] is None or said not in ("", "not tried") or said == "" and m["met"]:
            return said
        header = str(TREE / m["file"])
        in_a_function = body(code_only(pathlib.Path(header).read_text()), m["edit"][0], "constinit")  # whenever it may run
        if (in_a_function is None and any(header in read and o.startswith("autodiff/") for o, read in self.read.items())):
            return "not tried"
        readers = [t for t in self.edits if any(header in self.read[o] for o in self.objects_of(t))]
        m["met"] = bool(readers)
        for target in sorted(readers, key=lambda t: -self.edits[t]):
            said = self.edited(m, target)
            if said:
                self.edits[target] += 1
                return said
        return ""

    def objects_of(self, target):
        return [o for o in re.findall(r"\S+\.o(?= )", self.links[target]) if o.startswith(f"tests/CMakeFiles/{target}.dir/")]

    def edited(self, m, target):
        """What is said against a mutant by this test, compiled with it; or against the test without one."""
        with tempfile.TemporaryDirectory(dir=self.folder) as temporary:
            folder, link = pathlib.Path(temporary), self.links[target]
            for part in ("autodiff", "vae_kl"):
                shutil.copytree(TREE / part, folder / part)
            if m is not None:
                (folder / m["file"]).write_text(m["text"])
            for number, output in enumerate(self.objects_of(target)):
                command = re.sub(rf"(?<=-I){re.escape(str(TREE))}(?=/(?:autodiff|vae_kl)\b)", temporary, self.commands[output])
                command = command.replace(f"-o {output}", f"-o {temporary}/{number}.o")
                link = link.replace(f" {output} ", f" {temporary}/{number}.o ")
                if not self.tests.run(command, PATIENCE)[0]:
                    return "compiler"
            program = folder / target
            good, said = self.tests.run(re.sub(r"-o \S+", f"-o {program}", link, count=1), 600)
            if good:
                good, said = self.tests.run(limited(self.limit, program), self.limit)
            return "" if good else complaint(target, said)

    def write(self):
        """The headers, with the mutants that are fit."""
        self.lines = {}
        for name, (text, base) in self.sources.items():
            own = {number: {**m, "body": m["opening"]} for number, m in self.fit.items() if m["file"] == name}
            whole, lines = schemata(text, own, "", base)
            for number, of in lines.items():  # a function that its mutants contradict loses them all
                numbers = {number} if number in own else {n for n, m in own.items() if m["opening"] == number[1]}
                self.lines |= {(name, line): numbers for line in of}
            (self.folder / name).write_text(whole)

    def object(self, output, command):
        """What the compiler says against it."""
        (self.folder / output).parent.mkdir(parents=True, exist_ok=True)
        command = re.sub(rf"{re.escape(str(TREE))}(?=/(?:autodiff|vae_kl|tests)\b| )", str(self.folder), command)
        command = re.sub(r"-Winvalid-pch -include \S+", "-include gmock/gmock.h", command)
        command = command.replace(f"-o {output}", f"-o {self.folder / output}")
        # not in the headers: some are included within a namespace
        good, said = self.tests.run(f"{command} -include {self.folder}/mutants.hpp {CHECKED}",
                                    PATIENCE if output.startswith("tests/") else 3600)
        return "" if good else said

    def culprits(self, said):
        """The mutants that a compiler's errors lie in, or else were asked for by."""
        found, asked = set(), set()
        for line in said.splitlines():
            at = re.match(rf"{re.escape(str(self.folder))}/(\S+?):(\d+)", line.strip().removeprefix("from ").removeprefix("In file included from "))
            numbers = at and self.lines.get((at[1], int(at[2])))
            if " error: " in line:
                found |= numbers or asked
                asked = set()
            elif numbers and len(numbers) == 1 and "required" in line:
                asked |= numbers
        return found


def refuse(room, said):
    sys.exit(f"mutate_engine.py: the tests of {room} do not pass on the tree as it is: {said}")


def rebuilt(sample, then, options):
    """Each mutant with its verdict, by a build of the copy."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Copy(pathlib.Path(options.work or temporary), options.jobs)
        sound = set()
        for m in sample:
            targets = tests_of(m["room"]) + then
            if m["room"] not in sound:
                said = copy.verdict(targets, options.seconds)
                if said:
                    refuse(m["room"], f"{said}\n{copy.said[-2000:]}")
                sound.add(m["room"])
            file = copy.tree / m["file"]
            original = file.read_text()
            file.write_text(m["text"])
            try:
                verdict = copy.verdict(targets, options.seconds)
            finally:
                file.write_text(original)
            yield m, verdict


def relinked(sample, then, options):
    """The same by linking, several at a time."""
    with tempfile.TemporaryDirectory(dir=options.work) as temporary, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tests = Relinked(options.build, temporary, options.through)
        targets = {room: tests_of(room) + then for room in {m["room"] for m in sample}}
        for room, said in zip(targets, pool.map(lambda room: tests.verdict(None, targets[room], options.seconds), targets)):
            if said:
                refuse(room, said)
        yield from zip(sample, pool.map(lambda m: tests.verdict(m, targets[m["room"]], options.seconds), sample))


def all_at_once(sample, then, options):
    """The same, source by source."""
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for _, mutants in itertools.groupby(sample, lambda m: m["room" if options.headers else "file"]):
            with tempfile.TemporaryDirectory(dir=options.work) as temporary:
                mutants, folder = list(mutants), pathlib.Path(temporary)
                tests, targets = Relinked(options.build, temporary), tests_of(mutants[0]["room"]) + then
                source = (HeaderSchemata(tests, mutants, targets, options.seconds, folder, pool) if options.headers else
                          Schemata(tests, mutants, targets, options.seconds, folder))
                yield from zip(mutants, pool.map(lambda m: source.verdict(m, targets), mutants))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=25, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build", help="folder where the tests are built: mutates sources alone, and links instead of building")
    parser.add_argument("--schemata", action="store_true", help="with --build: all mutants of a source in one object")
    parser.add_argument("--headers", action="store_true", help="with --build: those of a room's headers, in one build of its tests")
    parser.add_argument("--through", metavar="SOURCE", help="with --build: those of headers, by compiling this source with each")
    parser.add_argument("--all", action="store_true", help="not a sample")
    parser.add_argument("--room", choices=ROOMS)
    parser.add_argument("--file", default="", help="only files whose name holds this regular expression")
    parser.add_argument("--work", help="folder to keep the copy and its build in, so that the next run starts warm")
    parser.add_argument("--then", nargs="*", default=[], metavar="room/name", help="tests that survivors meet")
    parser.add_argument("--seconds", type=int, default=120, help="for each test program")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--most", type=int, default=0, help="so many survivors are no failure: some compute the same")
    parser.add_argument("--list", action="store_true", help="print the sample and stop")
    options = parser.parse_args()
    population = list(all_mutants([options.room] if options.room else ROOMS, options.file))
    if options.build:
        population = [m for m in population if m["file"].endswith(".hpp" if options.headers or options.through else ".cpp")]
    count = len(population) if options.all else min(options.sample, len(population))
    sample = random.Random(options.seed).sample(population, count)
    sample.sort(key=lambda m: (ROOMS.index(m["room"]), m["file"]))  # neighbours share most of their build
    place = lambda m: f"{m['file'].removeprefix('autodiff/wengert/')}:{m['line']}: {m['what']}"
    print(f"{len(sample)} of {len(population)} mutants, seed {options.seed}", flush=True)
    if options.list:
        print("\n".join(place(m) for m in sample))
        return 0
    then = [f"wengert_{name.split('/')[-1]}_test" for name in options.then]
    verdicts = (all_at_once if options.schemata or options.headers else relinked if options.build else rebuilt)(sample, then, options)
    survivors = unfit = 0
    for m, verdict in verdicts:
        survivors += verdict == ""
        unfit += verdict == "compiler"
        print(f"{place(m)}: {verdict or ('SURVIVES' if m.get('met', True) else 'SURVIVES, reached by no test')}", flush=True)
    print(f"{len(sample)} mutants, {unfit} of them do not compile, {survivors} survive")
    return 1 if survivors > options.most else 0


if __name__ == "__main__":
    sys.exit(main())
