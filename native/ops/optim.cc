// SPDX-License-Identifier: MIT
#include "ops/optim.h"

#include <cmath>

#include "ops/copy.h"
#include "ops/recorder.h"

namespace cresset {
namespace {

// Pointers for the kernel, with copies where a layout or dtype is not the kernel's own.
class Group {
 public:
  Group(const char* op, const OptimizerLists& lists, ComputeType type) : op_(op), type_(type) {
    const size_t n = lists.params.size();
    for (const Tensors* list : {&lists.grads, &lists.state1, &lists.state2, &lists.state3})
      if (!list->empty() && list->size() != n)
        fail(ErrorKind::Shape, "%s: got %zu tensors for %zu parameters", op, list->size(), n);
    for (size_t i = 0; i < n; ++i) {
      const Tensor& p = lists.params[i];
      if (!lists.grads[i].defined() || compute_type(p.dtype()) != type) continue;
      params_.push_back({p.numel(), writable(p, p), readable(lists.grads[i], p),
                         state(lists.state1, i, p), state(lists.state2, i, p),
                         state(lists.state3, i, p)});
    }
  }

  const OptimizerParam* data() const { return params_.data(); }
  int64_t count() const { return static_cast<int64_t>(params_.size()); }

  void write_copies_back() const {
    for (const auto& [original, copy] : copies_) copy_into(original, copy);
  }

 private:
  void check_like(const Tensor& x, const Tensor& param) const {
    if (x.shape() != param.shape())
      fail(ErrorKind::Shape, "%s: got a tensor of shape %s for a parameter of shape %s", op_,
           to_string(x.shape()).c_str(), to_string(param.shape()).c_str());
  }
  Tensor kernel_layout(const Tensor& x) {
    constexpr DType kTypes[] = {DType::Int64, DType::Float32, DType::Float64};
    return contiguous_data(cast_data(x, kTypes[static_cast<int>(type_)]));
  }
  const void* readable(const Tensor& x, const Tensor& param) {
    check_like(x, param);
    kept_.push_back(kernel_layout(x));
    return kept_.back().bytes();
  }
  void* writable(const Tensor& x, const Tensor& param) {
    check_like(x, param);
    const Tensor copy = kernel_layout(x);
    if (!copy.same(x)) copies_.push_back({x, copy});
    kept_.push_back(copy);
    return copy.bytes();
  }
  void* state(const Tensors& list, size_t i, const Tensor& param) {
    return list.empty() || !list[i].defined() ? nullptr : writable(list[i], param);
  }

  const char* op_;
  ComputeType type_;
  PooledVector<OptimizerParam> params_;
  Tensors kept_;
  PooledVector<std::pair<Tensor, Tensor>> copies_;
};

// The groups of one step. All of them are prepared, which may fail, before the first value changes.
template <class StepArgs>
class Plan {
 public:
  using Step = void (*)(const OptimizerParam* params, int64_t count, const StepArgs& args);
  Plan(const char* op, const Step* table) : op_(op), table_(table) {}

  void add(const OptimizerLists& lists, const StepArgs& args) {
    for (const Tensor& p : lists.params)
      if (!is_float(p.dtype()))
        fail(ErrorKind::DType, "%s: expected floating point parameters, got dtype %s", op_,
             name(p.dtype()));
    for (ComputeType type : {ComputeType::Float32, ComputeType::Float64}) {
      Group group(op_, lists, type);
      if (group.count()) parts_.push_back({std::move(group), type, args});
    }
  }
  void run() const {
    for (const Part& part : parts_) {
      table_[static_cast<int>(part.type)](part.group.data(), part.group.count(), part.args);
      part.group.write_copies_back();
    }
  }

