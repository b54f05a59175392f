#!/usr/bin/env python3
"""Mutates the engine (and the demo's numerics) at random places and reports which mutants the tests let live. The rules
themselves are mutate.py's.

A mutant is one edit of a source or header of a room: a comparison, a sign, a bound, a negated condition, a dropped statement or
throw, swapped arguments. Each is built in a copy of the tree, with the tests of its room, which then run against a time limit;
what these let live meets the tests that the option --then names. A mutant that does not compile is no danger.

With --build, a folder where the tests are built, only sources are mutated and not headers: each is compiled alone and linked
before the library to the objects of the tests, which takes seconds. The tree and the build stay as they are.

usage: tests/mutate_engine.py --sample N --seed S [--build FOLDER] [--room NAME] [--file PART] [--work FOLDER]
                              [--then room/name ...] [--most SURVIVORS] [--list]
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parent.parent
ROOMS = ("record", "sweep", "transform", "batch", "kernels", "fused", "inspect", "check", "vae_kl")
# Tests of another room that know a room's sources best.
ELSEWHERE = {"record": ("sweep/special", "sweep/incomplete", "sweep/conventions"), "sweep": ("record/error", "record/tape", "inspect/gradient_with_bounds",
                       "inspect/evaluation_trace", "transform/holes"), "kernels": ("sweep/reductions",), "fused": ("inspect/gradient_with_bounds",)}
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
    depth = 0
    for k in range(opening, len(code)):
        depth += (code[k] == "(") - (code[k] == ")")
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
            if part not in name or not file.exists():
                continue
            text = file.read_text()
            for what, start, end, replacement in edits(text):
                yield {"room": room, "file": name, "line": text.count("\n", 0, start) + 1, "what": what,
                       "text": text[:start] + replacement + text[end:]}


def tests_of(room):
    """The targets of a room's tests, as far as they are configured."""
    tests = sorted((TREE / "tests" / room).glob("*_test.cpp"))
    tests += [TREE / f"tests/{name}_test.cpp" for name in ELSEWHERE.get(room, ())]
    if room == "vae_kl":
        tests += sorted((TREE / "tests/agreement").glob("vae_kl_*_test.cpp"))
    return [f"wengert_{test.stem}" for test in tests]


class Copy:
    """The tree and a build of its own."""

    def __init__(self, folder, jobs):
        self.tree, self.build, self.jobs = folder / "tree", folder / "tree/build/release", jobs
        for part in ("autodiff", "tests", "vae_kl", "benchmarks", "cmake"):
            if (TREE / part).exists():
                shutil.copytree(TREE / part, self.tree / part, dirs_exist_ok=True)
        for file in ("CMakeLists.txt", "CMakePresets.json", "README.md", "CHANGELOG.md", "LICENSE"):
            if (TREE / file).exists():
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


