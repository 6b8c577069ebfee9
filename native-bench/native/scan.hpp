// Running totals of doubles, in place. One task for each number.
#pragma once
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_scan.h>
#include <functional>
#include "doubles.hpp"
#include "program.hpp"
#include "reduce.hpp"
#include "shared-queue.hpp"

namespace scan {
// `before` is the sum of all before `from`.
double add_up(double* from, double* to, double before) {
  for (; from < to; from++) *from = before += *from;
  return before;
}

void looped(std::vector<double>& values) {
  using Range = oneapi::tbb::blocked_range<double*>;
  oneapi::tbb::parallel_scan(
      Range(values.data(), values.data() + values.size()), 0.0,
      [](const Range& range, double before, bool last) {
        return last ? add_up(range.begin(), range.end(), before) : before + reduce::total(range.begin(), range.end());
      },
      std::plus<>());
}

// The pieces are summed; then each is added up, beginning with the sum of those before it.
void shared(std::vector<double>& values, int threads) {
  const size_t size = values.size(), pieces = PIECES_PER_THREAD * threads;
  const auto edge = [&](size_t piece) { return values.data() + size * piece / pieces; };
  std::vector<double> before(pieces + 1);
  share(threads, pieces, [&](size_t piece, int) { before[piece + 1] = reduce::total(edge(piece), edge(piece + 1)); });
  for (size_t piece = 0; piece < pieces; piece++) before[piece + 1] += before[piece];
  share(threads, pieces, [&](size_t piece, int) { add_up(edge(piece), edge(piece + 1), before[piece]); });
}

// Arguments: how many.
Outcome run(const Arguments& arguments) {
  std::vector<double> values = addends(arguments.integer(0));
  Outcome outcome = timed([&]() -> Answer {
    switch (arguments.variant) {
      case Variant::sequential: add_up(values.data(), values.data() + values.size(), 0); break;
      case Variant::tbb_for: looped(values); break;
      case Variant::std_thread: shared(values, arguments.threads); break;
      default: no_such_variant();
    }
    return {};
  });
  outcome.answer = {order_checksum(values)};
  return outcome;
}
}  // namespace scan
