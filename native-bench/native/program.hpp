// What every program gives: its answer, computed between two readings of the clock.
#pragma once
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

enum class Variant { sequential, tbb_group, tbb_for, std_thread };

struct Arguments {
  Variant variant;
  int threads;
  std::vector<double> numbers;

  // The number at `position`, which must be an integer.
  int64_t integer(size_t position) const {
    const double value = numbers.at(position);
    if (value != static_cast<double>(static_cast<int64_t>(value))) {
      throw std::invalid_argument("argument " + std::to_string(position + 1) + " must be an integer");
    }
    return static_cast<int64_t>(value);
  }
};

// Integers below 2^53, so that JSON carries them exactly.
using Answer = std::vector<int64_t>;

struct Outcome {
  double milliseconds;
  Answer answer;
};

class Stopwatch {
  std::chrono::steady_clock::time_point from = std::chrono::steady_clock::now();

 public:
  double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - from).count();
  }
};

// Times `solve`, which returns the answer.
template <class Solve>
Outcome timed(Solve solve) {
  const Stopwatch watch;
  Answer answer = solve();
  return {watch.milliseconds(), std::move(answer)};
}

[[noreturn]] inline void no_such_variant() {
  throw std::invalid_argument("this program has no such variant");
}
