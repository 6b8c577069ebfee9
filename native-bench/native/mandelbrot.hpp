// The Mandelbrot set as the Computer Language Benchmarks Game draws it, a bit for each point. One task for each row.
#pragma once
#include <oneapi/tbb/parallel_for.h>
#include "doubles.hpp"
#include "program.hpp"
#include "shared-queue.hpp"

// A product and a sum that are rounded once give other bits than JavaScript.
#ifdef __clang__
#define ROUND_EACH_OPERATION
#pragma STDC FP_CONTRACT OFF
#else
#define ROUND_EACH_OPERATION gnu::optimize("fp-contract=off")
#endif

namespace mandelbrot {
constexpr int ITERATIONS = 50;

struct Picture {
  int64_t n;
  std::vector<uint8_t> bits;

  explicit Picture(int64_t size) : n(size), bits(size * (size / 8)) {}

  [[ROUND_EACH_OPERATION]] void row(int64_t y) {
    const double size = static_cast<double>(n);
    const double ci = 2 * static_cast<double>(y) / size - 1;
    uint8_t* at = &bits[y * (n / 8)];
    for (int64_t x = 0; x < n; x += 8) {
      uint32_t byte = 0;
      for (int64_t bit = 0; bit < 8; bit++) {
        const double cr = 2 * static_cast<double>(x + bit) / size - 1.5;
        double zr = 0, zi = 0, tr = 0, ti = 0;
        int i = 0;
        for (; i < ITERATIONS && tr + ti <= 4; i++) {
          zi = 2 * zr * zi + ci;
          zr = tr - ti + cr;
          tr = zr * zr;
          ti = zi * zi;
        }
        byte = byte << 1 | (tr + ti <= 4);
      }
      *at++ = static_cast<uint8_t>(byte);
    }
  }
};

// Arguments: n, a multiple of 8.
Outcome run(const Arguments& arguments) {
  const int64_t n = arguments.integer(0);
  if (n < 8 || n % 8 != 0) throw std::invalid_argument("the size must be a multiple of 8");
  Picture picture(n);
  Outcome outcome = timed([&]() -> Answer {
    switch (arguments.variant) {
      case Variant::sequential:
        for (int64_t y = 0; y < n; y++) picture.row(y);
        break;
      case Variant::tbb_for:
        oneapi::tbb::parallel_for(int64_t{0}, n, [&](int64_t y) { picture.row(y); });
        break;
      case Variant::std_thread:
        share(arguments.threads, n, [&](size_t y, int) { picture.row(static_cast<int64_t>(y)); });
        break;
      default: no_such_variant();
    }
    return {};
  });
  outcome.answer = {order_checksum(picture.bits)};
  return outcome;
}
}  // namespace mandelbrot