class Relinked:
    """Tests that are built already, with one object of the library replaced."""

    def __init__(self, build, folder):
        self.build, self.folder = pathlib.Path(build).resolve(), folder
        entries = json.loads((self.build / "compile_commands.json").read_text())
        self.compile = {str(pathlib.Path(entry["file"]).resolve()): entry["command"] for entry in entries}
        listed = subprocess.run(["ninja", "-C", str(self.build), "-t", "targets", "all"], capture_output=True, text=True, check=True)
        self.known = set(re.findall(r"^(\w+): phony", listed.stdout, re.M))
        self.known -= {f"wengert_{name}_test" for name in ("debugger", "command_line", "mpirun")}  # these drive other programs

    def run(self, command, seconds):
        """Whether it succeeded, and what it printed."""
        try:
            done = subprocess.run(command, shell=isinstance(command, str), capture_output=True, text=True, errors="replace",
                                  timeout=seconds, cwd=self.build)
        except subprocess.TimeoutExpired:
            return False, f"no end within {seconds} s"
        return done.returncode == 0, (done.stdout + done.stderr).strip() or f"status {done.returncode}"

    def verdict(self, m, targets, seconds):
        """As Copy's, of a mutant; None stands for the source as it is."""
        with tempfile.TemporaryDirectory(dir=self.folder) as temporary:
            mutated = ""
            if m is not None:
                original = str((TREE / m["file"]).resolve())
                source, mutated = pathlib.Path(temporary) / pathlib.Path(original).name, f"{temporary}/mutant.o"
                source.write_text(m["text"])
                command = self.compile[original].replace(original, str(source))
                if not self.run(re.sub(r"-o \S+", f"-o {mutated}", command, count=1), 600)[0]:
                    return "compiler"
            for target in [t for t in targets if t in self.known]:
                program = f"{self.build}/tests/{target}" if m is None else f"{temporary}/{target}"
                if m is not None:
                    commands = self.run(["ninja", "-t", "commands", "-s", f"tests/{target}"], 60)[1]
                    # the mutant's object comes first: what it defines is not looked for in the library
                    link = re.sub(r"-o \S+", f"{mutated} -o {program}", commands.splitlines()[-1].split(" && ")[1], count=1)
                    good, said = self.run(link, 600)
                    if not good:
                        sys.exit(f"mutate_engine.py: {target} does not link, is it built? {said[-2000:]}")
                good, said = self.run([program, "--gtest_brief=1"], seconds)
                if not good:
                    lines = said.splitlines()
                    return f"{target}: {next((line for line in lines if 'FAILED' in line), lines[-1])[:100]}"
                if m is not None:
                    os.remove(program)
        return ""


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
        tests = Relinked(options.build, temporary)
        targets = {room: tests_of(room) + then for room in {m["room"] for m in sample}}
        for room, said in zip(targets, pool.map(lambda room: tests.verdict(None, targets[room], options.seconds), targets)):
            if said:
                refuse(room, said)
        yield from zip(sample, pool.map(lambda m: tests.verdict(m, targets[m["room"]], options.seconds), sample))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=25, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build", help="folder where the tests are built: mutates sources alone, and links instead of building")
    parser.add_argument("--room", choices=ROOMS)
    parser.add_argument("--file", default="", help="only files whose name holds this")
    parser.add_argument("--work", help="folder to keep the copy and its build in, so that the next run starts warm")
    parser.add_argument("--then", nargs="*", default=[], metavar="room/name", help="tests that survivors meet")
    parser.add_argument("--seconds", type=int, default=120, help="for each test program")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--most", type=int, default=0, help="so many survivors are no failure: some compute the same")
    parser.add_argument("--list", action="store_true", help="print the sample and stop")
    options = parser.parse_args()
    population = list(all_mutants([options.room] if options.room else ROOMS, options.file))
    if options.build:
        population = [m for m in population if m["file"].endswith(".cpp")]
    sample = random.Random(options.seed).sample(population, min(options.sample, len(population)))
    sample.sort(key=lambda m: (ROOMS.index(m["room"]), m["file"]))  # neighbours share most of their build
    place = lambda m: f"{m['file'].removeprefix('autodiff/wengert/')}:{m['line']}: {m['what']}"
    print(f"{len(sample)} of {len(population)} mutants, seed {options.seed}", flush=True)
    if options.list:
        print("\n".join(place(m) for m in sample))
        return 0
    then = [f"wengert_{name.split('/')[-1]}_test" for name in options.then]
    verdicts = (relinked if options.build else rebuilt)(sample, then, options)
    survivors = unfit = 0
    for m, verdict in verdicts:
        survivors += verdict == ""
        unfit += verdict == "compiler"
        print(f"{place(m)}: {verdict or 'SURVIVES'}", flush=True)
    print(f"{len(sample)} mutants, {unfit} of them do not compile, {survivors} survive")
    return 1 if survivors > options.most else 0


if __name__ == "__main__":
    sys.exit(main())
