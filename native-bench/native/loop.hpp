// A loop whose body does nothing. One task for each index.
#pragma once
#include <oneapi/tbb/parallel_for.h>
#include "program.hpp"
#include "shared-queue.hpp"

namespace loop {
// Without it the compiler would leave out the loop.
inline void nothing(int64_t index) {
  asm volatile("" : : "r"(index));
}

void sequential(int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) nothing(i);
}

// Arguments: how many indices. An empty body leaves nothing to be checked but that the loop ends.
Outcome run(const Arguments& arguments) {
  const int64_t count = arguments.integer(0);
  return timed([&]() -> Answer {
    switch (arguments.variant) {
      case Variant::sequential: sequential(0, count); break;
      case Variant::tbb_for: oneapi::tbb::parallel_for(int64_t{0}, count, nothing); break;
      case Variant::std_thread: {
        const int64_t pieces = static_cast<int64_t>(PIECES_PER_THREAD) * arguments.threads;
        share(arguments.threads, pieces, [&](int64_t piece, int) {
          sequential(count * piece / pieces, count * (piece + 1) / pieces);
        });
        break;
      }
      default: no_such_variant();
    }
    return {count};
  });
}
}  // namespace loop