 private:
  struct Part {
    Group group;
    ComputeType type;
    StepArgs args;
  };
  const char* op_;
  const Step* table_;
  PooledVector<Part> parts_;
};

double one_number(const char* op, const char* what, const Tensor& x) {
  if (x.numel() != 1)
    fail(ErrorKind::Shape, "%s: %s: expected one number, got shape %s", op, what,
         to_string(x.shape()).c_str());
  return scalar_to_double(x);
}

// Adds the tensors of parameter i to another group.
void take(const OptimizerLists& from, size_t i, OptimizerLists& to) {
  const auto copy = [i](const Tensors& source, Tensors& target) {
    if (!source.empty()) target.push_back(source.at(i));
  };
  copy(from.params, to.params);
  copy(from.grads, to.grads);
  copy(from.state1, to.state1);
  copy(from.state2, to.state2);
  copy(from.state3, to.state3);
}

// Moves the versions of what a step has written on. A replayed step's are its program's business.
void bump_versions(const OptimizerLists& lists, const Tensors& steps = {}) {
  for (size_t i = 0; i < lists.params.size(); ++i) {
    if (!lists.grads[i].defined()) continue;
    for (const Tensors* list : {&lists.params, &lists.state1, &lists.state2, &lists.state3, &steps})
      if (!list->empty() && (*list)[i].defined()) (*list)[i].bump_version();
  }
}

void adam(const OptimizerLists& lists, const Tensors& steps, const AdamArgs& args) {
  if (steps.size() != lists.params.size())
    fail(ErrorKind::Shape, "Adam: got %zu step counts for %zu parameters", steps.size(),
         lists.params.size());
  for (const Tensor& step : steps)
    if (step.numel() != 1)
      fail(ErrorKind::Shape, "Adam: step: expected one number, got shape %s",
           to_string(step.shape()).c_str());
  // Parameters that have missed steps for want of a gradient need other bias corrections.
  PooledVector<std::pair<double, OptimizerLists>> by_step;
  const auto group_of = [&](double step) -> OptimizerLists& {
    for (auto& [taken, group] : by_step)
      if (taken == step) return group;
    return by_step.emplace_back(step, OptimizerLists()).second;
  };
  Tensors next(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!lists.grads[i].defined()) continue;
    if (steps[i].numel() != 1)
      fail(ErrorKind::Shape, "Adam: expected a step count of one element, got shape %s",
           to_string(steps[i].shape()).c_str());
    const double step = scalar_to_double(steps[i]) + 1;
    take(lists, i, group_of(step));
    next[i] = wrapped_scalar(step);
  }
  Plan<AdamArgs> plan("Adam", kernels().optimizer->adam);
  for (const auto& [step, group] : by_step) {
    AdamArgs corrected = args;
    corrected.step_size = args.lr / (1 - std::pow(args.beta1, step));
    corrected.bias2_sqrt = std::sqrt(1 - std::pow(args.beta2, step));
    plan.add(group, corrected);
  }
  plan.run();
  for (size_t i = 0; i < steps.size(); ++i) {
    if (next[i].defined()) fill(steps[i], next[i]);
  }
}

void sgd(const OptimizerLists& lists, const SgdArgs& args) {
  Plan<SgdArgs> plan("SGD", kernels().optimizer->sgd);
  plan.add(lists, args);
  plan.run();
}

void keras_adam(const OptimizerLists& lists, const Tensor& iterations, const Tensor& learning_rate,
                AdamArgs args) {
  const double step = one_number("Adam", "iterations", iterations) + 1;
  args.lr = one_number("Adam", "learningRate", learning_rate);
  args.step_size =
      args.lr * std::sqrt(1 - std::pow(args.beta2, step)) / (1 - std::pow(args.beta1, step));
  args.bias2_sqrt = 1;
  Plan<AdamArgs> plan("Adam", kernels().optimizer->adam);
  plan.add(lists, args);
  plan.run();
}

void keras_sgd(const OptimizerLists& lists, const Tensor& learning_rate, SgdArgs args) {
  args.lr = one_number("SGD", "learningRate", learning_rate);
  if (args.momentum != 0) {
    args.scale = -args.lr;
    args.lr = -1;
  }
  sgd(lists, args);
}

OptimizerLists lists_of(Args args) {
  return {args[0].tensors(), args[1].tensors(), args[2].tensors(), args[3].tensors(),
          args[4].tensors()};
}
void call_adam(Args args, Tensor*) {
  const double* const n = args[6].tensor().data<double>();
  adam(lists_of(args), args[5].tensors(),
       {n[0], n[1], n[2], n[3], n[4], 0, 0, n[5] != 0, n[6] != 0, n[7] != 0});
}
void call_sgd(Args args, Tensor*) {
  const double* const n = args[6].tensor().data<double>();
  sgd(lists_of(args), {n[0], n[1], n[2], n[3], n[5] != 0 ? -1.0 : 1.0, n[4] != 0, n[6] != 0});
}

void call_keras_adam(Args args, Tensor*) {
  AdamArgs numbers{};
  numbers.beta1 = args[8].number();
  numbers.beta2 = args[9].number();
  numbers.eps = args[10].number();
  numbers.weight_decay = args[11].number();
  numbers.decoupled = true;
  numbers.amsgrad = !args[4].tensors().empty();
  keras_adam(lists_of(args), args[6].tensor(), args[7].tensor(), numbers);
}
void call_keras_sgd(Args args, Tensor*) {
  SgdArgs numbers{};
  numbers.momentum = args[7].number();
  numbers.nesterov = args[8].boolean();
  numbers.scale = 1;
  keras_sgd(lists_of(args), args[6].tensor(), numbers);
}

// Six lists: parameters, gradients, three of state, step counts.
constexpr Op update_op(const char* name, void (*call)(Args, Tensor*)) {
  return {name, "", nullptr, call, nullptr, kSaveNothing, 0};
}
constexpr Op kAdamStep = update_op("adam_step", call_adam);
constexpr Op kSgdStep = update_op("sgd_step", call_sgd);
constexpr Op kKerasAdamStep = update_op("keras_adam_step", call_keras_adam);
constexpr Op kKerasSgdStep = update_op("keras_sgd_step", call_keras_sgd);

// `rest` are the arguments after the lists.
void record_step(const Op& op, const OptimizerLists& lists, const Tensors& steps,
                 std::initializer_list<Value> rest) {
  OptimizerLists moving;
  Tensors counted, written;
  for (size_t i = 0; i < lists.params.size(); ++i) {
    if (!lists.grads[i].defined()) continue;
    take(lists, i, moving);
    if (!steps.empty()) counted.push_back(steps[i]);
  }
  if (moving.params.empty()) return;
  for (const Tensors* list :
       {&moving.params, &moving.state1, &moving.state2, &moving.state3, &counted})
    written.insert(written.end(), list->begin(), list->end());
  Values args = {moving.params, moving.grads, moving.state1, moving.state2, moving.state3, counted};
  args.insert(args.end(), rest.begin(), rest.end());
  recorder()->apply_update(op, args, written);
}

}  // namespace

