#include "wengert/batch/sharing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <typeinfo>
#include <utility>

#include "wengert/error.hpp"
#include "wengert/instruction_set.hpp"

namespace wengert::detail {
namespace {

/// Errors that keep their class on their way to other ranks.
template <class... E>
struct Classes {
  static constexpr std::size_t none = sizeof...(E);
  static std::size_t number_of(const std::exception& error) {
    std::size_t k = 0, found = none;
    ((typeid(error) == typeid(E) ? void(found = k) : void(), ++k), ...);
    return found;
  }
  static void throw_number(std::size_t number, const std::string& what) {
    std::size_t k = 0;
    ((k++ == number ? throw E(what) : void()), ...);
  }
};
using OurErrors = Classes<Error, ForeignVariable, StaleVariable, TapeFull, NotRecorded, ShapeMismatch, BranchChanged,
                          RecordedMeanwhile, NonFinite, AtKink, NoSecondOrder, UnsupportedInstructionSet, RankFailed>;

/// Number of its class, and what all ranks say of it.
std::pair<std::size_t, std::string> described(const Ranks& ranks, const char* function, const std::exception_ptr& error) {
  std::string what = "something that is no std::exception";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    if (const std::size_t number = OurErrors::number_of(known); number != OurErrors::none) return {number, known.what()};
    what = known.what();
  } catch (...) {
  }
  return {OurErrors::none, fmt::format("{}: rank {} of {} threw: {}", function, ranks.rank(), ranks.count(), what)};
}

std::uint64_t digest(std::span<const double> numbers) {
  std::uint64_t hash = 0xcbf29ce484222325 + numbers.size();  // Fowler, Noll and Vo's, on whole numbers
  for (const double number : numbers) {
    hash = (hash ^ std::bit_cast<std::uint64_t>(number)) * 0x100000001b3;
    hash ^= hash >> 29;
  }
  return hash;
}

constexpr const char* names_of_facts[Sharing::count_of_facts] = {"the function that they call",
                                                                 "the number of samples",
                                                                 "the number of columns",
                                                                 "the type of the samples",
                                                                 "the shared inputs",
                                                                 "the number of outputs",
                                                                 "the size of the program",
                                                                 "the samples in a block",
                                                                 "options.standard_errors",
                                                                 "whether options.values is given",
                                                                 "whether options.sample_gradient is given",
                                                                 "the instruction set"};

}  // namespace

void hand_down(Ranks& ranks, Bytes& bytes) {
  const std::int64_t rank = ranks.rank(), count = ranks.count();
  std::int64_t step = 1;
  while (step < count && (rank & step) == 0) step *= 2;
  if (rank != 0) bytes = ranks.receive(static_cast<int>(rank - step));
  for (step /= 2; step > 0; step /= 2)  // the farthest first: most depend on it
    if (rank + step < count) ranks.send(static_cast<int>(rank + step), bytes);
}

void throw_on_all(Ranks& ranks, const char* function, std::int64_t failed, const std::exception_ptr& mine) {
  const bool here = ranks.rank() == failed;
  Bytes message;
  if (here) {
    const auto [number, what] = described(ranks, function, mine);
    append_bytes(message, static_cast<std::uint64_t>(number));
    const auto* const text = reinterpret_cast<const std::byte*>(what.data());
    message.insert(message.end(), text, text + what.size());
    if (failed != 0) ranks.send(0, message);
  } else if (ranks.rank() == 0) {
    message = ranks.receive(static_cast<int>(failed));
  }
  hand_down(ranks, message);
  std::uint64_t number;
  std::memcpy(&number, message.data(), sizeof number);
  const std::string what(reinterpret_cast<const char*>(message.data()) + sizeof number, message.size() - sizeof number);
  OurErrors::throw_number(number, what);
  if (!here) throw RankFailed(what);
  try {
    std::rethrow_exception(mine);
  } catch (...) {
    std::throw_with_nested(RankFailed(what));
  }
}

Sharing::Sharing(Ranks& ranks, const char* function, std::span<const double> shared)
    : ranks_(ranks), function_(function), shared_(digest(shared)) {}

Report Sharing::exchange(const Report& mine) {
  Bytes nothing;
  return exchange(mine, nothing, [](Bytes&, std::span<const std::byte>) {}, [](Bytes&) {});
}

template <class T>
void Sharing::agree(std::size_t block, std::size_t operations, std::size_t outputs, const BasicSamples<T>& samples,
                    const BasicBatchOptions<T>& options) {
  agree_on({static_cast<std::uint64_t>(function_[0]), samples.count(), samples.columns(), sizeof(T), shared_, outputs, operations,
            block, options.standard_errors, !options.values.empty(), !options.sample_gradient.empty(),
            static_cast<std::uint64_t>(instruction_set())},
           true);
}
template void Sharing::agree(std::size_t, std::size_t, std::size_t, const BasicSamples<double>&,
                             const BasicBatchOptions<double>&);
template void Sharing::agree(std::size_t, std::size_t, std::size_t, const BasicSamples<float>&, const BasicBatchOptions<float>&);

void Sharing::failed_before(std::exception_ptr error) {
  if (begun_) return;
  error_ = std::move(error);
  agree_on({}, false);
}

void Sharing::agree_on(const Facts& facts, bool known) {
  begun_ = true;
  // The least of each, and of its complement: the greatest.
  std::array<std::uint64_t, 2 * Sharing::count_of_facts> least;
  for (std::size_t k = 0; k < Sharing::count_of_facts; ++k) {
    least[2 * k] = known ? facts[k] : ~std::uint64_t{0};
    least[2 * k + 1] = known ? ~facts[k] : ~std::uint64_t{0};
  }
  Bytes body;
  append_bytes(body, least);
  exchange(
      {}, body,
      [&](Bytes& left, std::span<const std::byte> right) {
        decltype(least) ours, theirs;
        std::memcpy(&ours, left.data(), sizeof ours);
        std::memcpy(&theirs, right.data(), sizeof theirs);
        for (std::size_t k = 0; k < ours.size(); ++k) ours[k] = std::min(ours[k], theirs[k]);
        std::memcpy(left.data(), &ours, sizeof ours);
      },
      [](Bytes&) {});
  std::memcpy(&least, body.data(), sizeof least);
  for (std::size_t k = 0; k < Sharing::count_of_facts; ++k)
    if (least[2 * k] != ~least[2 * k + 1])
      throw ShapeMismatch(fmt::format("{}: ranks differ in {}; call it alike on all of them", function_, names_of_facts[k]));
}

BatchResult share_out(Ranks& ranks, const char* function, std::span<const double> shared, const BatchCall& call) {
  Sharing sharing(ranks, function, shared);
  try {
    return call(sharing);
  } catch (...) {
    sharing.failed_before(std::current_exception());
    throw;
  }
}

Bytes gather_bytes(Ranks& ranks, const char* function, const std::function<Bytes()>& part) {
  Sharing sharing(ranks, function, {});
  Bytes all;
  sharing.attempt([&] { all = part(); });
  sharing.exchange(
      {}, all, [](Bytes& left, std::span<const std::byte> right) { left.insert(left.end(), right.begin(), right.end()); },
      [](Bytes&) {});
  return all;
}

}  // namespace wengert::detail
