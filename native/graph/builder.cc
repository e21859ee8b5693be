// SPDX-License-Identifier: MIT
#include "graph/builder.h"

#include "autograd/node.h"
#include "ops/copy.h"

namespace cresset::graph {

Builder::Builder(Graph graph) : program(std::make_shared<Program>()) {
  for (const Tensor& x : graph.inputs) {
    program->inputs_.push_back(local(x));
    program->input_needs_grad_.push_back(requires_grad(x));
    roles[&program->inputs_.back().storage()] = Role::Input;
  }
  for (const Tensor& x : graph.numbers) {
    program->numbers_.push_back(local(x));
    program->number_count_ += x.numel();
    roles[&program->numbers_.back().storage()] = Role::Number;
  }
  program->draw_count_ = graph.draws;
  program->leaves_ = std::move(graph.leaves);
  add_code(graph);
  add_slots(graph);
  add_results(graph);
  program->report_.recorded = static_cast<int>(code.size());
}

// The program's own handle of a recorded tensor: without history, and unknown to JavaScript.
Tensor Builder::local(const Tensor& x) {
  if (!x.defined()) return x;
  const auto at = tensors_.find(x.impl());
  if (at != tensors_.end()) return at->second;
  Tensor own = alias_of(x);
  if (!x.storage().data) {
    Ref<Storage>& storage = storages_[&x.storage()];
    if (!storage) {
      storage = Storage::placeholder(x.storage().bytes);
      roles.emplace(storage.get(), Role::Temporary);
      program->placeholders_.push_back(storage);
    }
    own.impl()->storage = storage;
  }
  sources_.push_back(x);
  return tensors_.emplace(x.impl(), own).first->second;
}

Value Builder::local(const Value& value) {
  if (value.is_tensor()) return local(value.tensor());
  if (!value.is_tensors()) return value;
  Tensors list;
  for (const Tensor& x : value.tensors()) list.push_back(local(x));
  return list;
}

void Builder::add_code(Graph& graph) {
  for (Instruction& from : graph.code) {
    Instruction& to = code.emplace_back();
    to.op = from.op;
    to.draw = from.draw;
    to.seed_arg = from.seed_arg;
    to.site = from.site;
    for (const Value& value : from.args) to.args.push_back(local(value));
    for (int i = 0; i < kMaxOutputs; ++i) to.out[i] = local(from.out[i]);
    for (const Tensor& x : from.written) to.written.push_back(local(x));
  }
}

Tensor Builder::placeholder(const Dims& shape, DType dtype, Role role) {
  Ref<Storage> storage = Storage::placeholder(numel(shape) * item_size(dtype));
  roles[storage.get()] = role;
  program->placeholders_.push_back(storage);
  return wrap_storage(std::move(storage), shape, dtype);
}

Tensor Builder::copy_of(const Tensor& x, Role role) {
  static const Op* const clone = find_op("clone");
  const Tensor y = placeholder(x.shape(), x.dtype(), role);
  Instruction& copy = code.emplace_back();
  copy.op = clone;
  copy.args = {x};
  copy.out[0] = y;
  copy.written = {y};
  return y;
}

// A gradient that a run leaves lies in memory of its own, in which the next run writes it anew.
void Builder::add_slots(Graph& graph) {
  for (GradientSlot& slot : graph.gradients) {
    Program::Slot own{slot.leaf, -1, slot.read, slot.entry.defined(), local(slot.entry), false, {}};
    for (size_t i = 0; i < graph.inputs.size(); ++i)
      if (graph.inputs[i].same(slot.leaf)) own.input = static_cast<int>(i);
    if (own.entry.defined()) roles[&own.entry.storage()] = Role::Input;
    own.keeps = slot.after.defined() && slot.entry.defined() && slot.after.same(slot.entry);
    if (!own.keeps && slot.after.defined()) {
      own.after = local(slot.after);
      if (!is_external(&own.after.storage())) {
        const Role kept = own.input >= 0 ? Role::Output : Role::Gradient;
        if (!covers_storage(own.after) || !is_temporary(&own.after.storage()))
          own.after = copy_of(own.after, kept);
        roles[&own.after.storage()] = kept;
      } else {
        own.after = slot.after;
      }
    }
    program->slots_.push_back(own);
  }
}

void Builder::add_results(Graph& graph) {
  for (const Tensor& x : graph.outputs) {
    Program::Result result{local(x), -1, -1};
    for (size_t i = 0; i < program->inputs_.size(); ++i)
      if (&program->inputs_[i].storage() == &result.tensor.storage())
        result.input = static_cast<int>(i);
    if (is_external(&result.tensor.storage())) {
      result.tensor = x;
    } else if (result.input < 0) {
      // What is not the run's own to give away is copied: gradients, numbers.
      const Role role = roles[&result.tensor.storage()];
      if (role != Role::Temporary && role != Role::Output)
        result.tensor = copy_of(result.tensor, Role::Output);
      roles[&result.tensor.storage()] = Role::Output;
    }
    program->results_.push_back(result);
  }
}

void Builder::rename(const Renamed& renamed) {
  if (renamed.empty()) return;
  const auto move = [&](const Tensor& x) {
    if (!x.defined()) return;
    Storage* const to = renamed(&x.storage());
    if (to != &x.storage()) x.impl()->storage = Ref<Storage>::share(to);
  };
  for (Instruction& i : code) {
    for_each_tensor(Args(i.args), [&](const Tensor& t, int, int) { move(t); });
    for (const Tensor& t : i.out) move(t);
    for (const Tensor& t : i.written) move(t);
  }
  for (const Program::Slot& slot : program->slots_) move(slot.after);
  for (const Program::Result& result : program->results_) move(result.tensor);
}

void Builder::collect_externals() {
  std::unordered_map<Storage*, size_t> known;
  const auto add = [&](Storage* storage, bool written) {
    if (!is_external(storage)) return;
    const auto [at, fresh] = known.try_emplace(storage, program->externals_.size());
    if (fresh) program->externals_.push_back({Ref<Storage>::share(storage), written});
    if (written) program->externals_[at->second].written = true;
  };
  program->input_written_.resize(program->inputs_.size());
  for (const Instruction& i : code) {
    for_each_read(i, [&](Storage* s) { add(s, false); });
    for_each_written(i, [&](Storage* s) {
      add(s, true);
      for (size_t k = 0; k < program->inputs_.size(); ++k)
        if (&program->inputs_[k].storage() == s) program->input_written_[k] = true;
    });
  }
}

void Builder::collect_outputs() {
  std::unordered_map<const Storage*, int> index;
  for (const auto& storage : program->placeholders_) {
    if (role(storage.get()) != Role::Output) continue;
    index.emplace(storage.get(), static_cast<int>(program->outputs_.size()));
    program->outputs_.push_back(storage);
  }
  const auto find = [&](const Tensor& x) {
    const auto at = x.defined() ? index.find(&x.storage()) : index.end();
    return at == index.end() ? -1 : at->second;
  };
  for (Program::Result& result : program->results_) result.output = find(result.tensor);
  for (Program::Slot& slot : program->slots_) slot.output = find(slot.after);
}

// What the user sees as `grad` must outlive the program.
void Builder::give_gradients_memory() {
  for (Program::Slot& slot : program->slots_) {
    if (!slot.after.defined() || role(&slot.after.storage()) != Role::Gradient) continue;
    Storage& placeholder = slot.after.storage();
    Ref<Storage> memory = Storage::create(placeholder.bytes);
    placeholder.data = memory->data;
    program->externals_.push_back({memory, true});
    slot.after = wrap_storage(std::move(memory), slot.after.shape(), slot.after.dtype());
  }
}

// The number of instructions after which nothing writes an output, a result's or a gradient's, and
// no value can be refused. All of them if a result is not the run's own.
size_t Builder::results_after() const {
  size_t after = 0;
  const auto uses = uses_of(code);
  for (const Program::Result& result : program->results_)
    if (result.output < 0) return code.size();
  for (const auto& output : program->outputs_) {
    const auto use = uses.find(output.get());
    if (use != uses.end()) after = std::max<size_t>(after, use->second.last_write + 1);
  }
  for (size_t i = after; i < code.size(); ++i)
    if (code[i].op->checks_values) after = i + 1;
  return after;
}

std::shared_ptr<Program> Builder::finish() {
  std::unordered_map<const Storage*, int64_t> offsets;
  Program& p = *program;
  p.report_.arena = plan_memory(*this, &offsets);
  for (const auto& [storage, role] : roles)
    if (role == Role::Temporary) p.report_.separate += storage->bytes;
  p.arena_ = Storage::create(std::max<int64_t>(p.report_.arena, 64));
  for (const auto& [storage, offset] : offsets)
    const_cast<Storage*>(storage)->data = static_cast<char*>(p.arena_->data) + offset;
  collect_externals();
  p.externals_.push_back({p.arena_, true});
  collect_outputs();
  give_gradients_memory();
  p.given_after_ = results_after();
  p.code_ = std::move(code);
  return program;
}

std::unordered_map<const Storage*, Use> uses_of(const std::vector<Instruction>& code) {
  std::unordered_map<const Storage*, Use> uses;
  for (int i = 0; i < static_cast<int>(code.size()); ++i) {
    const auto touch = [&](const Storage* s) -> Use& {
      Use& use = uses[s];
      if (use.first < 0) use.first = i;
      use.last = i;
      return use;
    };
    for_each_read(code[i], [&](const Storage* s) {
      Use& use = touch(s);
      use.last_read = i;
      ++use.reads;
    });
    for_each_written(code[i], [&](const Storage* s) {
      Use& use = touch(s);
      use.last_write = i;
      ++use.writes;
    });
  }
  return uses;
}

bool covers_storage(const Tensor& x) {
  return x.contiguous() && x.offset() == 0 && x.numel() * item_size(x.dtype()) == x.storage().bytes;
}

}  // namespace cresset::graph
