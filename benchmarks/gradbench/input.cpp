#include "gradbench/input.hpp"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>

namespace gradbench {

using wengert::DenseMatrix, nlohmann::json;

Input::Input(const json& object, std::string where) : object_(&object), where_(std::move(where)) {
  if (!object.is_object())
    throw std::invalid_argument(
        fmt::format("{} must be an object, and is {}", where_.empty() ? "the input" : where_, object.type_name()));
}

void Input::refuse(const std::string& field, const std::string& what) const {
  throw std::invalid_argument(fmt::format("{}{}{} {}", where_, where_.empty() ? "" : ".", field, what));
}

const json& Input::at(const char* field) const {
  const auto found = object_->find(field);
  if (found == object_->end()) refuse(field, "is missing from the input");
  return *found;
}

bool Input::has(const char* field) const { return object_->contains(field); }

double Input::number(const json& value, const std::string& field) const {
  if (!value.is_number()) refuse(field, fmt::format("must be a number, and is {}", value.type_name()));
  return value.get<double>();
}

double Input::number(const char* field) const { return number(at(field), field); }

bool Input::truth(const char* field) const {
  const json& value = at(field);
  if (!value.is_boolean()) refuse(field, fmt::format("must be true or false, and is {}", value.type_name()));
  return value.get<bool>();
}

std::size_t Input::count(const char* field, std::size_t least) const {
  const json& value = at(field);
  if (!value.is_number_integer() || value < 0 || value.get<std::uint64_t>() < least)
    refuse(field, fmt::format("must be a whole number, {} or more, and is {}", least, value.dump()));
  return value.get<std::size_t>();
}

const json& Input::list(const json& value, const std::string& field) const {
  if (!value.is_array()) refuse(field, fmt::format("must be a list, and is {}", value.type_name()));
  return value;
}

std::vector<double> Input::numbers(const char* field) const {
  std::vector<double> result;
  for (const json& value : list(at(field), field)) result.push_back(number(value, fmt::format("{}[{}]", field, result.size())));
  return result;
}

std::vector<double> Input::numbers(const char* field, std::size_t size) const {
  std::vector<double> result = numbers(field);
  if (result.size() != size) refuse(field, fmt::format("must have {} numbers, and has {}", size, result.size()));
  return result;
}

std::vector<int> Input::indices(const char* field, int least, std::size_t end) const {
  std::vector<int> result;
  for (const json& value : list(at(field), field)) {
    const bool whole = value.is_number_integer();
    if (!whole || value < least || (value >= 0 && value.get<std::uint64_t>() >= end))
      refuse(fmt::format("{}[{}]", field, result.size()),
             fmt::format("must be a whole number, {} or more and below {}, and is {}", least, end, value.dump()));
    result.push_back(value.get<int>());
  }
  return result;
}

DenseMatrix Input::rows(const json& rows, const std::string& field) const {
  DenseMatrix result;
  for (const json& row : list(rows, field)) {
    const std::string name = fmt::format("{}[{}]", field, result.rows);
    const std::size_t columns = list(row, name).size();
    if (result.rows++ == 0) result.columns = columns;
    if (columns != result.columns)
      refuse(name, fmt::format("must have {} numbers, as the rows before it, and has {}", result.columns, columns));
    for (const json& value : row) result.data.push_back(number(value, name));
  }
  return result;
}

void Input::expect_shape(const DenseMatrix& found, const std::string& field, std::size_t rows, std::size_t columns) const {
  if (found.rows != rows || (rows > 0 && found.columns != columns))
    refuse(field, fmt::format("must be {} rows of {} numbers, and is {} rows of {}", rows, columns, found.rows, found.columns));
}

DenseMatrix Input::rows(const char* field) const { return rows(at(field), field); }

DenseMatrix Input::rows(const char* field, std::size_t row_count, std::size_t column_count) const {
  DenseMatrix result = rows(field);
  expect_shape(result, field, row_count, column_count);
  return result;
}

std::vector<DenseMatrix> Input::blocks(const char* field, std::size_t count, std::size_t row_count,
                                       std::size_t column_count) const {
  std::vector<DenseMatrix> result;
  for (const json& block : list(at(field), field)) {
    const std::string name = fmt::format("{}[{}]", field, result.size());
    result.push_back(rows(block, name));
    expect_shape(result.back(), name, row_count, column_count);
  }
  if (result.size() != count) refuse(field, fmt::format("must have {} matrices, and has {}", count, result.size()));
  return result;
}

Input Input::object(const char* field) const { return Input(at(field), where_.empty() ? field : where_ + "." + field); }

json as_rows(const DenseMatrix& matrix) {
  json result = json::array();
  for (std::size_t i = 0; i < matrix.rows; ++i)
    result.push_back(std::span(matrix.data).subspan(i * matrix.columns, matrix.columns));
  return result;
}

}  // namespace gradbench
