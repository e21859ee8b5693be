// SPDX-License-Identifier: MIT
#include <algorithm>

#include "core/half.h"
#include "kernels.h"

using namespace cresset;

namespace {

constexpr int64_t kSlots = 3;

struct Shape {
  int64_t m, n, k;
  bool ta, tb, bias, relu;
  int64_t padding;  // of every leading dimension
};

using Halves = std::vector<uint16_t>;

// Bfloat16 of every size of exponent in [lo, hi), some of them zero.
Halves random_halves(int64_t n, int lo, int hi, std::mt19937_64& random) {
  Halves x(n);
  for (uint16_t& h : x) {
    const uint64_t bits = random();
    const auto exponent = static_cast<uint16_t>(127 + lo + bits % (hi - lo));
    h = bits >> 60 == 0 ? 0 : static_cast<uint16_t>(exponent << 7 | (bits >> 32 & 0x807f));
  }
  return x;
}
std::vector<float> floats_of(const Halves& x) {
  std::vector<float> y(x.size());
  std::transform(x.begin(), x.end(), y.begin(), bfloat16_to_float);
  return y;
}

struct Problem {
  Shape s;
  int64_t lda, ldb, ldc;
  Halves a, b;
  std::vector<float> bias;

  Problem(const Shape& s, int lo, int hi, std::mt19937_64& random)
      : s(s),
        lda((s.ta ? s.m : s.k) + s.padding),
        ldb((s.tb ? s.k : s.n) + s.padding),
        ldc(s.n + s.padding),
        a(random_halves((s.ta ? s.k : s.m) * lda, lo, hi, random)),
        b(random_halves((s.tb ? s.n : s.k) * ldb, lo, hi, random)),
        bias(random_values<float>(s.n, -1, 1, random())) {}

