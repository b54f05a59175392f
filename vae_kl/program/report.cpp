#include "program/report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "program/command.hpp"
#include "program/output.hpp"

namespace vae_kl {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value) {
  return std::visit(
      []<class T>(const T& x) -> Json {
        if constexpr (std::is_same_v<T, std::monostate>) {
          return nullptr;
        } else if constexpr (std::is_same_v<T, Value::List>) {
          Json list = Json::array();
          for (const Value& each : x) list.push_back(json_of(each));
          return list;
        } else if constexpr (std::is_same_v<T, Value::Fields>) {
          Json object = Json::object();
          for (const Value::Field& field : x) object[field.name] = json_of(field.value);
          return object;
        } else {
          return x;
        }
      },
      value.any());
}

std::string cell(const Value& value) {
  return std::visit(
      []<class T>(const T& x) -> std::string {
        if constexpr (std::is_same_v<T, std::monostate> || std::is_same_v<T, Value::Fields>) {
          return {};
        } else if constexpr (std::is_same_v<T, Value::List>) {
          std::string words;
          for (const Value& each : x) words.append(words.empty() ? "" : " ").append(cell(each));
          return words;
        } else if constexpr (std::is_same_v<T, std::string>) {
          return x.find_first_of(" ,") == x.npos ? x : fmt::format("\"{}\"", x);
        } else {
          return fmt::format("{}", x);
        }
      },
      value.any());
}

}  // namespace

Value::Value(std::initializer_list<Field> fields) : any_(Fields(fields)) {}

void Value::add(std::string name, Value value) { std::get<Fields>(any_).push_back({std::move(name), std::move(value)}); }

Value Value::without(std::string_view name) const {
  Value result = *this;
  std::erase_if(std::get<Fields>(result.any_), [&](const Field& field) { return field.name == name; });
  return result;
}

std::string json_text(const Value& value, int indent) { return json_of(value).dump(indent) + "\n"; }

std::string csv_text(const Value::List& records) {
  std::string head, text;
  for (const Value& record : records) {
    std::string line;
    for (const auto& [name, value] : std::get<Value::Fields>(record.any())) {
      if (text.empty()) head.append(head.empty() ? "" : ",").append(name);
      line += cell(value) + ',';
    }
    line.back() = '\n';
    text += line;
  }
  return head + '\n' + text;
}

void ReportCommand::declare_report(Options& options) {
  options.choice("--format", "NAME", "Shape of the report: table (for people), json or csv [table]", format_,
                 {{"table", Format::table}, {"json", Format::json}, {"csv", Format::csv}},
                 " is no format; choose table, json or csv");
  options.text("--output", "FILE", "Write the report to this file, all of it or nothing [stdout]", output_);
  options.flag("--quiet", "Print nothing; the exit status tells (--output is still written)", quiet_);
}

std::vector<double> Command::from_first(const std::function<std::vector<double>()>& work) const {
  if (ranks == nullptr) return work();
  return wengert::gather(*ranks, about.name, [&] { return is_first() ? work() : std::vector<double>(); });
}

std::string Command::text_from_first(const std::function<std::string()>& work) const {
  if (ranks == nullptr) return work();
  const std::vector<char> text = wengert::gather(*ranks, about.name, [&] {
    const std::string mine = is_first() ? work() : std::string();
    return std::vector<char>(mine.begin(), mine.end());
  });
  return {text.begin(), text.end()};
}

void Command::on_all(const std::function<void()>& work) const {
  if (ranks == nullptr) return work();
  wengert::gather(*ranks, about.name, [&] {
    work();
    return std::vector<char>();
  });
}

void Command::on_first(const std::function<void()>& work) const {
  from_first([&] {
    work();
    return std::vector<double>();
  });
}

int ReportCommand::run() {
  on_first([&] { check_writable(output_); });
  const bool agree = work();
  const std::vector<double> status = from_first([&] {
    write_report(output_, quiet_,
                 format_ == Format::table  ? table()
                 : format_ == Format::json ? json_text(json(), indent_)
                                           : csv());
    return std::vector<double>{agree ? 0.0 : 1.0};
  });
  return static_cast<int>(status[0]);
}

}  // namespace vae_kl
