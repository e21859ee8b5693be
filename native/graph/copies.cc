// SPDX-License-Identifier: MIT
#include "graph/builder.h"

namespace cresset::graph {

// A clone of what never changes again, or that never changes itself, is the same memory. It takes
// the role that is seen outside.
void remove_copies(Builder& b) {
  static const Op* const clone = find_op("clone");
  static const Op* const reshape = find_op("reshape");
  const auto uses = uses_of(b.code);
  Renamed renamed;
  std::vector<Instruction> kept;
  for (int at = 0; at < static_cast<int>(b.code.size()); ++at) {
    Instruction& i = b.code[at];
    bool same = i.op == clone || i.op == reshape;
    if (same) {
      const Tensor &x = i.args[0].tensor(), &y = i.out[0];
      Storage *const from = &x.storage(), *const to = &y.storage();
      same = x.dtype() == y.dtype() && covers_storage(x) && covers_storage(y) &&
             uses.at(from).last_write < at && uses.at(to).writes == 1;
      // After an earlier renaming the memory may be somebody else's already.
      Storage* const root = renamed(from);
      if (same && b.is_temporary(to)) {
        renamed.add(to, root);
      } else if (same && b.is_temporary(root) && renamed(to) == to) {
        renamed.add(root, to);
      } else {
        same = false;
      }
    }
    if (!same) kept.push_back(std::move(i));
  }
  b.program->report().copies += static_cast<int>(b.code.size() - kept.size());
  b.code = std::move(kept);
  b.rename(renamed);
}

}  // namespace cresset::graph
