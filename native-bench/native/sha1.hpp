// SHA-1 (FIPS 180-4) of the two message lengths UTS needs, both of one block, on words.
#pragma once
#include <array>
#include <cstdint>

namespace sha1 {
using Digest = std::array<uint32_t, 5>;

inline uint32_t rotate(uint32_t x, int by) {
  return x << by | x >> (32 - by);
}

// `words` is the block; it is used up.
inline Digest block(std::array<uint32_t, 16>& words) {
  constexpr Digest START{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  auto [a, b, c, d, e] = START;
  const auto word = [&](int i) {
    if (i < 16) return words[i];
    uint32_t& at = words[i & 15];
    return at = rotate(words[(i + 13) & 15] ^ words[(i + 8) & 15] ^ words[(i + 2) & 15] ^ at, 1);
  };
  const auto round = [&](uint32_t f, uint32_t k, int i) {
    const uint32_t next = rotate(a, 5) + f + e + k + word(i);
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  };
#pragma GCC unroll 20
  for (int i = 0; i < 20; i++) round((b & c) | (~b & d), 0x5a827999, i);
#pragma GCC unroll 20
  for (int i = 20; i < 40; i++) round(b ^ c ^ d, 0x6ed9eba1, i);
#pragma GCC unroll 20
  for (int i = 40; i < 60; i++) round((b & c) | (b & d) | (c & d), 0x8f1bbcdc, i);
#pragma GCC unroll 20
  for (int i = 60; i < 80; i++) round(b ^ c ^ d, 0xca62c1d6, i);
  return {START[0] + a, START[1] + b, START[2] + c, START[3] + d, START[4] + e};
}

// Of sixteen zero bytes and `seed` as four bytes, the highest first.
inline Digest of_seed(uint32_t seed) {
  std::array<uint32_t, 16> words{0, 0, 0, 0, seed, 0x80000000};
  words[15] = 20 * 8;
  return block(words);
}

// Of the twenty bytes of `parent` and `index` as four bytes, the highest first.
inline Digest of_child(const Digest& parent, uint32_t index) {
  std::array<uint32_t, 16> words{parent[0], parent[1], parent[2], parent[3], parent[4], index, 0x80000000};
  words[15] = 24 * 8;
  return block(words);
}
}  // namespace sha1
