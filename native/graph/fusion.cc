// SPDX-License-Identifier: MIT
#include "graph/fusion.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "graph/builder.h"
#include "ops/copy.h"

namespace cresset::graph {
namespace {

constexpr int kMostSteps = 32;

// The kernel that `i` runs over elements, if that is all it does.
bool row_of(const Instruction& i, RowKernel* kernel) {
  if (!i.op->row || i.op->outputs != 1 || i.draw >= 0 || i.out[0].numel() == 0) return false;
  return i.op->row(i.args, i.out[0].dtype(), kernel);
}

bool is_constant(const Tensor& x) { return x.wrapped_number() && x.storage().data; }

// How a group sees a storage: by one view, or by several, which then must not be written.
struct Sight {
  Tensor view;
  bool mixed = false, written = false;
};

class Group {
 public:
  bool empty() const { return members_.empty(); }
  const Dims& shape() const { return members_[0].out[0].shape(); }
  std::vector<Instruction>& members() { return members_; }

  // May it run after everything that the members do, element by element?
  bool takes(const Instruction& i, const RowKernel& kernel) const {
    if (empty()) return true;
    if (members_.size() >= kMostSteps || i.out[0].shape() != shape()) return false;
    for (int k = 0; k < kernel.inputs(); ++k)
      if (!sees(i.args[kernel.first + k].tensor(), false)) return false;
    return sees(i.out[0], true);
  }
  void add(Instruction i, const RowKernel& kernel) {
    for (int k = 0; k < kernel.inputs(); ++k) look(i.args[kernel.first + k].tensor(), false);
    look(i.out[0], true);
    members_.push_back(std::move(i));
  }
  // Does `i` touch what the members change, or change what they touch?
  bool meets(const Instruction& i) const {
    bool found = false;
    for_each_read(i, [&](const Storage* s) {
      const auto at = sights_.find(s);
      found = found || (at != sights_.end() && at->second.written);
    });
    for_each_written(i, [&](const Storage* s) { found = found || sights_.contains(s); });
    return found;
  }
  void clear() {
    members_.clear();
    sights_.clear();
  }

 private:
  bool sees(const Tensor& x, bool writes) const {
    const auto at = sights_.find(&x.storage());
    if (at == sights_.end() || is_constant(x)) return true;
    const Sight& sight = at->second;
    return (!writes && !sight.written) || (!sight.mixed && same_view(sight.view, x));
  }
  void look(const Tensor& x, bool writes) {
    if (is_constant(x)) return;
    const auto [at, fresh] = sights_.try_emplace(&x.storage(), Sight{x});
    at->second.mixed = at->second.mixed || !same_view(at->second.view, x);
    at->second.written = at->second.written || writes;
  }

  std::vector<Instruction> members_;
  std::unordered_map<const Storage*, Sight> sights_;
};

// From members to steps: what stays inside gets a register for as long as it is used.
class Assembly {
 public:
  Assembly(const Builder& b, const std::unordered_map<const Storage*, Use>& uses,
           std::vector<Instruction>& members)
      : b_(b), members_(members) {
    inside_ = uses_of(members);
    for (const auto& [storage, use] : inside_) {
      const Use& all = uses.at(storage);
      if (b.is_temporary(storage) && use.writes > 0 && all.reads == use.reads &&
          all.writes == use.writes)
        local_.emplace(storage, -1);
    }
  }

  // False if it takes more operands or registers than there are.
  bool run() {
    fused_ = std::make_shared<Fused>();
    for (size_t k = 0; k < members_.size(); ++k) add_step(static_cast<int>(k));
    // The walk goes by an output of the full shape.
    for (size_t k = 0; k < fused_->memory.size(); ++k)
      if (outputs_.contains(fused_->memory[k].impl())) {
        swap_memory(0, static_cast<int>(k));
        break;
      }
    return fused_->memory.size() <= kMaxOperands && fused_->registers <= kMaxRegisters;
  }

  Instruction instruction(std::string* names) {
    static const Op kFused = {"fused", "", nullptr, nullptr, nullptr, kSaveNothing, 0};
    Instruction i;
    i.op = &kFused;
    i.site = members_[0].site;
    for (const Tensor& x : fused_->memory)
      outputs_.contains(x.impl()) ? i.written.push_back(x) : i.args.push_back(x);
    for (const Instruction& member : members_)
      *names += (names->empty() ? "" : " ") + std::string(member.op->name);
    i.fused = fused_;
    return i;
  }

