// The numbers of a report, before they become JSON or CSV. Only report.cpp knows the JSON library.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vae_kl {

/// Nothing, a truth, a number, a text, a list, or fields by name: Value{{"mu", 0.5}, {"names", std::vector{"a", "b"}}}.
class Value {
 public:
  struct Field;
  using List = std::vector<Value>;
  using Fields = std::vector<Field>;
  using Any = std::variant<std::monostate, bool, std::uint64_t, double, std::string, List, Fields>;

  Value();
  Value(bool truth);
  Value(std::integral auto number);  // counts: none is negative
  Value(double number);
  Value(const char* text);
  Value(std::string_view text);
  Value(std::string text);
  template <class T>
  Value(const std::vector<T>& list);
  Value(List&& list);
  Value(std::initializer_list<Field> fields);

  const Any& any() const { return any_; }
  void add(std::string name, Value value);     ///< to fields
  Value without(std::string_view name) const;  ///< all fields but that one

 private:
  Any any_;
};
struct Value::Field {
  std::string name;
  Value value;
};
// Here, where a field is complete: clang asks for that where a list of them is made or let go.
inline Value::Value() = default;
inline Value::Value(bool truth) : any_(truth) {}
Value::Value(std::integral auto number) : any_(static_cast<std::uint64_t>(number)) {}
inline Value::Value(double number) : any_(number) {}
inline Value::Value(const char* text) : any_(std::string(text)) {}
inline Value::Value(std::string_view text) : any_(std::string(text)) {}
inline Value::Value(std::string text) : any_(std::move(text)) {}
template <class T>
Value::Value(const std::vector<T>& list) : any_(List(list.begin(), list.end())) {}
inline Value::Value(List&& list) : any_(std::move(list)) {}

/// As JSON, fields in their order; `indent` -1 for one line.
std::string json_text(const Value& value, int indent);

/// Records of the same fields as CSV: a line of names, then one line each. A text with a blank in it is quoted, the words of a
/// list stand side by side, nothing is an empty cell.
std::string csv_text(const Value::List& records);

}  // namespace vae_kl
