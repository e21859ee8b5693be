// SPDX-License-Identifier: MIT
#include "graph/program.h"

#include "autograd/node.h"
#include "graph/builder.h"
#include "graph/fusion.h"
#include "ops/copy.h"
#include "ops/recorder.h"

namespace cresset::graph {
namespace {

// Results are given before the run's end if what is left takes less. Whoever reads what it changes
// waits that long, on the thread of the event loop.
constexpr auto kShortRest = std::chrono::milliseconds(1);

}  // namespace

std::shared_ptr<Program> Program::build(Graph graph) {
  Builder builder(std::move(graph));
  remove_dead_code(builder);
  merge_repeated(builder);
  remove_copies(builder);
  place_results(builder);
  fuse_epilogues(builder);
  fuse_elementwise(builder);
  reuse_in_place(builder);
  return builder.finish();
}

void Run::own_inputs() {
  for (Tensor& x : inputs) {
    if (!x.storage().release || source_of(x.storage())) continue;
    const Tensor copy = empty(x.shape(), x.dtype());
    copy_into(copy, x);
    x = copy;
  }
}

// The memory was never theirs.
Program::~Program() {
  for (const auto& storage : placeholders_) storage->data = nullptr;
}

bool Program::accepts(const Tensors& inputs) const {
  if (inputs.size() != inputs_.size()) return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor &x = inputs[i], &expected = inputs_[i];
    if (x.dtype() != expected.dtype() || x.shape() != expected.shape() ||
        requires_grad(x) != input_needs_grad_[i])
      return false;
  }
  for (const auto& [leaf, wanted] : leaves_)
    if (wants_gradient(leaf) != wanted) return false;
  for (const Slot& slot : slots_) {
    if (!slot.read) continue;
    const GradState* const state = grad_state(leaf_of(slot, inputs));
    if ((state && state->grad.defined()) != slot.present) return false;
  }
  return true;
}

// Calls were recorded as if every input had memory of its own.
void Program::check_aliases(const Tensors& inputs) const {
  const auto refuse = [](size_t i) {
    fail(ErrorKind::State,
         "compile: argument %zu shares memory with a tensor that the function changes", i);
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Storage* const storage = &inputs[i].storage();
    for (const External& external : externals_)
      if (external.storage.get() == storage && (external.written || input_written_[i])) refuse(i);
    for (size_t k = 0; k < i; ++k)
      if (&inputs[k].storage() == storage && (input_written_[i] || input_written_[k])) refuse(i);
    if (input_written_[i] && !inputs[i].contiguous())
      fail(ErrorKind::State,
           "compile: argument %zu is changed by the function: it must be contiguous", i);
  }
}

Ref<Run> Program::prepare(const Tensors& inputs, const double* numbers, const int64_t* draws) {
  if (failed_late_.exchange(false, std::memory_order_acquire)) throw late_error_;
  check_aliases(inputs);
  Ref<Run> run(new Run);
  run->program = shared_from_this();
  for (size_t i = 0; i < inputs.size(); ++i) add_input(*run, i, inputs[i]);
  run->numbers.assign(numbers, numbers + number_count_);
  run->draws.assign(draws, draws + 2 * draw_count_);
  for (const auto& storage : outputs_) run->outputs.push_back(Storage::create(storage->bytes));
  for (const Slot& slot : slots_) {
    Tensor entry;
    if (slot.entry.defined()) {
      GradState& state = ensure_grad_state(leaf_of(slot, inputs));
      if (!state.grad.contiguous()) {
        wait_to_read(state.grad);
        state.grad = contiguous_data(state.grad);
      }
      entry = state.grad;
    }
    run->entries.push_back(entry);
  }
  set_gradients(*run, inputs);
  for_each_external(*run, [](Storage& storage, bool written) {
    if (!written) return;
    materialize_readers(storage);
    storage.version.fetch_add(1, std::memory_order_relaxed);
  });
  return run;
}

void Program::add_input(Run& run, size_t i, const Tensor& x) {
  if (source_of(x.storage()) && (input_written_[i] || !covers_storage(x))) materialize(x.storage());
  if (!x.contiguous()) wait_to_read(x);
  run.inputs.push_back(contiguous_data(x));
  Source* const source = source_of(run.inputs.back().storage());
  run.sources.push_back(Ref<Source>::share(source));
  if (x.storage().bytes >= kLeastDeferred) deferring_pays = true;
  input_memory_.resize(inputs_.size());
  if (source && !input_memory_[i]) input_memory_[i] = Storage::create(x.storage().bytes);
}

Tensor Program::on_output(const Run& run, const Tensor& x, int output) const {
  Tensor y = alias_of(x);
  y.impl()->storage = run.outputs[output];
  return y;
}

