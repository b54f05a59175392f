#include "wengert/ranks.hpp"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "support/same_bits.hpp"
#include "support/thread_ranks.hpp"
#include "wengert/error.hpp"
#include "wengert/fused_batch.hpp"

namespace {

using namespace wengert;
using testing::HasSubstr;

constexpr auto kl = [](auto mu, auto sigma, auto eps) {
  auto z = mu + sigma * eps;
  auto u = (z - mu) / sigma;
  return (-0.5 * u * u - log(sigma)) - (-0.5 * z * z);
};

/// Numbers in (-2, 2), by counting.
double number(std::size_t k) {
  const std::uint64_t x = (k + 1) * 0x9e3779b97f4a7c15u;
  return static_cast<double>((x ^ x >> 29) >> 11) * 0x1p-51 - 2;
}
std::vector<double> numbers(std::size_t count) {
  std::vector<double> all(count);
  for (std::size_t k = 0; k < count; ++k) all[k] = number(k);
  return all;
}
Samples made(std::size_t count) {
  return Samples::generated(count, 1, [](std::size_t first, std::size_t n, double* const* columns) {
    for (std::size_t k = 0; k < n; ++k) columns[0][k] = number(first + k);
  });
}

/// Runs work on ranks that are threads and gives all results; no rank may throw.
std::vector<BatchResult> on_ranks(int count, const std::function<BatchResult(Ranks&)>& work) {
  std::vector<BatchResult> results(static_cast<std::size_t>(count));
  ThreadRanks threads(count);
  for (const auto& error : threads.run([&](Ranks& ranks) { results[static_cast<std::size_t>(ranks.rank())] = work(ranks); }))
    if (error != nullptr) std::rethrow_exception(error);
  return results;
}

/// Of each rank, what it threw; all must have thrown E.
template <class E>
std::vector<std::string> thrown(int count, const std::function<void(Ranks&)>& work) {
  std::vector<std::string> messages;
  ThreadRanks threads(count);
  for (const auto& error : threads.run(work)) {
    try {
      if (error != nullptr) std::rethrow_exception(error);
      ADD_FAILURE() << "rank " << messages.size() << " threw nothing";
      messages.emplace_back();
    } catch (const E& known) {
      messages.emplace_back(known.what());
    } catch (const std::exception& other) {
      ADD_FAILURE() << "rank " << messages.size() << " threw something else: " << other.what();
      messages.emplace_back(other.what());
    }
  }
  for (const std::string& message : messages) EXPECT_EQ(message, messages.front());
  return messages;
}

TEST(Ranks, GiveTheBitsOfOneProcessWhateverTheirNumber) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  for (const std::size_t samples : {1u, 2u, 1000u, 5000u, 100'003u, 700'001u}) {
    const auto eps = numbers(samples);
    const BatchResult recorded = mean_gradient(f, std::array{0.3, 1.7}, eps);
    const BatchResult fused = mean_gradient(fuse(kl), std::array{0.3, 1.7}, eps);
    const BatchResult sum = sum_gradient(f, std::array{0.3, 1.7}, eps);
    for (const int count : {1, 2, 3, 4, 7}) {
      SCOPED_TRACE(std::to_string(samples) + " samples, " + std::to_string(count) + " ranks");
      const int threads = 1 + count % 2;
      for (const BatchResult& each : on_ranks(
               count, [&](Ranks& ranks) { return mean_gradient(ranks, f, std::array{0.3, 1.7}, eps, {.threads = threads}); }))
        EXPECT_TRUE(same_bits(each, recorded));
      for (const BatchResult& each :
           on_ranks(count, [&](Ranks& ranks) { return mean_gradient(ranks, fuse(kl), std::array{0.3, 1.7}, made(samples)); }))
        EXPECT_TRUE(same_bits(each, fused));
      for (const BatchResult& each :
           on_ranks(count, [&](Ranks& ranks) { return sum_gradient(ranks, f, std::array{0.3, 1.7}, eps); }))
        EXPECT_TRUE(same_bits(each, sum));
    }
  }
}

