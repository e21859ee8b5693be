// SPDX-License-Identifier: MIT
#include <cstring>

#include "graph/builder.h"

namespace cresset::graph {
namespace {

// What a call computes, as bytes: op and arguments, tensors by storage, number of writes to it so
// far, and view.
class Key {
 public:
  template <class T>
  void add(const T& value) {
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void add(const Dims& dims) {
    add(dims.size());
    for (int64_t d : dims) add(d);
  }
  void add(const Tensor& x, const Storage* storage, int writes) {
    add(x.dtype());
    add(x.wrapped_number());
    add(x.shape());
    if (x.wrapped_number() && x.storage().data) {
      text_.append(x.bytes(), item_size(x.dtype()));
      return;
    }
    add(storage);
    add(writes);
    add(x.offset());
    add(x.strides());
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class Repeated {
 public:
  explicit Repeated(Builder& b) : b_(b), uses_(uses_of(b.code)) {}

  void run() {
    std::vector<Instruction> kept;
    for (Instruction& i : b_.code) {
      const bool pure = is_pure(i);
      const auto [first, fresh] =
          pure ? seen_.try_emplace(key_of(i), outputs_of(i)) : std::pair(seen_.end(), true);
      for_each_written(i, [&](const Storage* s) { ++writes_[s]; });
      if (fresh) {
        kept.push_back(std::move(i));
        continue;
      }
      for (int k = 0; k < i.op->outputs; ++k) renamed_.add(&i.out[k].storage(), first->second[k]);
    }
    b_.program->report().repeated += static_cast<int>(b_.code.size() - kept.size());
    b_.code = std::move(kept);
    b_.rename(renamed_);
  }

 private:
  // Its results are its own and stay as they are.
  bool is_pure(const Instruction& i) const {
    if (i.draw >= 0 || i.op->outputs == 0) return false;
    for (int k = 0; k < i.op->outputs; ++k) {
      const Storage* const s = &i.out[k].storage();
      if (!b_.is_temporary(s) || uses_.at(s).writes != 1 || !covers_storage(i.out[k])) return false;
    }
    return true;
  }
  std::vector<Storage*> outputs_of(const Instruction& i) const {
    std::vector<Storage*> list;
    for (int k = 0; k < i.op->outputs; ++k) list.push_back(&i.out[k].storage());
    return list;
  }
  void add(Key& key, const Tensor& x) {
    Storage* const storage = renamed_(&x.storage());
    key.add(x, storage, writes_[storage]);
  }
  std::string key_of(const Instruction& i) {
    Key key;
    key.add(i.op);
    for (const Value& value : i.args) {
      key.add(value.kind());
      if (value.is_tensor()) {
        add(key, value.tensor());
      } else if (value.is_tensors()) {
        key.add(value.tensors().size());
        for (const Tensor& x : value.tensors()) add(key, x);
      } else if (value.is_dims()) {
        key.add(value.dims());
      } else {
        key.add(value.bits());
      }
    }
    for (int k = 0; k < i.op->outputs; ++k) key.add(i.out[k].dtype());
    return key.text();
  }

  Builder& b_;
  const std::unordered_map<const Storage*, Use> uses_;
  std::unordered_map<std::string, std::vector<Storage*>> seen_;
  std::unordered_map<const Storage*, int> writes_;
  Renamed renamed_;
};

}  // namespace

void merge_repeated(Builder& b) { Repeated(b).run(); }

}  // namespace cresset::graph
