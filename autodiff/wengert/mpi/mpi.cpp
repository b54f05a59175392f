#include "wengert/mpi.hpp"

#include <fmt/format.h>

#include <climits>
#include <string>

#include "wengert/error.hpp"

namespace wengert::mpi {
namespace {

constexpr int tag = 0;  // the communicator is ours alone

void check(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw RankFailed(fmt::format("mpi: {} failed: {}", call, std::string_view(text, static_cast<std::size_t>(length))));
}

void check_running() {
  int begun = 0, ended = 0;
  MPI_Initialized(&begun);
  MPI_Finalized(&ended);
  if (begun == 0 || ended != 0) throw RankFailed("mpi: MPI is not running; call MPI_Init before, and MPI_Finalize after all use");
}

/// Called by MPI when a communicator that keeps a Communicator is freed, or copied (a copy keeps none).
int let_go(MPI_Comm, int, void* kept, void*) {
  delete static_cast<Communicator*>(kept);
  return MPI_SUCCESS;
}

int key() {
  static const int made = [] {
    int number = MPI_KEYVAL_INVALID;
    check(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, let_go, &number, nullptr), "MPI_Comm_create_keyval");
    return number;
  }();
  return made;
}

}  // namespace

Communicator::Communicator(MPI_Comm comm) {
  check_running();
  if (comm == MPI_COMM_NULL) throw RankFailed("mpi: the communicator is MPI_COMM_NULL; call on its ranks only");
  int between_groups = 0;
  check(MPI_Comm_test_inter(comm, &between_groups), "MPI_Comm_test_inter");
  if (between_groups != 0) throw RankFailed("mpi: an intercommunicator has two groups of ranks; merge it (MPI_Intercomm_merge)");
  check(MPI_Comm_dup(comm, &comm_), "MPI_Comm_dup");
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &count_);
}

Communicator::~Communicator() {
  int ended = 0;
  MPI_Finalized(&ended);
  if (comm_ != MPI_COMM_NULL && ended == 0) MPI_Comm_free(&comm_);
}

void Communicator::send(int to, std::span<const std::byte> message) {
  if (message.size() > INT_MAX)
    throw RankFailed(fmt::format("mpi: a message of {} bytes is too long; share fewer shared inputs out", message.size()));
  check(MPI_Send(message.data(), static_cast<int>(message.size()), MPI_BYTE, to, tag, comm_), "MPI_Send");
}

std::vector<std::byte> Communicator::receive(int from) {
  MPI_Message message;
  MPI_Status status;
  check(MPI_Mprobe(from, tag, comm_, &message, &status), "MPI_Mprobe");
  int size = 0;
  MPI_Get_count(&status, MPI_BYTE, &size);
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  check(MPI_Mrecv(bytes.data(), size, MPI_BYTE, &message, &status), "MPI_Mrecv");
  return bytes;
}

Communicator& ranks_of(MPI_Comm comm) {
  check_running();
  if (comm == MPI_COMM_NULL) throw RankFailed("mpi: the communicator is MPI_COMM_NULL; call on its ranks only");
  void* kept = nullptr;
  int found = 0;
  check(MPI_Comm_get_attr(comm, key(), &kept, &found), "MPI_Comm_get_attr");
  if (found == 0) {
    kept = new Communicator(comm);
    check(MPI_Comm_set_attr(comm, key(), kept), "MPI_Comm_set_attr");
  }
  return *static_cast<Communicator*>(kept);
}

}  // namespace wengert::mpi
