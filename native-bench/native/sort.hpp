// Doubles in no order, put in order. One task for each number.
#pragma once
#include <oneapi/tbb/parallel_sort.h>
#include <algorithm>
#include "program.hpp"
#include "shared-queue.hpp"

namespace sort {
// Xorshift32, each state as a double from 0 to 2^32.
std::vector<double> numbers(int64_t count) {
  std::vector<double> values(count);
  uint32_t x = 2463534242;
  for (double& value : values) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    value = x;
  }
  return values;
}

// Depends on every value and its place.
int64_t checksum(const std::vector<double>& values) {
  uint32_t sum = 0;
  for (const double value : values) sum = sum * 31 + static_cast<uint32_t>(value);
  return sum;
}

// Each thread sorts a part; then neighbours are merged, a thread a pair, so the last merge has one thread to itself.
void shared(std::vector<double>& values, int threads) {
  const size_t size = values.size();
  const auto edge = [&](size_t part) { return values.begin() + static_cast<ptrdiff_t>(size * std::min<size_t>(part, threads) / threads); };
  share(threads, threads, [&](size_t part, int) { std::sort(edge(part), edge(part + 1)); });
  for (size_t width = 1; width < static_cast<size_t>(threads); width *= 2) {
    const size_t pairs = (static_cast<size_t>(threads) + 2 * width - 1) / (2 * width);
    share(threads, pairs, [&](size_t pair, int) {
      const size_t part = pair * 2 * width;
      std::inplace_merge(edge(part), edge(part + width), edge(part + 2 * width));
    });
  }
}

// Arguments: how many.
Outcome run(const Arguments& arguments) {
  std::vector<double> values = numbers(arguments.integer(0));
  Outcome outcome = timed([&]() -> Answer {
    switch (arguments.variant) {
      case Variant::sequential: std::sort(values.begin(), values.end()); break;
      case Variant::tbb_for: oneapi::tbb::parallel_sort(values.begin(), values.end()); break;
      case Variant::std_thread: shared(values, arguments.threads); break;
      default: no_such_variant();
    }
    return {};
  });
  outcome.answer = {checksum(values)};
  return outcome;
}
}  // namespace sort
