// SPDX-License-Identifier: MIT
#include <algorithm>
#include <numeric>

#include "graph/builder.h"
#include "ops/copy.h"

namespace cresset::graph {
namespace {

// What a copying instruction moves, and to where.
struct Move {
  Tensor from, to;
};
std::vector<Move> moves_of(const Instruction& i) {
  static const Op* const clone = find_op("clone");
  static const Op* const reshape = find_op("reshape");
  static const Op* const cat = find_op("cat");
  const Tensor& y = i.out[0];
  if (i.op == clone || i.op == reshape) {
    const Tensor& x = i.args[0].tensor();
    if (!covers_storage(y)) return {};
    return {{x, view_of(y, x.shape(), contiguous_strides(x.shape()), 0)}};
  }
  std::vector<Move> moves;
  if (i.op != cat) return moves;
  const int dim = normalize_dim("cat", i.args[1].integer(), y.ndim());
  int64_t offset = y.offset();
  for (const Tensor& x : i.args[0].tensors()) {
    if (x.ndim() != y.ndim()) return {};
    moves.push_back({x, view_of(y, x.shape(), y.strides(), offset)});
    offset += x.size(dim) * y.strides()[dim];
  }
  return moves;
}

// `whole`, whose memory `move.from` sees in some order of dimensions, laid out as in `move.to`;
// undefined if no strides say that.
Tensor moved(const Tensor& whole, const Move& move) {
  const Tensor &from = move.from, &to = move.to;
  if (from.numel() != whole.numel() || from.numel() == 0 || from.offset() != 0) return {};
  std::vector<int> order(from.ndim());
  std::iota(order.begin(), order.end(), 0);
  std::erase_if(order, [&](int d) { return from.size(d) == 1; });
  std::sort(order.begin(), order.end(),
            [&](int a, int b) { return from.strides()[a] > from.strides()[b]; });
  Dims shape, strides, dense;
  for (int d : order) {
    shape.push_back(from.size(d));
    strides.push_back(to.strides()[d]);
    dense.push_back(from.strides()[d]);
  }
  Dims result;
  if (!(dense == contiguous_strides(shape)) ||
      !view_strides(view_of(to, shape, strides, to.offset()), whole.shape(), &result))
    return {};
  const bool rows = whole.ndim() > 0 && (result.back() == 1 || whole.shape().back() == 1);
  return rows ? view_of(to, whole.shape(), result, to.offset()) : Tensor();
}

// One result to be written elsewhere.
struct Placement {
  int producer;
  Tensor before, after;
};

class Placer {
 public:
  explicit Placer(Builder& b) : b_(b), uses_(uses_of(b.code)) {}

  void run() {
    for (int at = static_cast<int>(b_.code.size()) - 1; at >= 0; --at) {
      const std::vector<Placement> placements = find(at);
      if (placements.empty()) continue;
      for (const Placement& p : placements) apply(p);
      b_.code.erase(b_.code.begin() + at);
      ++b_.program->report().copies;
      uses_ = uses_of(b_.code);
    }
  }

 private:
  // Where all that instruction `at` copies can be written at once; else none.
  std::vector<Placement> find(int at) const {
    std::vector<Placement> placements;
    for (const Move& move : moves_of(b_.code[at])) {
      Placement p{};
      if (!find(at, move, &p)) return {};
      for (const Placement& other : placements)
        if (&other.before.storage() == &p.before.storage()) return {};
      placements.push_back(p);
    }
    return placements;
  }
  bool find(int at, const Move& move, Placement* p) const {
    const Storage *const from = &move.from.storage(), *const to = &move.to.storage();
    if (!b_.is_temporary(from) || !b_.is_temporary(to) || move.from.dtype() != move.to.dtype())
      return false;
    const Use &source = uses_.at(from), &target = uses_.at(to);
    if (source.writes != 1 || source.first != source.last_write || target.first != at ||
        target.writes != 1)
      return false;
    p->producer = source.first;
    const Instruction& producer = b_.code[p->producer];
    for (int k = 0; k < producer.op->outputs; ++k)
      if ((producer.op->any_rows >> k & 1) != 0 && &producer.out[k].storage() == from)
        p->before = producer.out[k];
    if (!p->before.defined()) return false;
    p->after = covers_storage(p->before) ? moved(p->before, move) : Tensor();
    return p->after.defined() && others_follow(at, *p);
  }
  // Everything else that reads it takes it where it will lie.
  bool others_follow(int at, const Placement& p) const {
    for (int i = p.producer + 1; i < static_cast<int>(b_.code.size()); ++i) {
      bool follows = true;
      for_each_tensor(Args(b_.code[i].args), [&](const Tensor& x, int, int in_list) {
        if (x.defined() && &x.storage() == &p.before.storage() && i != at)
          follows = follows && b_.code[i].op->any_rows && in_list < 0 && same_view(x, p.before);
      });
      if (!follows) return false;
    }
    return true;
  }
  void apply(const Placement& p) {
    const auto move = [&](Tensor& x) {
      if (x.defined() && &x.storage() == &p.before.storage()) x = p.after;
    };
    for (size_t i = p.producer; i < b_.code.size(); ++i) {
      Instruction& instruction = b_.code[i];
      for (Value& value : instruction.args)
        if (value.is_tensor() && &value.tensor().storage() == &p.before.storage()) value = p.after;
      for (Tensor& x : instruction.out) move(x);
      for (Tensor& x : instruction.written) move(x);
    }
  }

  Builder& b_;
  std::unordered_map<const Storage*, Use> uses_;
};

}  // namespace

// What is only copied to another place or layout is written there by the op that makes it, if that
// takes rows from anywhere.
void place_results(Builder& b) { Placer(b).run(); }

}  // namespace cresset::graph
