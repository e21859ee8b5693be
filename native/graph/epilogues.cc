// SPDX-License-Identifier: MIT
#include "graph/builder.h"
#include "ops/math.h"

namespace cresset::graph {
namespace {

// The result of instruction `at` is read by a relu and by nothing else: its position, or -1.
int lone_relu(const Builder& b, int at, const std::unordered_map<const Storage*, Use>& uses) {
  static const Op* const relu = find_op("relu");
  const Tensor& y = b.code[at].out[0];
  const Use& use = uses.at(&y.storage());
  if (!b.is_temporary(&y.storage()) || use.writes != 1 || use.reads != 1) return -1;
  const Instruction& reader = b.code[use.last_read];
  const bool whole = reader.op == relu && same_view(reader.args[0].tensor(), y) &&
                     covers_storage(reader.out[0]) && !b.is_external(&reader.out[0].storage()) &&
                     uses.at(&reader.out[0].storage()).first == use.last_read;
  return whole ? use.last_read : -1;
}

}  // namespace

// Matrix products write activated results at once.
void fuse_epilogues(Builder& b) {
  const auto uses = uses_of(b.code);
  std::vector<bool> gone(b.code.size());
  for (int at = 0; at < static_cast<int>(b.code.size()); ++at) {
    Instruction& i = b.code[at];
    const Op* const joined = relu_epilogue(*i.op);
    const int relu = joined ? lone_relu(b, at, uses) : -1;
    if (relu < 0) continue;
    i.op = joined;
    i.out[0] = b.code[relu].out[0];
    i.written = {i.out[0]};
    gone[relu] = true;
    b.program->report().fused.push_back("linear relu");
  }
  size_t next = 0;
  std::erase_if(b.code, [&](const Instruction&) { return gone[next++]; });
}

}  // namespace cresset::graph
