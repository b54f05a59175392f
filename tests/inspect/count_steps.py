# gdb: steps from the line where the program stopped to the next line of the same function, and prints every stop and their number.
import linecache

import gdb


class CountSteps(gdb.Command):
    """count-steps: `step` until the next line of this function; prints where each step stopped, and how many they were."""

    def __init__(self):
        super().__init__("count-steps", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        start = gdb.selected_frame()
        function, line, steps = start.name(), start.find_sal().line, 0
        while True:
            gdb.execute("step", False, True)
            steps += 1
            frame = gdb.newest_frame()
            place = frame.find_sal()
            if frame.name() == function and place.line != line:
                break
            source = linecache.getline(place.symtab.fullname(), place.line) if place.symtab else "?"
            print("stop %d: %s: %s" % (steps, frame.name(), source.strip()))
            if steps == 400:
                break
        print("line %d took %d steps" % (line, steps))


CountSteps()
