// SPDX-License-Identifier: MIT
#include <algorithm>

#include "graph/builder.h"

namespace cresset::graph {
namespace {

struct Block {
  const Storage* storage;
  int64_t bytes;
  int first, last;
  int64_t offset = 0;
};

int64_t aligned(int64_t bytes) { return (std::max<int64_t>(bytes, 1) + 63) & ~int64_t{63}; }

// The lowest place that no block alive at the same time takes. `placed` is in order of offsets.
int64_t place(const Block& block, const std::vector<Block>& placed) {
  int64_t offset = 0;
  for (const Block& other : placed) {
    if (other.last < block.first || block.last < other.first) continue;
    if (other.offset - offset >= block.bytes) break;
    offset = std::max(offset, other.offset + other.bytes);
  }
  return offset;
}

}  // namespace

// Largest first, each as low as it goes.
int64_t plan_memory(const Builder& b, std::unordered_map<const Storage*, int64_t>* offsets) {
  std::vector<Block> blocks;
  for (const auto& [storage, use] : uses_of(b.code))
    if (b.is_temporary(storage))
      blocks.push_back({storage, aligned(storage->bytes), use.first, use.last});
  std::sort(blocks.begin(), blocks.end(), [](const Block& x, const Block& y) {
    return x.bytes != y.bytes ? x.bytes > y.bytes : x.first < y.first;
  });
  std::vector<Block> placed;
  int64_t end = 0;
  for (Block& block : blocks) {
    block.offset = place(block, placed);
    end = std::max(end, block.offset + block.bytes);
    offsets->emplace(block.storage, block.offset);
    const auto at =
        std::upper_bound(placed.begin(), placed.end(), block,
                         [](const Block& x, const Block& y) { return x.offset < y.offset; });
    placed.insert(at, block);
  }
  return end;
}

}  // namespace cresset::graph
