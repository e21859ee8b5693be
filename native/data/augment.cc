// SPDX-License-Identifier: MIT
#include "data/augment.h"

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "kernels/table.h"

namespace cresset::data {
namespace {

constexpr int64_t kGrainPixels = 65536;

// Where the rows, or the columns, of an image come from: a place in the source, or -1 - k for the
// k-th fill.
struct Axis {
  int size;
  int32_t from[kMostSide];

  explicit Axis(int n) : size(n) {
    for (int i = 0; i < n; ++i) from[i] = i;
  }
  void flip() { std::reverse(from, from + size); }
  void crop(int begin, int length) {
    std::copy(from + begin, from + begin + length, from);
    size = length;
  }
  void pad(int before, int after, Border border, int fill) {
    int32_t old[kMostSide];
    std::copy(from, from + size, old);
    const int n = size;
    size += before + after;
    for (int i = 0; i < size; ++i) {
      const int at = i - before;
      const bool inside = at >= 0 && at < n;
      from[i] = inside || border != Border::Constant ? old[mirror(at, n, border)] : -1 - fill;
    }
  }
  static int mirror(int at, int n, Border border) {
    if (at >= 0 && at < n) return at;
    if (border == Border::Edge) return at < 0 ? 0 : n - 1;
    const int edge = border == Border::Symmetric;
    return at < 0 ? -at - edge : 2 * (n - 1) - at + edge;
  }
};

// The random numbers of one visit, in blocks of four as a generator reserves them.
struct Draws {
  uint64_t seed;
  int64_t offset;
  double u[2];

  void next(int n) {
    constexpr int kDouble = static_cast<int>(ComputeType::Float64);
    kernels().random->uniform[kDouble](n, u, seed, static_cast<uint64_t>(offset), 0, 1);
    offset += 4;
  }
};
int up_to(int n, double u) { return static_cast<int>(std::floor(u * (n + 1))); }

void apply(const Step& step, Axis& rows, Axis& columns, Draws& draws) {
  switch (step.kind) {
    case Step::Pad:
      rows.pad(step.top, step.bottom, step.border, step.fill);
      columns.pad(step.left, step.right, step.border, step.fill);
      return;
    case Step::Crop:
      draws.next(2);
      rows.crop(up_to(rows.size - step.height, draws.u[0]), step.height);
      columns.crop(up_to(columns.size - step.width, draws.u[1]), step.width);
      return;
    case Step::FlipX:
    case Step::FlipY:
      draws.next(1);
      if (draws.u[0] < step.p) (step.kind == Step::FlipX ? columns : rows).flip();
  }
}

// The longest stretch of consecutive columns from the first one that is no fill, forwards or back.
struct Run {
  int begin = 0, end = 0, step = 1;

  explicit Run(const Axis& axis) {
    while (begin < axis.size && axis.from[begin] < 0) ++begin;
    end = begin;
    if (begin + 1 < axis.size && axis.from[begin + 1] < axis.from[begin]) step = -1;
    while (end < axis.size && axis.from[end] >= 0 &&
           axis.from[end] == axis.from[begin] + step * (end - begin))
      ++end;
  }
};

struct Job {
  const Augment& plan;
  std::span<const int64_t> rows;
  const uint8_t* from;
  float* to;
  uint64_t seed;
  int64_t first;
  float values[kMostChannels][256];  // what each byte becomes

  // What lies at (y, x) of the result, of channel c; a later border lies over an earlier one.
  float at(const uint8_t* image, int32_t y, int32_t x, int c) const {
    if (y >= 0 && x >= 0)
      return values[c][image[(int64_t{y} * plan.width + x) * plan.channels + c]];
    return plan.fills[(-1 - std::min(y, x)) * plan.channels + c];
  }
  void write_row(const uint8_t* image, float* row, int32_t y, const Axis& columns, const Run& run,
                 int c) const {
    const bool fast = y >= 0;
    const int begin = fast ? run.begin : columns.size, end = fast ? run.end : columns.size;
    for (int j = 0; j < begin; ++j) row[j] = at(image, y, columns.from[j], c);
    if (end > begin) {
      const int64_t start = int64_t{y} * plan.width + columns.from[begin];
      const uint8_t* pixel = image + start * plan.channels + c;
      const int stride = run.step * plan.channels;
      for (int j = begin; j < end; ++j, pixel += stride) row[j] = values[c][*pixel];
    }
    for (int j = end; j < columns.size; ++j) row[j] = at(image, y, columns.from[j], c);
  }
  void write(int64_t r) const {
    Axis lines(plan.height), columns(plan.width);
    Draws draws = {seed, (first + r) * kNumbersPerVisit, {}};
    for (const Step& step : plan.steps) apply(step, lines, columns, draws);
    const Run run(columns);
    const uint8_t* image = from + rows[r] * plan.height * plan.width * plan.channels;
    float* row = to + r * plan.channels * plan.out_height * plan.out_width;
    for (int c = 0; c < plan.channels; ++c)
      for (int i = 0; i < plan.out_height; ++i, row += plan.out_width)
        write_row(image, row, lines.from[i], columns, run, c);
  }
  static void run(void* ctx, int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) static_cast<const Job*>(ctx)->write(r);
  }
};

}  // namespace

void augment(const Augment& plan, std::span<const int64_t> rows, const uint8_t* from, float* to,
             uint64_t seed, int64_t first) noexcept {
  Job job = {plan, rows, from, to, seed, first, {}};
  uint8_t bytes[256];
  for (int i = 0; i < 256; ++i) bytes[i] = static_cast<uint8_t>(i);
  const int64_t only = 0;
  for (int c = 0; c < plan.channels; ++c)
    kernels().image->gather_normalize(1, 256, job.values[c], bytes, &only, plan.mean[c],
                                      plan.std[c]);
  const int64_t pixels = int64_t{plan.channels} * plan.out_height * plan.out_width;
  parallel_for(static_cast<int64_t>(rows.size()), std::max<int64_t>(kGrainPixels / pixels, 1),
               Job::run, &job);
}

}  // namespace cresset::data
