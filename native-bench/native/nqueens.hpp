// All ways to place n queens, by bit masks, row after row, without a cut-off. One task for each queen placed.
#pragma once
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/task_group.h>
#include <functional>
#include "program.hpp"
#include "shared-queue.hpp"

namespace nqueens {
constexpr int MOST = 20;

struct Board {
  uint32_t full, columns, left, right;

  uint32_t free() const { return full & ~(columns | left | right); }
  Board with(uint32_t queen) const {
    return {full, columns | queen, (left | queen) << 1, (right | queen) >> 1};
  }
  bool complete() const { return columns == full; }
};

int64_t sequential(const Board& board) {
  if (board.complete()) return 1;
  int64_t ways = 0;
  for (uint32_t free = board.free(); free != 0; free &= free - 1) ways += sequential(board.with(free & -free));
  return ways;
}

int64_t grouped(Board board) {
  if (board.complete()) return 1;
  int64_t ways[MOST];
  int children = 0;
  oneapi::tbb::task_group group;
  for (uint32_t free = board.free(); free != 0; free &= free - 1) {
    int64_t& way = ways[children++];
    group.run([&way, next = board.with(free & -free)] { way = grouped(next); });
  }
  group.wait();
  int64_t sum = 0;
  for (int child = 0; child < children; child++) sum += ways[child];
  return sum;
}

// The boards after `rows` rows, in order.
std::vector<Board> after(const Board& board, int rows) {
  std::vector<Board> boards{board};
  for (; rows > 0; rows--) {
    std::vector<Board> next;
    for (const Board& each : boards) {
      for (uint32_t free = each.free(); free != 0; free &= free - 1) next.push_back(each.with(free & -free));
    }
    boards = std::move(next);
  }
  return boards;
}

// A loop over the boards after two rows; what is below runs sequentially.
int64_t looped(const Board& board) {
  const std::vector<Board> boards = after(board, 2);
  using Range = oneapi::tbb::blocked_range<size_t>;
  return oneapi::tbb::parallel_reduce(
      Range(0, boards.size()), int64_t{0},
      [&](const Range& range, int64_t ways) {
        for (size_t i = range.begin(); i < range.end(); i++) ways += sequential(boards[i]);
        return ways;
      },
      std::plus<>());
}

int64_t shared(const Board& board, int threads) {
  const std::vector<Board> boards = after(board, 2);
  return share_sum(threads, boards.size(), [&](size_t piece) { return sequential(boards[piece]); });
}

// Arguments: n, from 4.
Outcome run(const Arguments& arguments) {
  const int64_t n = arguments.integer(0);
  if (n < 4 || n > MOST) throw std::invalid_argument("the number of queens must be from 4 to 20");
  const Board board{(uint32_t{1} << n) - 1, 0, 0, 0};
  switch (arguments.variant) {
    case Variant::sequential: return timed([&] { return Answer{sequential(board)}; });
    case Variant::tbb_group: return timed([&] { return Answer{grouped(board)}; });
    case Variant::tbb_for: return timed([&] { return Answer{looped(board)}; });
    case Variant::std_thread: return timed([&] { return Answer{shared(board, arguments.threads)}; });
    default: no_such_variant();
  }
}
}  // namespace nqueens
