// The input of a request, read field by field. What is wrong with it is said with the field's name, what was found, and what it
// should be.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "wengert/jacobian.hpp"

namespace gradbench {

/// An object of JSON. Every call throws std::invalid_argument where the field is not there, or not as it should be.
class Input {
 public:
  /// Refers to it. `where` is the name of the object itself, if it is a field of another.
  explicit Input(const nlohmann::json& object, std::string where = {});

  bool has(const char* field) const;
  double number(const char* field) const;
  bool truth(const char* field) const;
  /// A whole number, `least` or more.
  std::size_t count(const char* field, std::size_t least) const;
  /// A list of numbers; of that many.
  std::vector<double> numbers(const char* field) const;
  std::vector<double> numbers(const char* field, std::size_t size) const;
  /// A list of whole numbers, each `least` or more and below `end`.
  std::vector<int> indices(const char* field, int least, std::size_t end) const;
  /// A list of rows of equal length; of that many rows and columns. Of no row there are no columns.
  wengert::DenseMatrix rows(const char* field) const;
  wengert::DenseMatrix rows(const char* field, std::size_t rows, std::size_t columns) const;
  /// A list of such lists, all of that shape.
  std::vector<wengert::DenseMatrix> blocks(const char* field, std::size_t count, std::size_t rows, std::size_t columns) const;
  /// A field that is an object itself.
  Input object(const char* field) const;

  /// Throws, about a field.
  [[noreturn]] void refuse(const std::string& field, const std::string& what) const;

 private:
  const nlohmann::json& at(const char* field) const;
  double number(const nlohmann::json& value, const std::string& field) const;
  wengert::DenseMatrix rows(const nlohmann::json& list, const std::string& field) const;
  void expect_shape(const wengert::DenseMatrix& found, const std::string& field, std::size_t rows, std::size_t columns) const;
  const nlohmann::json& list(const nlohmann::json& value, const std::string& field) const;

  const nlohmann::json* object_;
  std::string where_;
};

/// A matrix as a list of its rows.
nlohmann::json as_rows(const wengert::DenseMatrix& matrix);

}  // namespace gradbench
