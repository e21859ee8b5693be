// SPDX-License-Identifier: MIT
#include "graph/builder.h"

namespace cresset::graph {
namespace {

struct Overwriting {
  Tensor from, to;  // undefined: nothing may be overwritten
};

Overwriting overwriting(const Instruction& i) {
  if (i.fused) return {};
  const bool elementwise = i.op->elementwise && i.op->outputs == 1;
  const auto [arg, out] = elementwise ? Op::Overwrites{0, 0} : i.op->overwrites;
  if (arg < 0 || !i.args[arg].is_tensor()) return {};
  const Tensor &x = i.args[arg].tensor(), &y = i.out[out];
  if (x.dtype() != y.dtype() || x.shape() != y.shape() || !covers_storage(x) || !covers_storage(y))
    return {};
  bool clear = true;
  for_each_tensor(Args(i.args), [&](const Tensor& t, int, int) {
    clear = clear && (&t.storage() != &x.storage() || same_view(t, x));
  });
  return clear ? Overwriting{x, y} : Overwriting{};
}

}  // namespace

// Results take the place of an argument that nobody reads again.
void reuse_in_place(Builder& b) {
  auto uses = uses_of(b.code);
  Renamed renamed;
  for (int at = 0; at < static_cast<int>(b.code.size()); ++at) {
    const auto [x, y] = overwriting(b.code[at]);
    if (!x.defined()) continue;
    Storage* const from = renamed(&x.storage());
    Storage* const to = &y.storage();
    if (from == to || !b.is_temporary(from) || !b.is_temporary(to)) continue;
    if (uses[from].last != at || uses[to].first != at) continue;
    uses[from].last = uses[to].last;
    renamed.add(to, from);
  }
  b.rename(renamed);
}

}  // namespace cresset::graph
