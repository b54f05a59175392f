// Ranks without MPI: threads of one process that send each other bytes, and count them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "wengert/ranks.hpp"

class ThreadRanks {
 public:
  struct Traffic {
    std::size_t sent = 0, received = 0, bytes_sent = 0, longest = 0;
  };

  explicit ThreadRanks(int count) {
    for (int rank = 0; rank < count; ++rank) all_.push_back(std::make_unique<One>(*this, rank));
  }

  /// Runs work(ranks) on a thread for each rank, and waits for all. What it throws is kept by rank.
  std::vector<std::exception_ptr> run(const std::function<void(wengert::Ranks&)>& work) {
    std::vector<std::exception_ptr> errors(all_.size());
    std::vector<std::thread> threads;
    for (std::size_t k = 0; k < all_.size(); ++k)
      threads.emplace_back([&, k] {
        try {
          work(*all_[k]);
        } catch (...) {
          errors[k] = std::current_exception();
        }
      });
    for (std::thread& thread : threads) thread.join();
    return errors;
  }
  const Traffic& traffic(std::size_t rank) const { return all_[rank]->traffic; }

 private:
  struct One final : wengert::Ranks {
    One(ThreadRanks& together, int number) : together_(together), rank_(number) {}
    int rank() const override { return rank_; }
    int count() const override { return static_cast<int>(together_.all_.size()); }
    void send(int to, std::span<const std::byte> message) override {
      ++traffic.sent;
      traffic.bytes_sent += message.size();
      traffic.longest = std::max(traffic.longest, message.size());
      One& other = *together_.all_[static_cast<std::size_t>(to)];
      const std::lock_guard lock(other.door_);
      other.mail_[rank_].emplace_back(message.begin(), message.end());
      other.arrival_.notify_all();
    }
    std::vector<std::byte> receive(int from) override {
      ++traffic.received;
      std::unique_lock lock(door_);
      arrival_.wait(lock, [&] { return !mail_[from].empty(); });
      std::vector<std::byte> message = std::move(mail_[from].front());
      mail_[from].pop_front();
      return message;
    }

    Traffic traffic;

   private:
    ThreadRanks& together_;
    int rank_;
    std::mutex door_;
    std::condition_variable arrival_;
    std::map<int, std::deque<std::vector<std::byte>>> mail_;
  };

  std::vector<std::unique_ptr<One>> all_;
};