void adam_step(const OptimizerLists& lists, const Tensors& steps, const AdamArgs& args) {
  adam(lists, steps, args);
  bump_versions(lists, steps);
}
void sgd_step(const OptimizerLists& lists, const SgdArgs& args) {
  sgd(lists, args);
  bump_versions(lists);
}

void record_adam(const OptimizerLists& lists, const Tensors& steps, const Tensor& numbers) {
  record_step(kAdamStep, lists, steps, {numbers});
}
void record_sgd(const OptimizerLists& lists, const Tensor& numbers) {
  record_step(kSgdStep, lists, {}, {numbers});
}

void keras_adam_step(const OptimizerLists& lists, const Tensor& iterations,
                     const Tensor& learning_rate, AdamArgs args) {
  if (active_recorder())
    return record_step(
        kKerasAdamStep, lists, {},
        {iterations, learning_rate, args.beta1, args.beta2, args.eps, args.weight_decay});
  keras_adam(lists, iterations, learning_rate, args);
  bump_versions(lists);
}
void keras_sgd_step(const OptimizerLists& lists, const Tensor& learning_rate, SgdArgs args) {
  if (active_recorder())
    return record_step(kKerasSgdStep, lists, {}, {learning_rate, args.momentum, args.nesterov});
  keras_sgd(lists, learning_rate, args);
  bump_versions(lists);
}

}  // namespace cresset
