// Skynet (A. Temerev): a tree of tasks with ten children each; the leaves give their numbers, the rest adds them up.
// One task for each node.
#pragma once
#include <oneapi/tbb/task_group.h>
#include "program.hpp"
#include "shared-queue.hpp"

namespace skynet {
constexpr int64_t WIDTH = 10;

[[gnu::noinline]] int64_t sequential(int64_t first, int64_t leaves) {
  if (leaves == 1) return first;
  int64_t sum = 0;
  for (int64_t i = 0; i < WIDTH; i++) sum += sequential(first + i * (leaves / WIDTH), leaves / WIDTH);
  return sum;
}

int64_t grouped(int64_t first, int64_t leaves) {
  if (leaves == 1) return first;
  int64_t sums[WIDTH];
  oneapi::tbb::task_group group;
  for (int64_t i = 0; i < WIDTH; i++) {
    group.run([&, i] { sums[i] = grouped(first + i * (leaves / WIDTH), leaves / WIDTH); });
  }
  group.wait();
  int64_t sum = 0;
  for (int64_t each : sums) sum += each;
  return sum;
}

int64_t shared(int64_t leaves, int threads) {
  size_t pieces = 1;
  while (pieces < PIECES_PER_THREAD * threads && static_cast<int64_t>(pieces) < leaves) pieces *= WIDTH;
  const int64_t each = leaves / static_cast<int64_t>(pieces);
  return share_sum(threads, pieces, [&](size_t piece) { return sequential(static_cast<int64_t>(piece) * each, each); });
}

// Arguments: the number of leaves, a power of ten.
Outcome run(const Arguments& arguments) {
  const int64_t leaves = arguments.integer(0);
  int64_t power = 1;
  while (power < leaves) power *= WIDTH;
  if (power != leaves) throw std::invalid_argument("the number of leaves must be a power of ten");
  switch (arguments.variant) {
    case Variant::sequential: return timed([&] { return Answer{sequential(0, leaves)}; });
    case Variant::tbb_group: return timed([&] { return Answer{grouped(0, leaves)}; });
    case Variant::std_thread: return timed([&] { return Answer{shared(leaves, arguments.threads)}; });
    default: no_such_variant();
  }
}
}  // namespace skynet
