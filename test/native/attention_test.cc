// SPDX-License-Identifier: MIT
#include "kernels.h"

using namespace cresset;

namespace {

struct Case {
  int64_t heads, queries, keys, width, value_width;
  bool causal;
  int mask;  // 0: none, 1: allows, 2: added
};

// Inputs [queries or keys, heads, width], so that the kernel reads strided rows.
template <class T>
struct Problem {
  const Case& c;
  std::vector<T> q, k, v, dy, added;
  std::vector<uint8_t> allowed;

  explicit Problem(const Case& c)
      : c(c),
        q(random_values<T>(c.heads * c.queries * c.width, -1, 1, 1)),
        k(random_values<T>(c.heads * c.keys * c.width, -1, 1, 2)),
        v(random_values<T>(c.heads * c.keys * c.value_width, -1, 1, 3)),
        dy(random_values<T>(c.heads * c.queries * c.value_width, -1, 1, 4)),
        added(random_values<T>(c.queries * c.keys, -3, 3, 5)),
        allowed(c.queries * c.keys) {
    for (int64_t i = 0; i < c.queries * c.keys; ++i)  // query 1 sees nothing
      allowed[i] = i / c.keys != 1 && added[i] > T(-1);
  }
  double score(int64_t head, int64_t i, int64_t j) const {
    if (c.causal && j > i) return -kInfinity<double>;
    if (c.mask == 1 && !allowed[i * c.keys + j]) return -kInfinity<double>;
    double sum = 0;
    for (int64_t d = 0; d < c.width; ++d)
      sum += double(q[(i * c.heads + head) * c.width + d]) * k[(j * c.heads + head) * c.width + d];
    return sum * 0.3 + (c.mask == 2 ? added[i * c.keys + j] : 0);
  }
};

template <class T>
struct Result {
  std::vector<T> y, log_sum, dq, dk, dv;
};

template <class T>
Result<T> by_kernel(Problem<T>& p) {
  const Case& c = p.c;
  Result<T> r;
  r.y.resize(c.heads * c.queries * c.value_width);
  r.log_sum.resize(c.heads * c.queries);
  r.dq.resize(p.q.size());
  r.dk.resize(p.k.size());
  r.dv.resize(p.v.size());
  const int64_t by_width[] = {c.width}, by_value_width[] = {c.value_width}, fixed[] = {0};
  const int64_t of_y[] = {c.queries * c.value_width}, of_dq[] = {c.queries * c.width},
                of_dk[] = {c.keys * c.width}, of_dv[] = {c.keys * c.value_width};
  AttentionArgs a{};
  a.queries = c.queries;
  a.keys = c.keys;
  a.width = c.width;
  a.value_width = c.value_width;
  a.dims = 1;
  a.shape = &c.heads;
  a.q = {p.q.data(), c.heads * c.width, by_width};
  a.k = {p.k.data(), c.heads * c.width, by_width};
  a.v = {p.v.data(), c.heads * c.value_width, by_value_width};
  if (c.mask) a.mask = {c.mask == 1 ? (void*)p.allowed.data() : p.added.data(), c.keys, fixed};
  a.mask_column = 1;
  a.mask_allows = c.mask == 1;
  a.causal = c.causal;
  a.scale = 0.3;
  a.y = {r.y.data(), c.value_width, of_y};
  a.log_sum = r.log_sum.data();
  a.slots = 3;
  const AttentionTable& table = *kernels().attention;
  const auto with_scratch = [&](auto run) {
    const int64_t bytes = table.scratch[kType<T>](a);
    a.scratch = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
    run(a);
    std::free(a.scratch);
  };
  with_scratch(table.forward[kType<T>]);
  a.dy = {p.dy.data(), c.heads * c.value_width, by_value_width};
  a.dq = {r.dq.data(), c.width, of_dq};
  a.dk = {r.dk.data(), c.width, of_dk};
  a.dv = {r.dv.data(), c.value_width, of_dv};
  with_scratch(table.backward[kType<T>]);
  return r;
}

// One head in double by the formulas, weights and all.
template <class T>
void check_head(const Problem<T>& p, const Result<T>& r, int64_t head) {
  const Case& c = p.c;
  const double tolerance = sizeof(T) == 4 ? 2e-5 : 1e-12;
  const auto close = [&](const char* what, T got, double want) {
    CHECK(std::fabs(got - want) <= tolerance * (1 + std::fabs(want)),
          "%s: %ld x %ld, causal %d, mask %d: %s is %.17g, not %.17g", kernels().isa,
          long(c.queries), long(c.keys), c.causal, c.mask, what, double(got), want);
  };
  std::vector<double> dk(c.keys * c.width), dv(c.keys * c.value_width), w(c.keys);
  for (int64_t i = 0; i < c.queries; ++i) {
    double largest = -kInfinity<double>, sum = 0, delta = 0;
    for (int64_t j = 0; j < c.keys; ++j) largest = std::max(largest, p.score(head, i, j));
    for (int64_t j = 0; j < c.keys; ++j) {
      w[j] = largest == -kInfinity<double> ? 0 : std::exp(p.score(head, i, j) - largest);
      sum += w[j];
    }
    const T* const dy = &p.dy[(i * c.heads + head) * c.value_width];
    std::vector<double> dw(c.keys), dq(c.width);
    for (int64_t j = 0; j < c.keys; ++j) {
      if (sum > 0) w[j] /= sum;
      for (int64_t d = 0; d < c.value_width; ++d) {
        dw[j] += dy[d] * double(p.v[(j * c.heads + head) * c.value_width + d]);
        dv[j * c.value_width + d] += w[j] * dy[d];
      }
      delta += w[j] * dw[j];
    }
    for (int64_t d = 0; d < c.value_width; ++d) {
      double y = 0;
      for (int64_t j = 0; j < c.keys; ++j)
        y += w[j] * p.v[(j * c.heads + head) * c.value_width + d];
      close("y", r.y[(head * c.queries + i) * c.value_width + d], y);
    }
    const T log_sum = r.log_sum[head * c.queries + i];
    if (sum > 0)
      close("log_sum", log_sum, largest + std::log(sum));
    else
      CHECK(log_sum == kInfinity<T>);
    for (int64_t j = 0; j < c.keys; ++j)
      for (int64_t d = 0; d < c.width; ++d) {
        const double ds = w[j] * (dw[j] - delta) * 0.3;
        dq[d] += ds * p.k[(j * c.heads + head) * c.width + d];
        dk[j * c.width + d] += ds * p.q[(i * c.heads + head) * c.width + d];
      }
    for (int64_t d = 0; d < c.width; ++d)
      close("dq", r.dq[(head * c.queries + i) * c.width + d], dq[d]);
  }
  for (int64_t i = 0; i < c.keys * c.width; ++i)
    close("dk", r.dk[head * c.keys * c.width + i], dk[i]);
  for (int64_t i = 0; i < c.keys * c.value_width; ++i)
    close("dv", r.dv[head * c.keys * c.value_width + i], dv[i]);
}

constexpr Case kCases[] = {
    {2, 5, 7, 3, 4, false, 0},    {1, 64, 64, 32, 32, true, 0},  {9, 70, 130, 16, 24, false, 1},
    {3, 130, 70, 20, 8, true, 0}, {8, 65, 200, 8, 16, true, 0},  {2, 100, 129, 12, 12, true, 2},
    {2, 3, 1, 1, 1, false, 2},    {10, 2, 150, 40, 9, false, 1},
};

template <class T>
void check_values() {
  for (const Case& c : kCases) {
    Problem<T> problem(c);
    const Result<T> result = by_kernel(problem);
    for (int64_t head = 0; head < c.heads; ++head) check_head(problem, result, head);
  }
}

std::vector<float> all_values() {
  std::vector<float> values;
  for (const Case& c : kCases) {
    Problem<float> problem(c);
    const Result<float> r = by_kernel(problem);
    for (const auto* part : {&r.y, &r.log_sum, &r.dq, &r.dk, &r.dv})
      values.insert(values.end(), part->begin(), part->end());
  }
  return values;
}

}  // namespace

int main() {
  for_each_isa([](const char* isa) {
    check_values<float>();
    check_values<double>();
    std::printf("%s: ok\n", isa);
  });
  check_same_bits(all_values, "attention");
  return finish();
}