  GemmArgs args(const void* a, const void* b, void* c, void* scratch) const {
    return {s.m,
            s.n,
            s.k,
            a,
            lda,
            s.ta,
            b,
            ldb,
            s.tb,
            c,
            ldc,
            false,
            s.bias ? bias.data() : nullptr,
            s.relu,
            scratch,
            kSlots};
  }
  int64_t a_index(int64_t i, int64_t p) const { return s.ta ? p * lda + i : i * lda + p; }
  int64_t b_index(int64_t p, int64_t j) const { return s.tb ? j * ldb + p : p * ldb + j; }
};

struct Scratch {
  void* p;
  explicit Scratch(int64_t bytes) : p(std::aligned_alloc(64, (bytes + 64) / 64 * 64)) {}
  ~Scratch() { std::free(p); }
};

constexpr uint16_t kUntouched = 0x1234;

Halves multiply(const Problem& x) {
  Halves c(x.s.m * x.ldc, kUntouched);
  const GemmBf16Table& table = *kernels().gemm_bf16;
  const Scratch scratch(table.scratch(x.s.m, x.s.n, x.s.k, kSlots));
  table.gemm(x.args(x.a.data(), x.b.data(), c.data(), scratch.p));
  return c;
}

// What other processors do: the product of the converted matrices, rounded.
Halves by_conversion(const Problem& x) {
  const std::vector<float> a = floats_of(x.a), b = floats_of(x.b);
  std::vector<float> sums(x.s.m * x.ldc);
  const GemmTable& table = *kernels().gemm;
  const Scratch scratch(table.scratch[kType<float>](x.s.m, x.s.n, x.s.k, kSlots));
  table.gemm[kType<float>](x.args(a.data(), b.data(), sums.data(), scratch.p));
  Halves c(sums.size(), kUntouched);
  for (int64_t i = 0; i < x.s.m; ++i)
    for (int64_t j = 0; j < x.s.n; ++j) c[i * x.ldc + j] = float_to_bfloat16(sums[i * x.ldc + j]);
  return c;
}

// As Intel documents TDPBF16PS: the even and the odd products of 32 steps are summed apart, from
// zero, and then added to what was there. (In float32 the products themselves are exact.)
Halves by_blocks(const Problem& x) {
  const std::vector<float> a = floats_of(x.a), b = floats_of(x.b);
  Halves c(x.s.m * x.ldc, kUntouched);
  for (int64_t i = 0; i < x.s.m; ++i)
    for (int64_t j = 0; j < x.s.n; ++j) {
      float sum = 0;
      for (int64_t p0 = 0; p0 < x.s.k; p0 += 32) {
        float part[2] = {};
        for (int64_t p = p0; p < std::min(p0 + 32, x.s.k); ++p)
          part[p % 2] += a[x.a_index(i, p)] * b[x.b_index(p, j)];
        sum += part[0] + part[1];
      }
      if (x.s.bias) sum += x.bias[j];
      if (x.s.relu && sum < 0) sum = 0;
      c[i * x.ldc + j] = float_to_bfloat16(sum);
    }
  return c;
}

Halves expected(const Problem& x) {
  return std::strcmp(kernels().isa, "amx") == 0 ? by_blocks(x) : by_conversion(x);
}

void check_shape(const Shape& s, std::mt19937_64& random) {
  const Problem x(s, -12, 12, random);
  const Halves got = multiply(x), want = expected(x);
  for (int64_t i = 0; i < s.m * x.ldc; ++i)
    CHECK(got[i] == want[i], "%ld x %ld x %ld, ta %d, tb %d: C[%ld] is %g, not %g", long(s.m),
          long(s.n), long(s.k), s.ta, s.tb, long(i), bfloat16_to_float(got[i]),
          bfloat16_to_float(want[i]));
}

void check_shapes() {
  std::mt19937_64 random(num_threads());
  const int64_t sizes[] = {0, 1, 2, 3, 11, 12, 13, 16, 17, 31, 32, 33, 48, 65, 100, 150};
  const auto size = [&] { return sizes[random() % std::size(sizes)]; };
  for (int round = 0; round < 100; ++round) {
    const uint64_t bits = random();
    check_shape({size(), size(), size(), bool(bits & 1), bool(bits & 2), bool(bits & 4),
                 bool(bits & 8), int64_t(bits >> 4 & 3)},
                random);
  }
  for (int transposes = 0; transposes < 4; ++transposes) {
    const bool ta = transposes & 1, tb = transposes & 2;
    check_shape({64, 128, 784, ta, tb, true, true, 0}, random);
    check_shape({300, 300, 101, ta, tb, false, false, 3}, random);
    check_shape({1, 130, 2000, ta, tb, true, false, 0}, random);
    for (int64_t rows : {1, 2, 3, 16, 17, 64, 65})  // 64 keep their sums between blocks of steps
      check_shape({rows, 300, 601, ta, tb, ta, !tb, 1}, random);
    for (int64_t rows : {1, 20, 32})  // a large transposed B is read in place
      check_shape({rows, 333, 1777, ta, tb, !ta, tb, 2}, random);
    check_shape({150, 8, 40000, ta, tb, false, false, 0}, random);  // several passes
  }
}

// Against the sum in double: k additions in float32 and one rounding to eight bits.
void check_accuracy() {
  std::mt19937_64 random(9);
  const Problem x({40, 50, 600, false, true, true, false, 0}, -8, 8, random);
  const Halves got = multiply(x);
  const std::vector<float> a = floats_of(x.a), b = floats_of(x.b);
  for (int64_t i = 0; i < x.s.m; ++i)
    for (int64_t j = 0; j < x.s.n; ++j) {
      double sum = x.bias[j], size = std::fabs(sum);
      for (int64_t p = 0; p < x.s.k; ++p) {
        const double term = static_cast<double>(a[x.a_index(i, p)]) * b[x.b_index(p, j)];
        sum += term;
        size += std::fabs(term);
      }
      const double bound = (x.s.k + 1) * size * 0x1p-24 * 1.01 + std::fabs(sum) * 0x1p-8;
      const double error = std::fabs(bfloat16_to_float(got[i * x.ldc + j]) - sum);
      CHECK(error <= bound, "C[%ld, %ld]: off by %g, more than %g", long(i), long(j), error, bound);
    }
}

// Sums and elements below 2^-126 count as zero: an error of at most so much a step.
void check_tiny() {
  std::mt19937_64 random(4);
  const Problem x({20, 40, 64, false, false, false, false, 0}, -127, 0, random);
  const Halves got = multiply(x), want = expected(x);
  for (size_t i = 0; i < got.size(); ++i) {
    const double expected = bfloat16_to_float(want[i]);
    const double bound = 64 * 0x1p-126 + std::fabs(expected) * 0x1p-7;
    CHECK(std::fabs(bfloat16_to_float(got[i]) - expected) <= bound, "C[%zu]", i);
  }
}

void check_special() {
  const uint16_t inf = 0x7f80, nan = 0x7fc1, one = 0x3f80, largest = 0x7f7f;
  std::mt19937_64 random;
  Problem x({4, 1, 1, false, false, false, true, 0}, 0, 1, random);
  x.a = {inf, nan, one, largest};
  x.b = {one};
  Halves y = multiply(x);
  CHECK(y[0] == inf && std::isnan(bfloat16_to_float(y[1])) && y[2] == one && y[3] == largest);
  x.b = {inf};
  y = multiply(x);
  CHECK(y[0] == inf && std::isnan(bfloat16_to_float(y[1])) && y[2] == inf);
}

}  // namespace

int main() {
  for_each_isa([](const char* isa) {
    if (!kernels().gemm_bf16) return;
    for (int threads = 1; threads <= 3; ++threads) {
      set_num_threads(threads);
      check_shapes();
    }
    check_accuracy();
    check_tiny();
    check_special();
    std::printf("%s: ok\n", isa);
  });
  CHECK(kernels().isa != nullptr);  // no processor has to have it
  return finish();
}
