// SPDX-License-Identifier: MIT
#include <unordered_set>

#include "graph/builder.h"

namespace cresset::graph {

// Backwards: an instruction is needed if it writes what is seen outside, or what is read later.
void remove_dead_code(Builder& b) {
  std::unordered_set<const Storage*> needed;
  std::vector<Instruction> kept;
  for (auto i = b.code.rbegin(); i != b.code.rend(); ++i) {
    bool wanted = false;
    for_each_written(
        *i, [&](const Storage* s) { wanted = wanted || !b.is_temporary(s) || needed.contains(s); });
    if (!wanted) continue;
    for_each_read(*i, [&](const Storage* s) { needed.insert(s); });
    for_each_written(*i, [&](const Storage* s) { needed.insert(s); });
    kept.push_back(std::move(*i));
  }
  b.program->report().dead += static_cast<int>(b.code.size() - kept.size());
  b.code.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
}

}  // namespace cresset::graph
