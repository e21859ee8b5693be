// SPDX-License-Identifier: MIT
#include "conv_problem.h"

using namespace cresset;

namespace {

using Bf16 = Problem<uint16_t>;

std::vector<uint16_t> forward(Bf16&& problem) {
  problem.run(kernels().conv_bf16->conv, kernels().conv_bf16->scratch);
  return problem.y;
}
std::vector<uint16_t> weight(Bf16&& problem) {
  problem.run(kernels().conv_bf16->weight_gradient, kernels().conv_bf16->weight_scratch);
  return problem.w;
}

// As docs/determinism.md has it: 32 channels at a time and of those one tap after the other; of
// each the even and the odd channels' products are summed apart, from zero. The bias comes last.
void check_forward(const Case& shape, int64_t index) {
  Bf16 problem(shape, false, shape.channels_last);
  const int64_t taps = problem.taps, blocks = (shape.channels + 31) / 32;
  const size_t outputs = problem.y.size();
  std::vector<float> parts(outputs * blocks * taps * 2);
  problem.each_product([&](int64_t x, int64_t w, int64_t y) {
    const int64_t step = w % (shape.channels * taps), c = step / taps, t = step % taps;
    parts[((y * blocks + c / 32) * taps + t) * 2 + c % 2] +=
        bfloat16_to_float(problem.w[w]) * bfloat16_to_float(problem.x[x]);
  });
  const std::vector<uint16_t> got = forward(std::move(problem));
  for (size_t y = 0; y < outputs; ++y) {
    float sum = 0;
    for (int64_t i = 0; i < blocks * taps; ++i)
      sum += parts[(y * blocks * taps + i) * 2] + parts[(y * blocks * taps + i) * 2 + 1];
    const int64_t channels = shape.groups * shape.rows;
    if (shape.bias) sum += problem.bias[(shape.channels_last ? y : y / problem.outputs) % channels];
    const float want = bfloat16_to_float(float_to_bfloat16(sum));
    CHECK(bfloat16_to_float(got[y]) == want, "case %ld: y[%zu] is %g, not %g", long(index), y,
          bfloat16_to_float(got[y]), want);
  }
}

// Of sums in float32, rounded to eight bits.
void check_weight(const Case& shape, int64_t index) {
  Bf16 problem(shape, false, false);
  std::vector<double> want(problem.w.size()), size = want;
  problem.each_product([&](int64_t x, int64_t w, int64_t y) {
    const double term = double{bfloat16_to_float(problem.x[x])} * bfloat16_to_float(problem.y[y]);
    want[w] += term;
    size[w] += std::fabs(term);
  });
  const std::vector<uint16_t> got = weight(std::move(problem));
  for (size_t i = 0; i < want.size(); ++i)
    CHECK(std::fabs(bfloat16_to_float(got[i]) - want[i]) <=
              std::fabs(want[i]) * 0x1p-8 + size[i] * 0x1p-20 + 0x1p-126,
          "case %ld: w[%zu] is %g, not %g", long(index), i, bfloat16_to_float(got[i]), want[i]);
}

// Samples that are cut into slices, many samples in a pass, and more than one pass.
const Case kLarge[] = {
    {1, 1, 40, 33, {1, 150, 70}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}, false, true},
    {2, 1, 33, 40, {1, 1, 9000}, {1, 1, 5}, {1, 1, 2}, {0, 0, 2}, {1, 1, 1}, false, false},
    {1, 1, 64, 20, {9, 30, 30}, {3, 3, 3}, {2, 1, 2}, {1, 1, 1}, {1, 1, 1}, false, false},
    {150, 1, 70, 70, {1, 5, 6}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}, false, true},
    {3, 1, 16, 16, {1, 9, 40}, {1, 3, 9}, {1, 3, 5}, {0, 4, 6}, {1, 2, 3}, true, false},
    {2, 1, 16, 20, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0, 3, 4}, {1, 1, 1}, false, true},
    {2, 1, 16, 20, {1, 6, 7}, {1, 1, 1}, {1, 1, 1}, {0, -1, -2}, {1, 1, 1}, false, false},
};

// Against the values, then for any number of threads.
void check(const Case& shape, int64_t index) {
  check_forward(shape, index);
  check_weight(shape, index);
  std::vector<uint16_t> first[2];
  for (int threads = 1; threads <= 3; ++threads) {
    set_num_threads(threads);
    const std::vector<uint16_t> results[] = {forward(Bf16(shape, false, false)),
                                             weight(Bf16(shape, false, false))};
    for (int i = 0; i < 2; ++i) {
      if (threads == 1) first[i] = results[i];
      CHECK(first[i] == results[i], "case %ld: other bits with %d threads", long(index), threads);
    }
  }
  set_num_threads(default_num_threads());
}

}  // namespace

int main() {
  for_each_isa([](const char* isa) {
    if (!kernels().conv_bf16) return;
    for (const Case& shape : kCases) check(shape, &shape - kCases);
    for (const Case& shape : kLarge) check(shape, 100 + (&shape - kLarge));
    std::printf("%s: ok\n", isa);
  });
  CHECK(kernels().isa != nullptr);  // no processor has to have it
  return finish();
}
