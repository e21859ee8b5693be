// SPDX-License-Identifier: MIT
#pragma once
#include "graph/program.h"

namespace cresset::graph {

// Storages that others stand in for.
class Renamed {
 public:
  void add(const Storage* from, Storage* to) { to_[from] = to; }
  Storage* operator()(Storage* storage) const {
    for (auto at = to_.find(storage); at != to_.end(); at = to_.find(storage)) storage = at->second;
    return storage;
  }
  bool empty() const { return to_.empty(); }

 private:
  std::unordered_map<const Storage*, Storage*> to_;
};

// A graph on its way to a program. Passes change `code` and the tensors in it.
struct Builder {
  explicit Builder(Graph graph);
  std::shared_ptr<Program> finish();

  bool is_temporary(const Storage* storage) const { return role(storage) == Role::Temporary; }
  // From outside: no placeholder.
  bool is_external(const Storage* storage) const { return !roles.contains(storage); }
  Role role(const Storage* storage) const {
    const auto at = roles.find(storage);
    return at == roles.end() ? Role::Input : at->second;
  }
  Tensor placeholder(const Dims& shape, DType dtype, Role role);
  // Everything that lies in a key lies in its value, of the same size, from now on.
  void rename(const Renamed& renamed);

  std::vector<Instruction> code;
  std::unordered_map<const Storage*, Role> roles;
  std::shared_ptr<Program> program;

 private:
  Tensor local(const Tensor& x);
  Value local(const Value& value);
  void add_code(Graph& graph);
  void add_slots(Graph& graph);
  void add_results(Graph& graph);
  void collect_externals();
  void collect_outputs();
  void give_gradients_memory();
  size_t results_after() const;
  Tensor copy_of(const Tensor& x, Role role);

  std::unordered_map<const TensorImpl*, Tensor> tensors_;
  std::unordered_map<const Storage*, Ref<Storage>> storages_;
  std::vector<Tensor> sources_;  // keys of tensors_ stay alive
};

// Calls f(storage) for what the instruction reads: arguments, and outputs it changes in part.
template <class F>
void for_each_read(const Instruction& i, F f) {
  for_each_tensor(Args(i.args), [&](const Tensor& t, int, int) {
    if (t.defined()) f(&t.storage());
  });
}
template <class F>
void for_each_written(const Instruction& i, F f) {
  for (const Tensor& t : i.written) f(&t.storage());
}

// Where each storage is used, by position in the code.
struct Use {
  int first = -1, last = -1;
  int last_read = -1, last_write = -1, writes = 0, reads = 0;
};
std::unordered_map<const Storage*, Use> uses_of(const std::vector<Instruction>& code);
// Contiguous and all of its storage.
bool covers_storage(const Tensor& x);

// The passes, in their order.
void remove_dead_code(Builder& b);
void merge_repeated(Builder& b);
void remove_copies(Builder& b);
void place_results(Builder& b);
void fuse_epilogues(Builder& b);
void fuse_elementwise(Builder& b);
void reuse_in_place(Builder& b);
// Offsets of the temporaries in one arena; returns its size.
int64_t plan_memory(const Builder& b, std::unordered_map<const Storage*, int64_t>* offsets);

}  // namespace cresset::graph
