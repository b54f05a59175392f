// GradBench's protocol, as its repository says it (https://github.com/gradbench/gradbench, CONTRIBUTING.md, "Protocol"): messages
// of an eval on lines of JSON, each with an id, and a reply to each with the same id.
//
//     {"id": 0, "kind": "start", "eval": "hello"}                          {"id": 0, "tool": "wengert"}
//     {"id": 1, "kind": "define", "module": "hello"}                       {"id": 1, "success": true}
//     {"id": 2, "kind": "evaluate", "module": "hello",
//      "function": "square", "input": 3.0}                                 {"id": 2, "success": true, "output": 9.0, "timings":
//      …}
//     {"id": 3, "kind": "analysis", "of": 2, "valid": true}                {"id": 3}
//
// A timing is {"name": "evaluate", "nanoseconds": …}, one for each run; before them, one that is called "prepare". An input may
// ask for `min_runs` runs (1 unless it says so) and for `min_seconds` of them.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace gradbench {

/// The reply to one message, on one line. Whatever is wrong with the message becomes a reply that says so: "success" is false,
/// "error" a sentence, and the id that of the message, or null where it has none. Empty for the message "end", which some
/// versions of the protocol have, and which asks for no reply.
std::string reply(std::string_view line);

/// Replies to the messages of `in`, each as soon as it is there, until their end, or until "end". Empty lines are passed by.
void serve(std::istream& in, std::ostream& out);

}  // namespace gradbench
