// Arrays of doubles as the JavaScript programs fill and check them.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <vector>

// Integers from 0 to 15 in no order, so that every sum of them is exact in whatever order it is made.
inline std::vector<double> addends(int64_t count) {
  if (count < 1) throw std::invalid_argument("there must be something to add up");
  std::vector<double> values(count);
  for (int64_t i = 0; i < count; i++) values[i] = static_cast<uint32_t>(i) * 0x9e3779b1u >> 28;
  return values;
}

// Depends on every value and its place. The values are integers below 2^32.
template <class Values>
int64_t order_checksum(const Values& values) {
  uint32_t sum = 0;
  for (const auto value : values) sum = sum * 31 + static_cast<uint32_t>(value);
  return sum;
}
