// Plain std::thread: the problem is cut into pieces beforehand, and each thread takes the next piece until none is left.
// The queue is one counter. Threads are started inside the measurement: a program without a pool has to.
#pragma once
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

// So many pieces a thread let the others even out what one long piece costs.
constexpr size_t PIECES_PER_THREAD = 64;

// Runs `body(piece, thread)` for the pieces 0 to `pieces` - 1 on `threads` threads, the caller being one of them.
template <class Body>
void share(int threads, size_t pieces, Body body) {
  std::atomic<size_t> next{0};
  const auto work = [&](int thread) {
    for (size_t piece; (piece = next.fetch_add(1, std::memory_order_relaxed)) < pieces;) body(piece, thread);
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; thread++) others.emplace_back(work, thread);
  work(0);
  for (std::thread& other : others) other.join();
}

// A total for each thread, on cache lines of its own.
struct alignas(128) Total {
  int64_t value = 0;
};

// The sum of `body(piece)` over all pieces.
template <class Body>
int64_t share_sum(int threads, size_t pieces, Body body) {
  std::vector<Total> totals(threads);
  share(threads, pieces, [&](size_t piece, int thread) { totals[thread].value += body(piece); });
  int64_t sum = 0;
  for (const Total& total : totals) sum += total.value;
  return sum;
}
