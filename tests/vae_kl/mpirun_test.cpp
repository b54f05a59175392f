// The program as mpirun starts it: on several ranks of this machine.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "support/run_program.hpp"

namespace {

using testing::HasSubstr;

/// However few processors there are, and whoever runs this.
const bool allowed = [] {
  for (const char* name : {"OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "OMPI_MCA_rmaps_base_oversubscribe"})
    ::setenv(name, "1", 1);
  ::setenv("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe", 1);
  ::setenv("OMPI_MCA_plm", "isolated", 1);  // Debian's asks for ssh, even where nothing is remote
  ::setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 1);
  ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);  // MPI leaves some memory behind
  return true;
}();

ProgramRun vae_kl(const std::string& arguments) { return run_program(VAE_KL_PROGRAM, arguments); }
ProgramRun on_ranks(int count, const std::string& arguments) {
  return run_program(MPIEXEC, "-n " + std::to_string(count) + " '" VAE_KL_PROGRAM "' " + arguments);
}
/// Two ranks that do `work`, the second of which is killed once the shell's `until` is over. Where that hits it while it meets
/// PMIx's server (in MPI_Init), PMIx 4.2 leaves a mutex locked, and mpirun waits for it at its end for ever, whatever the program
/// is: 2 runs of 150, and none of 320 that were killed a second after they began. Such a run is ended and made again.
ProgramRun with_a_rank_killed(const std::string& work, const std::string& until) {
  using clock = std::chrono::steady_clock;
  for (int attempt = 1;; ++attempt) {
    const auto began = clock::now();
    // the shell becomes the program, and its child kills it
    const ProgramRun run = run_program("timeout", "-k 10 100 '" MPIEXEC "' -n 1 " + work + " : -n 1 sh -c \"(" + until +
                                                      "; kill -9 \\$\\$) & exec " + work + '"');
    if (attempt == 3 || clock::now() - began < std::chrono::seconds(100)) return run;
  }
}
/// Lines that the program printed, and not mpirun.
std::ptrdiff_t lines_of_ours(const std::string& err) {
  const std::regex ours("(^|\n)vae_kl");
  return std::distance(std::sregex_iterator(err.begin(), err.end(), ours), std::sregex_iterator());
}

TEST(Mpirun, PrintsOnceAndToTheBitWhatOneProcessPrints) {
  const TemporaryFolder folder;
  {
    std::ofstream file(folder / "many.csv");
    for (int d = 0; d < 70; ++d) file << 0.01 * d - 1 << ',' << 0.2 + 0.01 * d << '\n';
  }
  for (const std::string& arguments :
       {std::string("--format csv --samples 2e6"), std::string("compare --samples 3001 --way all --format csv"),
        "--format csv --samples 3000 --params " + (folder / "many.csv"), std::string("compare --samples 50000 --way stepped"),
        std::string("compare --sampling sobol --samples 50000"), std::string("trace --eps 0.7"), std::string("compare --help")}) {
    const ProgramRun one = vae_kl(arguments);
    for (const int count : {2, 3}) {
      SCOPED_TRACE(arguments + " on " + std::to_string(count));
      const ProgramRun run = on_ranks(count, arguments);
      EXPECT_EQ(run.status, 0) << run.err;
      EXPECT_EQ(run.err, "");
      EXPECT_EQ(run.out, one.out);
    }
  }
}

TEST(Mpirun, EndsWithTheStatusOfTheVerdict) { EXPECT_EQ(on_ranks(2, "compare --fault 0.5 --quiet").status, 1); }

TEST(Mpirun, RefusesBadInputOnce) {
  for (const char* arguments : {"compare --params no_such_file.csv", "compare --mu 1 --sigma 1e-20", "no_such_command"}) {
    SCOPED_TRACE(arguments);
    const ProgramRun alone = vae_kl(arguments), run = on_ranks(3, arguments);
    EXPECT_EQ(run.status, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(lines_of_ours(run.err), 1) << run.err;
    EXPECT_THAT(run.err, HasSubstr(alone.err));
  }
}

TEST(Mpirun, ARankThatIsKilledEndsTheRunAndNothingIsHalfWritten) {
  const TemporaryFolder folder;
  const std::string work = "'" VAE_KL_PROGRAM "' compare --samples 1e12 --threads 1 --output '" + (folder / "report") + "'";
  const ProgramRun run = with_a_rank_killed(work, "sleep 3");
  EXPECT_NE(run.status, 0);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr("ignal"));  // Signal 9, or: signal 9 (Killed)
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Mpirun, TrainsToTheSameBitsAndACheckpointOfTwoRanksGoesOnWithThree) {
  const TemporaryFolder folder;
#ifdef WENGERT_TEST_SANITIZED
  const std::string options = "train --rows 2200 --batch 2100 --epochs 9 --format json";
#else
  const std::string options = "train --rows 7000 --batch 3000 --epochs 40 --format json";
#endif
  const ProgramRun one = vae_kl(options);
  EXPECT_EQ(one.status, 0) << one.err;
  const std::string checkpoint = folder / "run.json";
  const std::string work = "'" VAE_KL_PROGRAM "' " + options + " --checkpoint-every 1 --checkpoint '" + checkpoint + "'";
  // the second rank is killed once there is a checkpoint
  const ProgramRun killed = with_a_rank_killed(work, "while [ ! -e '" + checkpoint + "' ]; do sleep 0.01; done");
  EXPECT_NE(killed.status, 0) << "it must die on its way";
  EXPECT_EQ(killed.out, "");
  const ProgramRun resumed = on_ranks(3, options + " --resume --checkpoint '" + checkpoint + "'");
  EXPECT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(resumed.out, one.out);
  // what is wrong with a checkpoint is said once
  const ProgramRun other = on_ranks(2, options + " --rate 0.5 --resume --checkpoint '" + checkpoint + "'");
  EXPECT_EQ(other.status, 2);
  EXPECT_EQ(lines_of_ours(other.err), 1) << other.err;
}

// MPI is not begun where no launcher is: with a setting that it cannot begin with, the program runs as ever.
TEST(Mpirun, IsNotNeeded) {
  const ProgramRun run = run_program("env", "OMPI_MCA_pml=no_such_thing '" VAE_KL_PROGRAM "' --quiet");
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.err, "");
}

}  // namespace
