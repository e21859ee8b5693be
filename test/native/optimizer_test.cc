// SPDX-License-Identifier: MIT
#include "kernels.h"

using namespace cresset;

namespace {

// Sizes around vectors and pieces, an empty parameter among them.
const std::vector<int64_t> kSizes = {5, 0, 33, 1, 16384, 40000, 17};

template <class T>
struct Model {
  std::vector<std::vector<T>> values, grads, states[3];

  Model() {
    for (size_t i = 0; i < kSizes.size(); ++i) {
      values.push_back(random_values<T>(kSizes[i], -1, 1, i));
      grads.push_back(random_values<T>(kSizes[i], -1, 1, 100 + i));
      for (auto& state : states) state.emplace_back(kSizes[i]);
    }
  }
  std::vector<OptimizerParam> params() {
    std::vector<OptimizerParam> result;
    for (size_t i = 0; i < kSizes.size(); ++i)
      result.push_back({kSizes[i], values[i].data(), grads[i].data(), states[0][i].data(),
                        states[1][i].data(), states[2][i].data()});
    return result;
  }
  // Another gradient each step.
  void next(int step) {
    for (auto& grad : grads)
      for (size_t i = 0; i < grad.size(); ++i) grad[i] = std::sin(grad[i] * 3 + step);
  }
};

// torch.optim.Adam's and AdamW's formulas for one number.
struct AdamReference {
  long double p, m = 0, v = 0, largest = 0;

  void step(long double g, const AdamArgs& a) {
    if (a.maximize) g = -g;
    if (a.decoupled) p *= 1 - a.lr * a.weight_decay;
    if (!a.decoupled) g += a.weight_decay * p;
    m = a.beta1 * m + (1 - a.beta1) * g;
    v = a.beta2 * v + (1 - a.beta2) * g * g;
    largest = std::max(largest, v);
    p -= a.step_size * m / (sqrtl(a.amsgrad ? largest : v) / a.bias2_sqrt + a.eps);
  }
};
struct SgdReference {
  long double p, buffer = 0;

  void step(long double g, const SgdArgs& a) {
    g *= a.scale;
    g += a.weight_decay * p;
    if (a.momentum != 0) {
      buffer = a.first ? g : a.momentum * buffer + (1 - a.dampening) * g;
      g = a.nesterov ? g + a.momentum * buffer : buffer;
    }
    p -= a.lr * g;
  }
};

// Runs `steps` steps with the kernel and number by number; args_of(step) gives the arguments.
template <class T, class Reference, class Kernel, class ArgsOf>
void check_steps(Kernel kernel, ArgsOf args_of, const char* what) {
  constexpr int kSteps = 5;
  Model<T> model;
  std::vector<std::vector<Reference>> references;
  for (const auto& value : model.values) {
    references.emplace_back();
    for (T x : value) references.back().push_back(Reference{x});
  }
  for (int step = 1; step <= kSteps; ++step, model.next(step)) {
    const auto params = model.params();
    kernel(params.data(), params.size(), args_of(step));
    for (size_t i = 0; i < references.size(); ++i)
      for (size_t j = 0; j < references[i].size(); ++j)
        references[i][j].step(model.grads[i][j], args_of(step));
  }
  const double tolerance = 40 * std::numeric_limits<T>::epsilon();
  for (size_t i = 0; i < references.size(); ++i)
    for (size_t j = 0; j < references[i].size(); ++j)
      CHECK(fabsl(model.values[i][j] - references[i][j].p) <= tolerance, "%s: %g, not %Lg", what,
            static_cast<double>(model.values[i][j]), references[i][j].p);
}

AdamArgs adam_args(int step, AdamArgs base) {
  base.step_size = base.lr / (1 - std::pow(base.beta1, step));
  base.bias2_sqrt = std::sqrt(1 - std::pow(base.beta2, step));
  return base;
}
const AdamArgs kAdam[] = {
    {0.01, 0.9, 0.999, 1e-4, 0, 0, 0, false, false, false},
    {0.01, 0.3, 0.99, 1e-4, 0, 0, 0, false, false, true},
    {0.01, 0.9, 0.999, 1e-4, 0.1, 0, 0, false, true, false},
    {0.01, 0.9, 0.999, 1e-4, 0.1, 0, 0, true, false, true},
    {0.01, 0.9, 0.999, 1e-4, 0.1, 0, 0, true, true, false},
};
const SgdArgs kSgd[] = {
    {0.1, 0, 0, 0, 1, false, false},    {0.1, 0, 0, 0.1, -1, false, false},
    {0.1, 0.9, 0, 0, 1, false, false},  {0.1, 0.9, 0.5, 0.1, 1, false, false},
    {0.1, 0.9, 0, 0.1, 1, true, false}, {-1, 0.9, 0, 0, -0.1, true, false},
};
SgdArgs sgd_args(int step, SgdArgs base) {
  base.first = step == 1;
  return base;
}

template <class T>
void check_type() {
  for (const AdamArgs& base : kAdam)
    check_steps<T, AdamReference>(
        kernels().optimizer->adam[kType<T>], [&](int step) { return adam_args(step, base); },
        "Adam");
  for (const SgdArgs& base : kSgd)
    check_steps<T, SgdReference>(
        kernels().optimizer->sgd[kType<T>], [&](int step) { return sgd_args(step, base); }, "SGD");
}

template <class T>
void check_bits() {
  auto compute = [] {
    Model<T> model;
    const auto params = model.params();
    kernels().optimizer->adam[kType<T>](params.data(), params.size(), adam_args(1, kAdam[2]));
    kernels().optimizer->sgd[kType<T>](params.data(), params.size(), sgd_args(2, kSgd[3]));
    std::vector<T> all;
    for (const auto& value : model.values) all.insert(all.end(), value.begin(), value.end());
    return all;
  };
  check_same_bits(compute, "optimizer");
}

}  // namespace

int main() {
  for_each_isa([](const char*) {
    check_type<float>();
    check_type<double>();
  });
  check_bits<float>();
  check_bits<double>();
  return finish();
}
