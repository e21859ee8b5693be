// SPDX-License-Identifier: MIT
#include "graph/builder.h"
#include "graph/fusion.h"

namespace cresset::graph {
namespace {

// What may lie where: `to` in the place of `from`.
struct Overwriting {
  Tensor from, to;
};

bool same_place(const Tensor& x, const Tensor& y) {
  return x.dtype() == y.dtype() && x.shape() == y.shape() && covers_storage(x) && covers_storage(y);
}

// The output of a call and the argument it may overwrite.
void find_in_call(const Instruction& i, std::vector<Overwriting>& found) {
  const bool elementwise = i.op->elementwise && i.op->outputs == 1;
  const auto [arg, out] = elementwise ? Op::Overwrites{0, 0} : i.op->overwrites;
  if (arg < 0 || !i.args[arg].is_tensor()) return;
  const Tensor &x = i.args[arg].tensor(), &y = i.out[out];
  bool clear = same_place(x, y);
  for_each_tensor(Args(i.args), [&](const Tensor& t, int, int) {
    clear = clear && (&t.storage() != &x.storage() || same_view(t, x));
  });
  if (clear) found.push_back({x, y});
}

// An output of a loop may overwrite what no later step of the loop reads: the steps take turns tile
// by tile.
void find_in_loop(const Fused& fused, std::vector<Overwriting>& found) {
  const int operands = static_cast<int>(fused.memory.size());
  std::vector<int> last_read(operands, -1), written(operands, -1);
  for (int step = 0; step < static_cast<int>(fused.steps.size()); ++step) {
    const auto& [kernel, in, out] = fused.steps[step];
    for (int k = 0; k < kernel.inputs(); ++k)
      if (in[k].place == Operand::Memory) last_read[in[k].index] = step;
    if (out.place == Operand::Memory) written[out.index] = step;
  }
  const auto alone = [&](int at) {
    for (int k = 0; k < operands; ++k)
      if (k != at && &fused.memory[k].storage() == &fused.memory[at].storage()) return false;
    return true;
  };
  for (int to = 0; to < operands; ++to)
    for (int from = 0; from < operands; ++from)
      if (written[to] >= 0 && written[from] < 0 && last_read[from] <= written[to] &&
          same_place(fused.memory[from], fused.memory[to]) && alone(from) && alone(to))
        found.push_back({fused.memory[from], fused.memory[to]});
}

}  // namespace

// Results take the place of an argument that nobody reads again.
void reuse_in_place(Builder& b) {
  auto uses = uses_of(b.code);
  Renamed renamed;
  std::vector<Overwriting> found;
  for (int at = 0; at < static_cast<int>(b.code.size()); ++at) {
    found.clear();
    const Instruction& i = b.code[at];
    i.fused ? find_in_loop(*i.fused, found) : find_in_call(i, found);
    for (const auto& [x, y] : found) {
      Storage* const from = renamed(&x.storage());
      Storage* const to = &y.storage();
      if (renamed(to) != to || from == to || !b.is_temporary(from) || !b.is_temporary(to)) continue;
      if (uses[from].last != at || uses[to].first != at) continue;
      uses[from].last = uses[to].last;
      renamed.add(to, from);
    }
  }
  b.rename(renamed);
}

}  // namespace cresset::graph
