// Somebody's batch on many machines: component mpi. Here on one rank, as a program is that no mpirun has started.
#include <array>
#include <cstdio>
#include <vector>
#include <wengert/function.hpp>
#include <wengert/mpi.hpp>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const wengert::Function product = wengert::record([](wengert::Var a, wengert::Var b) { return a * exp(b); }, 1.0, 1.0);
  const double mean = wengert::mpi::mean_gradient(MPI_COMM_WORLD, product, std::array{2.0}, std::vector<double>(100, 0.0)).value;
  std::printf("mean of 2 exp(0) = %g\n", mean);
  MPI_Finalize();
  return mean == 2 ? 0 : 1;
}
