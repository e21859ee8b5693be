// SPDX-License-Identifier: MIT
#include <string>

#include "graph/builder.h"
#include "ops/math.h"

namespace cresset::graph {
namespace {

using Uses = std::unordered_map<const Storage*, Use>;

// The instruction that alone reads the result of instruction `at`, all of it, and writes a tensor
// of its own: its position, or -1.
int lone_reader(const Builder& b, int at, const Uses& uses) {
  const Tensor& y = b.code[at].out[0];
  const Use& use = uses.at(&y.storage());
  if (!b.is_temporary(&y.storage()) || use.writes != 1 || use.reads != 1) return -1;
  const Tensor& z = b.code[use.last_read].out[0];
  const bool own = z.defined() && covers_storage(z) && !b.is_external(&z.storage()) &&
                   uses.at(&z.storage()).first == use.last_read;
  return own ? use.last_read : -1;
}

bool is_relu(const Instruction& i, const Tensor& y) {
  static const Op* const relu = find_op("relu");
  return i.op == relu && same_view(i.args[0].tensor(), y);
}

// What `i` adds to `y`, if that is there before instruction `at`; else undefined.
Tensor residual_of(const Instruction& i, const Tensor& y, int at, const Uses& uses) {
  static const Op* const add = find_op("add");
  if (i.op != add || (y.dtype() != DType::Float32 && y.dtype() != DType::Float64)) return {};
  for (int k = 0; k < 2; ++k) {
    const Tensor &x = i.args[1 - k].tensor(), &other = i.args[k].tensor();
    if (same_view(other, y) && x.dtype() == y.dtype() && x.shape() == y.shape() && x.contiguous() &&
        uses.at(&x.storage()).last_write < at)
      return x;
  }
  return {};
}

}  // namespace

// Matrix products write activated results, or sums with what was there before, at once.
void fuse_epilogues(Builder& b) {
  const Uses uses = uses_of(b.code);
  std::vector<bool> gone(b.code.size());
  for (int at = 0; at < static_cast<int>(b.code.size()); ++at) {
    Instruction& i = b.code[at];
    const Op *const with_relu = relu_epilogue(*i.op), *const with_add = add_epilogue(*i.op);
    const int next = with_relu || with_add ? lone_reader(b, at, uses) : -1;
    if (next < 0) continue;
    const Instruction& reader = b.code[next];
    const Op* joined = nullptr;
    if (is_relu(reader, i.out[0])) {
      joined = with_relu;
    } else if (const Tensor x = residual_of(reader, i.out[0], at, uses); x.defined() && with_add) {
      joined = with_add;
      i.args.push_back(x);
    }
    if (!joined) continue;
    b.program->report().fused.push_back(std::string(i.op->name) + " " + reader.op->name);
    i.op = joined;
    i.out[0] = reader.out[0];
    i.written = {i.out[0]};
    gone[next] = true;
  }
  size_t next = 0;
  std::erase_if(b.code, [&](const Instruction&) { return gone[next++]; });
}

}  // namespace cresset::graph
