// SPDX-License-Identifier: MIT
#include <unordered_map>

#include "ops/op.h"

// Every family of ops, in the order they are listed to JavaScript.
#define CRESSET_OP_FAMILIES(X) \
  X(unary)                     \
  X(binary)                    \
  X(reduce)                    \
  X(where)                     \
  X(copy)                      \
  X(create)                    \
  X(view)                      \
  X(matmul)                    \
  X(join)                      \
  X(index)                     \
  X(scatter)                   \
  X(random)                    \
  X(softmax)                   \
  X(loss)                      \
  X(scan)                      \
  X(sort)                      \
  X(search)                    \
  X(conv)                      \
  X(pool)                      \
  X(norm)                      \
  X(lstm)                      \
  X(gru)                       \
  X(rnn)                       \
  X(attention)                 \
  X(image)

namespace cresset {

#define X(family) OpSpan family##_ops();
CRESSET_OP_FAMILIES(X)
#undef X

const std::vector<const Op*>& all_ops() {
  static const auto* ops = [] {
    auto* list = new std::vector<const Op*>;
#define X(family) \
  for (const Op& op : family##_ops()) list->push_back(&op);
    CRESSET_OP_FAMILIES(X)
#undef X
    return list;
  }();
  return *ops;
}

const Op* find_op(const std::string& name) {
  static const auto* index = [] {
    auto* map = new std::unordered_map<std::string, const Op*>;
    for (const Op* op : all_ops()) map->emplace(op->name, op);
    return map;
  }();
  const auto found = index->find(name);
  return found == index->end() ? nullptr : found->second;
}

}  // namespace cresset