TEST(Ranks, TakeFloatsEmptySumsAndNumbersThatAreNone) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  std::vector<float> floats(50'000);
  for (std::size_t k = 0; k < floats.size(); ++k) floats[k] = static_cast<float>(number(k));
  const BatchResult of_floats = mean_gradient(f, std::array{0.3, 1.7}, floats);
  auto eps = numbers(50'000);
  eps[40'000] = std::numeric_limits<double>::infinity();
  const BatchResult infinite = mean_gradient(f, std::array{0.3, 1.7}, eps);
  EXPECT_FALSE(std::isfinite(infinite.value));
  const BatchResult none = sum_gradient(f, std::array{0.3, 1.7}, std::vector<double>{});
  EXPECT_EQ(none.count, 0u);
  for (const BatchResult& each : on_ranks(3, [&](Ranks& ranks) { return mean_gradient(ranks, f, std::array{0.3, 1.7}, floats); }))
    EXPECT_TRUE(same_bits(each, of_floats));
  for (const BatchResult& each : on_ranks(3, [&](Ranks& ranks) { return mean_gradient(ranks, f, std::array{0.3, 1.7}, eps); }))
    EXPECT_TRUE(same_bits(each, infinite));
  for (const BatchResult& each :
       on_ranks(3, [&](Ranks& ranks) { return sum_gradient(ranks, f, std::array{0.3, 1.7}, std::vector<double>{}); }))
    EXPECT_TRUE(same_bits(each, none));
}

TEST(Ranks, GetEachOthersValuesAndGradientsBySample) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const auto eps = numbers(123'457);
  std::vector<double> values(eps.size()), gradient(eps.size());
  BatchOptions options;
  options.values = values;
  options.sample_gradient = {gradient};
  const BatchResult one = mean_gradient(f, std::array{0.3, 1.7}, eps, options);
  for (const int count : {2, 5})
    on_ranks(count, [&](Ranks& ranks) {
      std::vector<double> values_here(eps.size()), gradient_here(eps.size());
      BatchOptions here;
      here.values = values_here;
      here.sample_gradient = {gradient_here};
      const BatchResult mean = mean_gradient(ranks, f, std::array{0.3, 1.7}, eps, here);
      EXPECT_TRUE(same_bits(mean, one));
      EXPECT_TRUE(same_bits(values_here, values));
      EXPECT_TRUE(same_bits(gradient_here, gradient));
      return mean;
    });
}

TEST(Ranks, AllThrowWhatOneThrows) {
  // the branch changes in one sample, which one rank of four has
  const Function branches = record([](Var a, Var x) { return x < 3 ? a * x : a + x; }, 1.0, 0.5);
  auto eps = numbers(300'000);
  eps[200'001] = 4;
  std::string alone;
  try {
    mean_gradient(branches, std::array{2.0}, eps);
  } catch (const BranchChanged& error) {
    alone = error.what();
  }
  EXPECT_THAT(alone, HasSubstr("in sample 200001"));
  for (const int count : {1, 2, 4})
    EXPECT_EQ(thrown<BranchChanged>(count, [&](Ranks& ranks) { mean_gradient(ranks, branches, std::array{2.0}, eps); })[0],
              alone);
}

TEST(Ranks, AllThrowWhatAGeneratorThrowsAndTheOneNestsItsOwn) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const auto bad = Samples::generated(300'000, 1, [](std::size_t first, std::size_t n, double* const* columns) {
    if (first <= 299'999 && 299'999 < first + n) throw std::out_of_range("the file ends at row 299999");
    std::fill_n(columns[0], n, 0.5);
  });
  int nested = 0;
  ThreadRanks threads(3);
  for (const auto& error : threads.run([&](Ranks& ranks) { mean_gradient(ranks, f, std::array{0.3, 1.7}, bad); })) {
    ASSERT_NE(error, nullptr);
    try {
      std::rethrow_exception(error);
    } catch (const RankFailed& failed) {
      EXPECT_STREQ(failed.what(), "mean_gradient: rank 2 of 3 threw: the file ends at row 299999");
      try {
        std::rethrow_if_nested(failed);
      } catch (const std::out_of_range&) {
        ++nested;
      }
    }
  }
  EXPECT_EQ(nested, 1);
}

TEST(Ranks, RefuseBadArgumentsAlikeAndOnesThatDiffer) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const auto eps = numbers(5000);
  EXPECT_THAT(thrown<ShapeMismatch>(3, [&](Ranks& ranks) { mean_gradient(ranks, f, std::array{0.3}, eps); })[0],
              HasSubstr("the function has 3 inputs"));
  EXPECT_THAT(
      thrown<ShapeMismatch>(3, [&](Ranks& ranks) { mean_gradient(ranks, f, std::array{0.3, 1.7}, std::vector<double>{}); })[0],
      HasSubstr("no samples"));
  EXPECT_THAT(
      thrown<ShapeMismatch>(3, [&](Ranks& ranks) { mean_gradient(ranks, f, std::array{0.3, 1.7}, eps, {.threads = -1}); })[0],
      HasSubstr("threads"));
  // one rank alone is wrong, before it comes to the samples
  EXPECT_THAT(thrown<ShapeMismatch>(4,
                                    [&](Ranks& ranks) {
                                      std::vector<double> shared{0.3, 1.7};
                                      if (ranks.rank() == 2) shared.pop_back();
                                      mean_gradient(ranks, f, shared, eps);
                                    })[0],
              HasSubstr("got 1 shared"));
  // and here none is wrong by itself
  const auto differs = [&](const char* what, const std::function<void(Ranks&, bool odd)>& call) {
    EXPECT_EQ(thrown<ShapeMismatch>(3, [&](Ranks& ranks) { call(ranks, ranks.rank() == 1); })[0],
              std::string("mean_gradient: ranks differ in ") + what + "; call it alike on all of them");
  };
  differs("the shared inputs", [&](Ranks& ranks, bool odd) { mean_gradient(ranks, f, std::array{0.3, odd ? 1.6 : 1.7}, eps); });
  differs("the number of samples",
          [&](Ranks& ranks, bool odd) { mean_gradient(ranks, f, std::array{0.3, 1.7}, numbers(odd ? 4999 : 5000)); });
  differs("options.standard_errors",
          [&](Ranks& ranks, bool odd) { mean_gradient(ranks, f, std::array{0.3, 1.7}, eps, {.standard_errors = odd}); });
  differs("the size of the program", [&](Ranks& ranks, bool odd) {
    const Function other =
        record([](auto mu, auto sigma, auto e) { return kl(mu, sigma, e) + exp(mu * e) * sigma; }, 0.5, 0.8, 0.1);
    mean_gradient(ranks, odd ? other : f, std::array{0.3, 1.7}, eps);
  });
}

TEST(Ranks, CountTheSamplesOfAllAndEndTogether) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  constexpr std::size_t samples = 20'000'000;
  std::vector<std::vector<std::size_t>> heard(3);
  const auto full = on_ranks(3, [&](Ranks& ranks) {
    BatchOptions options;
    options.threads = 1;
    options.progress = [&](std::size_t done) {
      heard[static_cast<std::size_t>(ranks.rank())].push_back(done);
      return true;
    };
    return mean_gradient(ranks, fuse(kl), std::array{0.3, 1.7}, made(samples), options);
  });
  EXPECT_GT(heard[0].size(), 2u);
  EXPECT_LE(heard[0].size(), 65u);
  EXPECT_TRUE(std::is_sorted(heard[0].begin(), heard[0].end()));
  EXPECT_EQ(heard[0].back(), samples);
  EXPECT_EQ(heard[0], heard[1]);
  EXPECT_EQ(heard[0], heard[2]);
  // rank 1 has enough
  const auto ended = on_ranks(3, [&](Ranks& ranks) {
    BatchOptions options;
    options.threads = 1;
    options.progress = [&](std::size_t) { return ranks.rank() != 1; };
    return mean_gradient(ranks, fuse(kl), std::array{0.3, 1.7}, made(samples), options);
  });
  EXPECT_LT(ended[0].count, samples);
  EXPECT_TRUE(same_bits(ended[0], ended[1]));
  EXPECT_TRUE(same_bits(ended[0], ended[2]));
  EXPECT_NEAR(ended[0].value, full[0].value, 6 * ended[0].value_error);
  // and what progress throws, all throw
  EXPECT_THAT(thrown<RankFailed>(3,
                                 [&](Ranks& ranks) {
                                   BatchOptions options;
                                   options.progress = [&](std::size_t) -> bool {
                                     if (ranks.rank() == 0) throw std::runtime_error("enough");
                                     return true;
                                   };
                                   mean_gradient(ranks, fuse(kl), std::array{0.3, 1.7}, made(samples), options);
                                 })[0],
              HasSubstr("rank 0 of 3 threw: enough"));
}

