// The product of two square matrices of doubles, one tile of the result after the other. One task for each tile.
#pragma once
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include "program.hpp"
#include "shared-queue.hpp"

namespace matmul {
constexpr int64_t TILE = 64;

struct Matrices {
  int64_t n;
  std::vector<double> a, b, c;

  // Small integers, so that every sum is exact in whatever order it is made.
  explicit Matrices(int64_t size) : n(size), a(size * size), b(size * size), c(size * size) {
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < n; j++) {
        a[i * n + j] = static_cast<double>((7 * i + 13 * j) % 10 - 4);
        b[i * n + j] = static_cast<double>((3 * i + 11 * j) % 9 - 3);
      }
    }
  }

  int64_t checksum() const {
    int64_t sum = 0;
    for (int64_t i = 0; i < n * n; i++) sum += static_cast<int64_t>(c[i]) * (i % 7 + 1);
    return sum;
  }

  int64_t tiles() const { return (n / TILE) * (n / TILE); }

  void tile(int64_t number) {
    const int64_t row = number / (n / TILE) * TILE, column = number % (n / TILE) * TILE;
    for (int64_t block = 0; block < n; block += TILE) {
      for (int64_t i = row; i < row + TILE; i++) {
        double* __restrict out = &c[i * n + column];
        for (int64_t k = block; k < block + TILE; k++) {
          const double factor = a[i * n + k];
          const double* __restrict in = &b[k * n + column];
          for (int64_t j = 0; j < TILE; j++) out[j] += factor * in[j];
        }
      }
    }
  }
};

// Arguments: n, a multiple of 64.
Outcome run(const Arguments& arguments) {
  const int64_t n = arguments.integer(0);
  if (n < TILE || n % TILE != 0) throw std::invalid_argument("the size must be a multiple of 64");
  Matrices matrices(n);
  const int64_t tiles = matrices.tiles();
  Outcome outcome = timed([&]() -> Answer {
    switch (arguments.variant) {
      case Variant::sequential:
        for (int64_t number = 0; number < tiles; number++) matrices.tile(number);
        break;
      case Variant::tbb_for:
        oneapi::tbb::parallel_for(int64_t{0}, tiles, [&](int64_t number) { matrices.tile(number); });
        break;
      case Variant::std_thread:
        share(arguments.threads, tiles, [&](size_t number, int) { matrices.tile(static_cast<int64_t>(number)); });
        break;
      default: no_such_variant();
    }
    return {};
  });
  outcome.answer = {matrices.checksum()};
  return outcome;
}
}  // namespace matmul