 private:
  void add_step(int at) {
    const Instruction& i = members_[at];
    FusedStep step{};
    row_of(i, &step.kernel);
    for (int k = 0; k < step.kernel.inputs(); ++k)
      step.in[k] = operand(i.args[step.kernel.first + k].tensor(), where_dtype(step.kernel, k));
    step.out = operand(i.out[0], i.out[0].dtype());
    if (step.out.place == Operand::Memory) outputs_.insert(fused_->memory[step.out.index].impl());
    fused_->steps.push_back(step);
    for (auto& [storage, number] : local_)
      if (number >= 0 && inside_.at(storage).last == at) {
        free_.push_back(number);
        number = -1;
      }
  }

  // Constants are converted once, to what the kernel takes.
  static DType where_dtype(const RowKernel& kernel, int k) {
    return kernel.where && k == 0 ? DType::Bool : kernel.in;
  }

  Operand operand(const Tensor& x, DType kernel_dtype) {
    if (is_constant(x)) {
      const Tensor value = cast_data(x, kernel_dtype);
      uint64_t bits = 0;
      std::memcpy(&bits, value.bytes(), item_size(kernel_dtype));
      fused_->constants.push_back(bits);
      return {Operand::Constant, static_cast<int>(fused_->constants.size()) - 1, kernel_dtype};
    }
    const auto at = local_.find(&x.storage());
    if (at != local_.end() && x.shape() == members_[0].out[0].shape()) {
      if (at->second < 0) at->second = take_register();
      return {Operand::Register, at->second, x.dtype()};
    }
    for (size_t k = 0; k < fused_->memory.size(); ++k)
      if (same_view(fused_->memory[k], x)) return {Operand::Memory, static_cast<int>(k), x.dtype()};
    fused_->memory.push_back(x);
    return {Operand::Memory, static_cast<int>(fused_->memory.size()) - 1, x.dtype()};
  }

  int take_register() {
    if (free_.empty()) return fused_->registers++;
    const int number = free_.back();
    free_.pop_back();
    return number;
  }

  void swap_memory(int a, int b) {
    std::swap(fused_->memory[a], fused_->memory[b]);
    const auto move = [&](Operand& o) {
      if (o.place == Operand::Memory) o.index = o.index == a ? b : o.index == b ? a : o.index;
    };
    for (FusedStep& step : fused_->steps) {
      for (Operand& in : step.in) move(in);
      move(step.out);
    }
  }

  const Builder& b_;
  std::vector<Instruction>& members_;
  std::unordered_map<const Storage*, Use> inside_;
  std::unordered_map<const Storage*, int> local_;  // and the register it is in now
  std::unordered_set<const TensorImpl*> outputs_;
  std::vector<int> free_;
  std::shared_ptr<Fused> fused_;
};

class Fuser {
 public:
  explicit Fuser(Builder& b) : b_(b), uses_(uses_of(b.code)) {}

  void run() {
    for (Instruction& i : b_.code) {
      RowKernel kernel;
      const bool row = row_of(i, &kernel);
      if (row && group_.takes(i, kernel)) {
        group_.add(std::move(i), kernel);
        continue;
      }
      if (group_.meets(i) || row) close();
      if (row) {
        group_.add(std::move(i), kernel);
      } else {
        code_.push_back(std::move(i));
      }
    }
    close();
    b_.code = std::move(code_);
  }

 private:
  void close() {
    emit(group_.members());
    group_.clear();
  }
  void emit(std::vector<Instruction>& members) {
    if (members.size() > 1) {
      Assembly assembly(b_, uses_, members);
      if (assembly.run()) {
        code_.push_back(assembly.instruction(&b_.program->report().fused.emplace_back()));
        return;
      }
      const auto middle = members.begin() + static_cast<int64_t>(members.size() / 2);
      std::vector<Instruction> first(std::make_move_iterator(members.begin()),
                                     std::make_move_iterator(middle));
      std::vector<Instruction> second(std::make_move_iterator(middle),
                                      std::make_move_iterator(members.end()));
      emit(first);
      emit(second);
      return;
    }
    for (Instruction& i : members) code_.push_back(std::move(i));
  }

  Builder& b_;
  const std::unordered_map<const Storage*, Use> uses_;
  Group group_;
  std::vector<Instruction> code_;
};

}  // namespace

void fuse_elementwise(Builder& b) { Fuser(b).run(); }

}  // namespace cresset::graph