void Program::set_gradients(const Run& run, const Tensors& inputs) const {
  for (const Slot& slot : slots_) {
    if (slot.keeps) continue;
    const Tensor& leaf = leaf_of(slot, inputs);
    if (slot.after.defined()) {
      ensure_grad_state(leaf).grad =
          slot.output >= 0 ? on_output(run, slot.after, slot.output) : slot.after;
    } else if (GradState* const state = grad_state(leaf)) {
      state->grad = Tensor();
    }
  }
}

Tensors Program::results(const Run& run) const {
  Tensors out;
  for (const Result& result : results_) {
    if (result.output >= 0) {
      out.push_back(on_output(run, result.tensor, result.output));
    } else if (result.input >= 0) {
      const Tensor& x = run.inputs[result.input];
      out.push_back(view_of(x, result.tensor.shape(), result.tensor.strides(),
                            x.offset() + result.tensor.offset()));
    } else {
      out.push_back(result.tensor);
    }
  }
  return out;
}

template <class F>
void Program::for_each_external(const Run& run, F f) const {
  for (const External& external : externals_) f(*external.storage, external.written);
  for (size_t i = 0; i < run.inputs.size(); ++i) f(run.inputs[i].storage(), input_written_[i]);
  for (const auto& source : run.sources)
    if (source) f(source->from(), false);
  for (const Tensor& entry : run.entries)
    if (entry.defined()) f(entry.storage(), true);
}

void Program::mark(const Run& run, bool begins) const {
  const auto use = [&](Storage& storage, bool written) {
    const int32_t by = written ? Storage::kWriter : Storage::kReader;
    begins ? storage.begin_run(by) : storage.end_run(by);
  };
  for_each_external(run, use);
  for (const auto& storage : run.outputs) use(*storage, !run.given);
}

// They may be read from now on, and changed when the run has ended.
void Program::give_results(Run& run) const {
  run.given = true;
  for (const auto& storage : run.outputs) {
    storage->begin_run(Storage::kReader);
    storage->end_run(Storage::kWriter);
  }
}

void Program::wait(const Run& run) const {
  if (!watched()) return;
  for_each_external(run, [](Storage& storage, bool written) {
    written ? storage.wait_for_runs() : storage.wait_for_writers();
  });
}

void Program::need_own_memory() const {
  for_each_shared([](Storage&) {
    fail(ErrorKind::State,
         "compile: run() cannot use a tensor on the memory of a JavaScript buffer, which may be "
         "taken away while it runs; clone() the tensor first, or call the step synchronously");
  });
}

void Program::bind(Run& run) {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const Source* const source = run.sources[i].get();
    if (source) source->write(input_memory_[i]->data);
    inputs_[i].storage().data = source ? input_memory_[i]->data : run.inputs[i].bytes();
  }
  double* number = run.numbers.data();
  for (const Tensor& x : numbers_) {
    x.storage().data = number;
    number += x.numel();
  }
  for (size_t i = 0; i < outputs_.size(); ++i) outputs_[i]->data = run.outputs[i]->data;
  for (size_t i = 0; i < slots_.size(); ++i)
    if (run.entries[i].defined()) slots_[i].entry.storage().data = run.entries[i].bytes();
  for (Instruction& i : code_) {
    if (i.draw < 0) continue;
    i.args[i.seed_arg] = run.draws[2 * i.draw];
    i.args[i.seed_arg + 1] = run.draws[2 * i.draw + 1];
  }
}

void Program::unbind() {
  for (const Tensor& x : inputs_) x.storage().data = nullptr;
  for (const Tensor& x : numbers_) x.storage().data = nullptr;
  for (const auto& storage : outputs_) storage->data = nullptr;
  for (const Slot& slot : slots_)
    if (slot.entry.defined()) slot.entry.storage().data = nullptr;
}

void Program::run_instruction(Run& run, Instruction& i) try {
  if (i.fused) {
    run_fused(*i.fused);
  } else {
    run_call(*i.op, i.args, i.out);
  }
} catch (const Error& error) {
  run.failed = true;
  run.error = error;
  run.failed_site = i.site;
}

void Program::execute(Run& run, const std::atomic<bool>* cancelled,
                      const std::function<void()>& give) {
  using Clock = std::chrono::steady_clock;
  const GradMode mode(false);
  bind(run);
  Clock::time_point results_at;
  for (size_t i = 0; i < code_.size() && !run.failed; ++i) {
    if (i == given_after_) {
      results_at = Clock::now();
      if (give && rest_ < kShortRest) {
        give_results(run);
        give();
      }
    }
    if (!run.given && cancelled && cancelled->load(std::memory_order_relaxed)) {
      run.failed = true;
    } else {
      run_instruction(run, code_[i]);
    }
  }
  if (given_after_ < code_.size() && !run.failed) rest_ = Clock::now() - results_at;
  unbind();
  if (!run.given || !run.failed) return;
  late_error_ = run.error;
  failed_late_.store(true, std::memory_order_release);
}

}  // namespace cresset::graph