TEST(Ranks, GatherWhatEachHas) {
  for (const int count : {1, 2, 6}) {
    std::vector<int> expected;
    for (int rank = 0; rank < count; ++rank)
      for (int k = 0; k < rank; ++k) expected.push_back(rank);
    ThreadRanks threads(count);
    for (const auto& error : threads.run([&](Ranks& ranks) {
           const auto all =
               gather(ranks, "test", [&] { return std::vector<int>(static_cast<std::size_t>(ranks.rank()), ranks.rank()); });
           EXPECT_EQ(all, expected);
         }))
      EXPECT_EQ(error, nullptr);
  }
  EXPECT_EQ(thrown<RankFailed>(3,
                               [](Ranks& ranks) {
                                 gather(ranks, "test", [&]() -> std::vector<int> {
                                   if (ranks.rank() > 0) throw std::runtime_error("no file");
                                   return {};
                                 });
                               })[0],
            "test: rank 1 of 3 threw: no file");
}

// Ten thousand ranks, as threads that send each other what ranks would: the messages and bytes that ranks.hpp states.
TEST(Ranks, TenThousandSendAndReceiveAFewShortMessagesEach) {
#ifdef WENGERT_TEST_SANITIZED
  constexpr int count = 300;
#else
  constexpr int count = 10'000;
#endif
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const std::size_t samples = 40'000'003;
  const BatchResult alone = mean_gradient(fuse(kl), std::array{0.3, 1.7}, made(samples));
  ThreadRanks threads(count);
  std::atomic<int> same = 0;
  try {
    for (const auto& error : threads.run([&](Ranks& ranks) {
           same += same_bits(mean_gradient(ranks, fuse(kl), std::array{0.3, 1.7}, made(samples), {.threads = 1}), alone);
         }))
      EXPECT_EQ(error, nullptr);
  } catch (const std::system_error& error) {
    GTEST_SKIP() << "so many threads there are not: " << error.what();
  }
  EXPECT_EQ(same, count);
  const auto height = static_cast<std::size_t>(std::bit_width(static_cast<unsigned>(count - 1)));
  const std::size_t exchanges = 2, outputs = 3;
  const std::size_t longest = std::max<std::size_t>(216, 24 + 2 * (height + 7) * (24 + 16 * outputs));
  std::size_t most = 0, least = 1000, longest_seen = 0, bytes = 0;
  for (int rank = 0; rank < count; ++rank) {
    const ThreadRanks::Traffic& traffic = threads.traffic(static_cast<std::size_t>(rank));
    most = std::max(most, traffic.sent + traffic.received);
    least = std::min(least, traffic.sent + traffic.received);
    longest_seen = std::max(longest_seen, traffic.longest);
    bytes = std::max(bytes, traffic.bytes_sent);
  }
  std::printf(
      "%d ranks: %zu to %zu messages sent or received by each, the longest of %zu bytes (at most %zu), %zu bytes sent at most\n",
      count, least, most, longest_seen, longest, bytes);
  EXPECT_LE(most, exchanges * 2 * height);
  EXPECT_EQ(least, exchanges * 2);
  EXPECT_LE(longest_seen, longest);
}

}  // namespace
