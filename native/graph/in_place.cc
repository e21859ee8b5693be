// SPDX-License-Identifier: MIT
#include "graph/builder.h"

namespace cresset::graph {
namespace {

// May the result be written over the first argument?
bool fits(const Instruction& i) {
  if (i.fused || !i.op->elementwise || i.op->outputs != 1 || !i.args[0].is_tensor()) return false;
  const Tensor &x = i.args[0].tensor(), &y = i.out[0];
  if (x.dtype() != y.dtype() || x.shape() != y.shape() || !covers_storage(x) || !covers_storage(y))
    return false;
  bool clear = true;
  for_each_tensor(Args(i.args).subspan(1), [&](const Tensor& t, int, int) {
    clear = clear && (&t.storage() != &x.storage() || same_view(t, x));
  });
  return clear;
}

}  // namespace

// Elementwise results take the place of a first argument that nobody reads again.
void reuse_in_place(Builder& b) {
  auto uses = uses_of(b.code);
  Renamed renamed;
  for (int at = 0; at < static_cast<int>(b.code.size()); ++at) {
    const Instruction& i = b.code[at];
    if (!fits(i)) continue;
    Storage* const from = renamed(&i.args[0].tensor().storage());
    Storage* const to = &i.out[0].storage();
    if (from == to || !b.is_temporary(from) || !b.is_temporary(to)) continue;
    if (uses[from].last != at || uses[to].first != at) continue;
    uses[from].last = uses[to].last;
    renamed.add(to, from);
  }
  b.rename(renamed);
}

}  // namespace cresset::graph
