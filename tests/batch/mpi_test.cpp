// Run by mpirun, on 1, 2, 3 and 4 ranks of one machine: every rank runs every test.
#include "wengert/mpi.hpp"

#include <gmock/gmock.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/same_bits.hpp"
#include "wengert/error.hpp"
#include "wengert/fused_batch.hpp"

namespace {

using namespace wengert;

constexpr auto kl = [](auto mu, auto sigma, auto eps) {
  auto z = mu + sigma * eps;
  auto u = (z - mu) / sigma;
  return (-0.5 * u * u - log(sigma)) - (-0.5 * z * z);
};
constexpr std::array shared{0.3, 1.7};

std::vector<double> numbers(std::size_t count) {
  std::vector<double> all(count);
  for (std::size_t k = 0; k < count; ++k) all[k] = static_cast<double>((k + 1) * 0x9e3779b97f4a7c15u >> 11) * 0x1p-51 - 2;
  return all;
}
int rank_in(MPI_Comm comm) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  return rank;
}
int size_of(MPI_Comm comm) {
  int size;
  MPI_Comm_size(comm, &size);
  return size;
}
std::string said_before_init;  // by a call that came too early

TEST(Mpi, IsAskedForBeforeItRuns) {
  EXPECT_EQ(said_before_init, "mpi: MPI is not running; call MPI_Init before, and MPI_Finalize after all use");
}

TEST(Mpi, RanksHaveTheBitsOfOneProcess) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  for (const std::size_t samples : {1u, 3000u, 400'003u}) {
    const auto eps = numbers(samples);
    for (const int threads : {1, 2}) {
      BatchOptions options;
      options.threads = threads;
      EXPECT_TRUE(same_bits(mpi::mean_gradient(MPI_COMM_WORLD, f, shared, eps, options), mean_gradient(f, shared, eps)));
      EXPECT_TRUE(
          same_bits(mpi::mean_gradient(MPI_COMM_WORLD, fuse(kl), shared, eps, options), mean_gradient(fuse(kl), shared, eps)));
    }
    EXPECT_TRUE(same_bits(mpi::sum_gradient(MPI_COMM_WORLD, f, shared, eps), sum_gradient(f, shared, eps)));
    EXPECT_TRUE(
        same_bits(mpi::sum_gradient(MPI_COMM_WORLD, fuse(kl), shared, Samples(eps)), sum_gradient(fuse(kl), shared, eps)));
  }
}

TEST(Mpi, APartOfTheRanksIsACommunicatorToo) {
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const auto eps = numbers(100'000);
  MPI_Comm part;
  MPI_Comm_split(MPI_COMM_WORLD, rank_in(MPI_COMM_WORLD) % 2, -rank_in(MPI_COMM_WORLD), &part);  // in another order
  EXPECT_TRUE(same_bits(mpi::mean_gradient(part, f, shared, eps), mean_gradient(f, shared, eps)));
  EXPECT_EQ(&mpi::ranks_of(part), &mpi::ranks_of(part));
  EXPECT_EQ(mpi::ranks_of(part).count(), size_of(part));
  MPI_Comm_free(&part);
  mpi::Communicator ours(MPI_COMM_WORLD);
  EXPECT_TRUE(same_bits(mean_gradient(ours, f, shared, eps), mean_gradient(f, shared, eps)));
}

TEST(Mpi, NoMessageIsMistakenForOneOfTheProgramsOwn) {
  const int rank = rank_in(MPI_COMM_WORLD), size = size_of(MPI_COMM_WORLD);
  int received = -1;
  MPI_Request any;
  MPI_Irecv(&received, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &any);
  const Function f = record(kl, 0.5, 0.8, 0.1);
  const auto eps = numbers(100'000);
  EXPECT_TRUE(same_bits(mpi::mean_gradient(MPI_COMM_WORLD, f, shared, eps), mean_gradient(f, shared, eps)));
  const int sent = 1000 + rank;
  MPI_Request own;
  MPI_Isend(&sent, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD, &own);
  MPI_Wait(&any, MPI_STATUS_IGNORE);
  MPI_Wait(&own, MPI_STATUS_IGNORE);
  EXPECT_EQ(received, 1000 + (rank + size - 1) % size);
}

TEST(Mpi, AllRanksThrowWhatOneThrows) {
  const Function branches = record([](Var a, Var x) { return x < 3 ? a * x : a + x; }, 1.0, 0.5);
  auto eps = numbers(300'000);
  eps[200'001] = 4;
  try {
    mpi::mean_gradient(MPI_COMM_WORLD, branches, std::array{2.0}, eps);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const BranchChanged& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("in sample 200001 of the batch"));
  }
  // on the last rank alone, before it comes to the samples
  std::vector<double> inputs{2.0};
  if (rank_in(MPI_COMM_WORLD) == size_of(MPI_COMM_WORLD) - 1) inputs.push_back(1.0);
  EXPECT_THROW(mpi::mean_gradient(MPI_COMM_WORLD, branches, inputs, eps), ShapeMismatch);
  const auto generated = Samples::generated(300'000, 1, [](std::size_t, std::size_t, double* const*) { throw 42; });
  try {
    mpi::mean_gradient(MPI_COMM_WORLD, branches, std::array{2.0}, generated);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const RankFailed& error) {
    EXPECT_EQ(error.what(), "mean_gradient: rank 0 of " + std::to_string(size_of(MPI_COMM_WORLD)) +
                                " threw: something that is no std::exception");
  }
  EXPECT_THROW(mpi::mean_gradient(MPI_COMM_NULL, branches, std::array{2.0}, eps), RankFailed);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  try {
    mpi::ranks_of(MPI_COMM_WORLD);
  } catch (const RankFailed& error) {
    said_before_init = error.what();
  }
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  const int failed = RUN_ALL_TESTS();
  MPI_Finalize();
  return failed;
}
