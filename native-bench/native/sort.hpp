// Doubles in no order, put in order. One task for each number.
#pragma once
#include <oneapi/tbb/parallel_sort.h>
#include <algorithm>
#include "doubles.hpp"
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

// Of the first `k` values of the merger of two sorted ranges, how many come from the first.
size_t from_first(const double* first, size_t firsts, const double* second, size_t seconds, size_t k) {
  size_t low = k > seconds ? k - seconds : 0, high = std::min(k, firsts);
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (first[middle] <= second[k - middle - 1]) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Each thread sorts a part; then neighbours are merged from one array into another, every merger cut into a piece for
// each thread.
void shared(std::vector<double>& values, int threads) {
  const size_t size = values.size(), parts = static_cast<size_t>(threads);
  const auto edge = [&](size_t part) { return size * std::min(part, parts) / parts; };
  share(threads, parts, [&](size_t part, int) {
    std::sort(values.begin() + edge(part), values.begin() + edge(part + 1));
  });
  std::vector<double> other(parts > 1 ? size : 0);
  for (size_t width = 1; width < parts; width *= 2) {
    const size_t pairs = (parts + 2 * width - 1) / (2 * width);
    share(threads, pairs * parts, [&](size_t piece, int) {
      const size_t part = piece / parts * 2 * width, cut = piece % parts;
      const double* const first = &values[0] + edge(part);
      const double* const second = &values[0] + edge(part + width);
      const size_t firsts = edge(part + width) - edge(part), seconds = edge(part + 2 * width) - edge(part + width);
      const size_t from = (firsts + seconds) * cut / parts, to = (firsts + seconds) * (cut + 1) / parts;
      const size_t begin = from_first(first, firsts, second, seconds, from);
      const size_t end = from_first(first, firsts, second, seconds, to);
      std::merge(first + begin, first + end, second + (from - begin), second + (to - end), &other[0] + edge(part) + from);
    });
    values.swap(other);
  }
}

// Arguments: how many.
Outcome run(const Arguments& arguments) {
  const int64_t count = arguments.integer(0);
  if (count < 1) throw std::invalid_argument("there must be something to sort");
  std::vector<double> values = numbers(count);
  Outcome outcome = timed([&]() -> Answer {
    switch (arguments.variant) {
      case Variant::sequential: std::sort(values.begin(), values.end()); break;
      case Variant::tbb_for: oneapi::tbb::parallel_sort(values.begin(), values.end()); break;
      case Variant::std_thread: shared(values, arguments.threads); break;
      default: no_such_variant();
    }
    return {};
  });
  outcome.answer = {order_checksum(values)};
  return outcome;
}
}  // namespace sort
