// SPDX-License-Identifier: MIT
#include <limits>

#include "core/parallel.h"
#include "kernels/elementwise.h"
#include "kernels/table.h"

// One parallel pass over all parameters: their concatenation is cut into pieces of fixed size.
// Formulas and their order are those of torch.optim; Keras' are the same with other arguments.
namespace cresset {
namespace {

constexpr int64_t kGrain = 16384;

// Averages of a gradient that stays zero (a pixel that is always black, a dead unit) decay into the
// subnormal numbers and stay there, where arithmetic takes several times as long: they end at zero.
template <class T>
SIMD_INLINE Vec<T> without_subnormals(Vec<T> x) {
  constexpr T kLeast = std::numeric_limits<T>::min();
  return ((x < kLeast) & (x > -kLeast)) ? Vec<T>{} : x;
}

// Constants in the parameters' type, the bias correction as a factor.
template <class T>
struct Adam {
  Vec<T> beta1, one_minus_beta1, beta2, one_minus_beta2, eps, weight_decay, shrink, step_size,
      rescale;
  bool maximize, decays, decoupled, amsgrad, small_beta1;

  explicit Adam(const AdamArgs& args)
      : beta1(splat(T(args.beta1))),
        one_minus_beta1(splat(T(1 - args.beta1))),
        beta2(splat(T(args.beta2))),
        one_minus_beta2(splat(T(1 - args.beta2))),
        eps(splat(T(args.eps))),
        weight_decay(splat(T(args.weight_decay))),
        shrink(splat(T(1 - args.lr * args.weight_decay))),
        step_size(splat(T(args.step_size))),
        rescale(splat(T(1 / args.bias2_sqrt))),
        maximize(args.maximize),
        decays(args.weight_decay != 0),
        decoupled(args.decoupled),
        amsgrad(args.amsgrad),
        small_beta1(args.beta1 <= 0.5) {}

  // The first n of the lanes at item i.
  SIMD_INLINE void update(const OptimizerParam& param, int64_t i, int64_t n) const {
    T* value = static_cast<T*>(param.param) + i;
    T* average = static_cast<T*>(param.state1) + i;
    T* square = static_cast<T*>(param.state2) + i;
    Vec<T> p = load_first(value, n, T(0));
    Vec<T> g = load_first(static_cast<const T*>(param.grad) + i, n, T(0));
    Vec<T> m = load_first(average, n, T(0)), v = load_first(square, n, T(0));
    if (maximize) g = -g;
    if (decays) {
      if (decoupled) p *= shrink;
      if (!decoupled) g = fma(weight_decay, p, g);
    }
    // lerp from the nearer end
    m = without_subnormals<T>(small_beta1 ? fma(beta1, m - g, g) : fma(one_minus_beta1, g - m, m));
    v = without_subnormals<T>(fma(one_minus_beta2 * g, g, beta2 * v));
    put<T>(average, n, m);
    put<T>(square, n, v);
    if (amsgrad) {
      T* largest = static_cast<T*>(param.state3) + i;
      const Vec<T> before = load_first(largest, n, T(0));
      v = ((before > v) | (before != before)) ? before : v;
      put<T>(largest, n, v);
    }
    put<T>(value, n, p - step_size * (m / fma(vsqrt(v), rescale, eps)));
  }
};

template <class T>
struct Sgd {
  Vec<T> lr, momentum, one_minus_dampening, weight_decay, scale;
  bool nesterov, scales, first, decays, remembers;

  explicit Sgd(const SgdArgs& args)
      : lr(splat(T(args.lr))),
        momentum(splat(T(args.momentum))),
        one_minus_dampening(splat(T(1 - args.dampening))),
        weight_decay(splat(T(args.weight_decay))),
        scale(splat(T(args.scale))),
        nesterov(args.nesterov),
        scales(args.scale != 1),
        first(args.first),
        decays(args.weight_decay != 0),
        remembers(args.momentum != 0) {}

  SIMD_INLINE void update(const OptimizerParam& param, int64_t i, int64_t n) const {
    T* value = static_cast<T*>(param.param) + i;
    Vec<T> p = load_first(value, n, T(0));
    Vec<T> g = load_first(static_cast<const T*>(param.grad) + i, n, T(0));
    if (scales) g *= scale;
    if (decays) g = fma(weight_decay, p, g);
    if (remembers) {
      T* buffer = static_cast<T*>(param.state1) + i;
      Vec<T> b = g;
      if (!first) {
        b = fma(one_minus_dampening, g, load_first(buffer, n, T(0)) * momentum);
        b = without_subnormals<T>(b);
      }
      put<T>(buffer, n, b);
      g = nesterov ? fma(momentum, b, g) : b;
    }
    put<T>(value, n, fma(-lr, g, p));
  }
};

template <class Rule, class T>
struct Job {
  const OptimizerParam* params;
  Rule rule;

  // Items [begin, end) of the concatenated parameters.
  static void piece(void* ctx, int64_t begin, int64_t end) {
    const Job& job = *static_cast<Job*>(ctx);
    const OptimizerParam* param = job.params;
    for (; begin >= param->n; ++param) begin -= param->n, end -= param->n;
    for (; end > 0; ++param, begin = 0) {
      const int64_t last = end < param->n ? end : param->n;
      const Rule rule = job.rule;
      int64_t i = begin;
      for (; i + kLanes<T> <= last; i += kLanes<T>) rule.update(*param, i, kLanes<T>);
      if (i < last) rule.update(*param, i, last - i);
      end -= param->n;
    }
  }
};

template <template <class> class Rule, class T, class Args>
void step(const OptimizerParam* params, int64_t count, const Args& args) {
  int64_t items = 0;
  for (int64_t i = 0; i < count; ++i) items += params[i].n;
  Job<Rule<T>, T> job = {params, Rule<T>(args)};
  parallel_for(items, kGrain, job.piece, &job);
}

constexpr OptimizerTable kTable = {
    {nullptr, step<Adam, float, AdamArgs>, step<Adam, double, AdamArgs>},
    {nullptr, step<Sgd, float, SgdArgs>, step<Sgd, double, SgdArgs>},
};

}  // namespace
}  // namespace cresset

extern "C" const cresset::OptimizerTable* KERNEL_EXPORT(optimizer)() noexcept {
  return &cresset::kTable;
}
