// Unbalanced Tree Search: counts a tree whose shape nobody knows beforehand. Every node is the SHA-1 of its parent and
// its number among the siblings, as the benchmark of Olivier et al. defines it. One task for each node.
#pragma once
#include <oneapi/tbb/task_group.h>
#include <algorithm>
#include <cmath>
#include "program.hpp"
#include "sha1.hpp"
#include "shared-queue.hpp"

namespace uts {
constexpr int64_t MOST_CHILDREN = 100;

struct Tree {
  // Binomial: the root has `root` children, another node `most` with probability `q`, else none.
  // Geometric, fixed shape: geometrically distributed around `root` above depth `limit`, none below.
  bool geometric;
  double root, q;
  int64_t limit, most;

  int64_t children(const sha1::Digest& state, int64_t height) const {
    if (!geometric && height == 0) return static_cast<int64_t>(std::floor(root));
    const double u = static_cast<double>(state[4] & 0x7fffffff) / 2147483648.0;
    if (!geometric) return u < q ? most : 0;
    if (height >= limit) return 0;
    const double p = 1.0 / (1.0 + root);
    return std::min(MOST_CHILDREN, static_cast<int64_t>(std::floor(std::log(1 - u) / std::log(1 - p))));
  }
};

struct Count {
  int64_t nodes = 0, leaves = 0, depth = 0;

  void add(const Count& other) {
    nodes += other.nodes;
    leaves += other.leaves;
    depth = std::max(depth, other.depth);
  }
  Answer answer() const { return {nodes, leaves, depth}; }
};

Count sequential(const Tree& tree, const sha1::Digest& state, int64_t height) {
  const int64_t children = tree.children(state, height);
  Count count{1, children == 0, height};
  for (int64_t i = 0; i < children; i++) count.add(sequential(tree, sha1::of_child(state, i), height + 1));
  return count;
}

Count grouped(const Tree& tree, const sha1::Digest& state, int64_t height) {
  const int64_t children = tree.children(state, height);
  Count count{1, children == 0, height};
  if (children == 0) return count;
  std::vector<Count> counts(children);
  oneapi::tbb::task_group group;
  for (int64_t i = 0; i < children; i++) {
    group.run([&, i] { counts[i] = grouped(tree, sha1::of_child(state, i), height + 1); });
  }
  group.wait();
  for (const Count& each : counts) count.add(each);
  return count;
}

struct Node {
  sha1::Digest state;
  int64_t height;
};

// Opens the tree breadth first until there are enough subtrees for a queue, then shares them out.
Count shared(const Tree& tree, const sha1::Digest& root, int threads) {
  Count count;
  std::vector<Node> pieces{{root, 0}};
  while (!pieces.empty() && pieces.size() < PIECES_PER_THREAD * threads) {
    std::vector<Node> next;
    for (const Node& node : pieces) {
      const int64_t children = tree.children(node.state, node.height);
      count.add({1, children == 0, node.height});
      for (int64_t i = 0; i < children; i++) next.push_back({sha1::of_child(node.state, i), node.height + 1});
    }
    pieces = std::move(next);
  }
  struct alignas(128) Own {
    Count count;
  };
  std::vector<Own> own(threads);
  share(threads, pieces.size(), [&](size_t piece, int thread) {
    own[thread].count.add(sequential(tree, pieces[piece].state, pieces[piece].height));
  });
  for (const Own& each : own) count.add(each.count);
  return count;
}

// Arguments: 0 for binomial, b0, q, m, seed; or 1 for geometric, b0, greatest depth, seed.
Outcome run(const Arguments& arguments) {
  const bool geometric = arguments.integer(0) == 1;
  const double root = arguments.numbers.at(1);
  const Tree tree = geometric
                        ? Tree{true, root, 0, arguments.integer(2), 0}
                        : Tree{false, root, arguments.numbers.at(2), 0, arguments.integer(3)};
  const sha1::Digest state = sha1::of_seed(static_cast<uint32_t>(arguments.integer(geometric ? 3 : 4)));
  switch (arguments.variant) {
    case Variant::sequential: return timed([&] { return sequential(tree, state, 0).answer(); });
    case Variant::tbb_group: return timed([&] { return grouped(tree, state, 0).answer(); });
    case Variant::std_thread: return timed([&] { return shared(tree, state, arguments.threads).answer(); });
    default: no_such_variant();
  }
}
}  // namespace uts
