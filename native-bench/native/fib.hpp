// fib(n) without a cut-off: nothing but the price of a fork and a join. One task for each call with n >= 2.
#pragma once
#include <oneapi/tbb/task_group.h>
#include "program.hpp"
#include "shared-queue.hpp"

namespace fib {
[[gnu::noinline]] int64_t sequential(int64_t n) {
  return n < 2 ? n : sequential(n - 1) + sequential(n - 2);
}

int64_t grouped(int64_t n) {
  if (n < 2) return n;
  int64_t left, right;
  oneapi::tbb::task_group group;
  group.run([&] { left = grouped(n - 1); });
  right = grouped(n - 2);
  group.wait();
  return left + right;
}

// The frontier of the call tree: splits until there are enough pieces.
void cut(int64_t n, int depth, std::vector<int64_t>& pieces) {
  if (depth == 0 || n < 2) {
    pieces.push_back(n);
    return;
  }
  cut(n - 1, depth - 1, pieces);
  cut(n - 2, depth - 1, pieces);
}

int64_t shared(int64_t n, int threads) {
  int depth = 0;
  while ((size_t{1} << depth) < PIECES_PER_THREAD * threads) depth++;
  std::vector<int64_t> pieces;
  cut(n, depth, pieces);
  return share_sum(threads, pieces.size(), [&](size_t piece) { return sequential(pieces[piece]); });
}

// Arguments: n.
Outcome run(const Arguments& arguments) {
  const int64_t n = arguments.integer(0);
  switch (arguments.variant) {
    case Variant::sequential: return timed([&] { return Answer{sequential(n)}; });
    case Variant::tbb_group: return timed([&] { return Answer{grouped(n)}; });
    case Variant::std_thread: return timed([&] { return Answer{shared(n, arguments.threads)}; });
    default: no_such_variant();
  }
}
}  // namespace fib
