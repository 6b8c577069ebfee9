// The sum of doubles. One task for each number.
#pragma once
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <functional>
#include "doubles.hpp"
#include "program.hpp"
#include "shared-queue.hpp"

namespace reduce {
double total(const double* from, const double* to) {
  double sum = 0;
  for (; from < to; from++) sum += *from;
  return sum;
}

double looped(const std::vector<double>& values) {
  using Range = oneapi::tbb::blocked_range<const double*>;
  return oneapi::tbb::parallel_reduce(
      Range(values.data(), values.data() + values.size()), 0.0,
      [](const Range& range, double sum) { return sum + total(range.begin(), range.end()); }, std::plus<>());
}

int64_t shared(const std::vector<double>& values, int threads) {
  const size_t size = values.size(), pieces = PIECES_PER_THREAD * threads;
  return share_sum(threads, pieces, [&](size_t piece) {
    return static_cast<int64_t>(total(values.data() + size * piece / pieces, values.data() + size * (piece + 1) / pieces));
  });
}

// Arguments: how many.
Outcome run(const Arguments& arguments) {
  const std::vector<double> values = addends(arguments.integer(0));
  return timed([&]() -> Answer {
    switch (arguments.variant) {
      case Variant::sequential:
        return {static_cast<int64_t>(total(values.data(), values.data() + values.size()))};
      case Variant::tbb_for: return {static_cast<int64_t>(looped(values))};
      case Variant::std_thread: return {shared(values, arguments.threads)};
      default: no_such_variant();
    }
  });
}
}  // namespace reduce
