// SPDX-License-Identifier: MIT
#include "ops/recurrent.h"

#include <cstring>

#include "ops/math.h"
#include "ops/scratch.h"

namespace cresset {
namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

Steps::Steps(const Tensor& w_hh, int64_t steps, int64_t batch, bool reverse)
    : steps(steps),
      batch(batch),
      hidden(w_hh.size(1)),
      gates(w_hh.size(1) > 0 ? w_hh.size(0) / w_hh.size(1) : 0),
      reverse(reverse),
      type(static_cast<int>(compute_type(w_hh.dtype()))),
      item(item_size(w_hh.dtype())) {
  unit_blocks = ceil_div(hidden, kUnits);
  const int64_t rows = std::clamp(ceil_div(batch, num_threads()), kMinRows, kMaxRows);
  row_blocks = ceil_div(batch, rows);
}

namespace {

struct Loop {
  const Steps& s;
  bool from_end;
  void (*body)(const void* ctx, const StepBlock& b);
  const void* ctx;
  int64_t turn = 0;  // of the steps

  int64_t step_at(int64_t time) const {
    return time < 0 || time >= s.steps ? -1 : s.reverse ? s.steps - 1 - time : time;
  }
  void run(int64_t turn, int64_t rows, int64_t block) const {
    const int64_t time = from_end ? s.steps - 1 - turn : turn;
    const int64_t row = s.batch * rows / s.row_blocks, unit = block * Steps::kUnits;
    const int64_t end = s.batch * (rows + 1) / s.row_blocks;
    body(ctx, {step_at(time), row, end - row, unit, std::min(s.hidden - unit, Steps::kUnits), block,
               step_at(time - 1), step_at(time + 1)});
  }

  static void all_steps(void* ctx, int64_t begin, int64_t) {
    const Loop& loop = *static_cast<const Loop*>(ctx);
    for (int64_t turn = 0; turn < loop.s.steps; ++turn)
      for (int64_t block = 0; block < loop.s.unit_blocks; ++block) loop.run(turn, begin, block);
  }
  static void one_step(void* ctx, int64_t begin, int64_t) {
    const Loop& loop = *static_cast<const Loop*>(ctx);
    loop.run(loop.turn, begin / loop.s.unit_blocks, begin % loop.s.unit_blocks);
  }
};

}  // namespace

void run_steps(const Steps& s, bool from_end, void (*body)(const void* ctx, const StepBlock& b),
               const void* ctx) {
  Loop loop{s, from_end, body, ctx};
  if (s.row_blocks >= num_threads()) return parallel_for(s.row_blocks, 1, Loop::all_steps, &loop);
  for (; loop.turn < s.steps; ++loop.turn)
    parallel_for(s.row_blocks * s.unit_blocks, 1, Loop::one_step, &loop);
}

StateWeights::StateWeights(const Steps& s, const Tensor& w_hh, bool backward)
    : s_(s), backward_(backward) {
  const int64_t steps = backward ? s.gates * s.hidden : s.hidden;
  const int64_t matrices = s.unit_blocks * (backward ? 1 : s.gates);
  matrix_bytes_ = kernels().gemm->packed_bytes[s.type](Steps::kUnits, steps);
  matrix_bytes_ = (matrix_bytes_ + 63) & ~int64_t{63};
  packed_ = scratch(matrices * matrix_bytes_);
  struct Job {
    const StateWeights& weights;
    const char* w;
  } job{*this, w_hh.bytes()};
  parallel_for(
      matrices, 1,
      [](void* ctx, int64_t begin, int64_t end) {
        const Job& job = *static_cast<const Job*>(ctx);
        for (int64_t i = begin; i < end; ++i) job.weights.pack(i, job.w);
      },
      &job);
}

void StateWeights::pack(int64_t index, const char* w) const {
  const int64_t gate = index / s_.unit_blocks, unit = index % s_.unit_blocks * Steps::kUnits;
  GemmArgs args{};
  args.n = std::min(s_.hidden - unit, Steps::kUnits);
  args.k = backward_ ? s_.gates * s_.hidden : s_.hidden;
  args.b = w + (backward_ ? unit : (gate * s_.hidden + unit) * s_.hidden) * s_.item;
  args.ldb = s_.hidden;
  args.tb = !backward_;
  kernels().gemm->pack[s_.type](args, packed_.bytes() + index * matrix_bytes_);
}

GemmArgs StateWeights::block_args(const StepBlock& b, int64_t index) const {
  GemmArgs args{};
  args.m = b.rows;
  args.n = b.units;
  args.k = args.lda = backward_ ? s_.gates * s_.hidden : s_.hidden;
  args.packed_b = packed_.bytes() + index * matrix_bytes_;
  return args;
}

void StateWeights::multiply(const StepBlock& b, int64_t gate, const char* h, char* c, int64_t ldc,
                            bool accumulate, const char* bias, bool relu) const {
  GemmArgs args = block_args(b, gate * s_.unit_blocks + b.block);
  args.a = h + b.row * s_.hidden * s_.item;
  args.c = c;
  args.ldc = ldc;
  args.accumulate = accumulate;
  args.bias = bias;
  args.relu = relu;
  kernels().gemm->gemm[s_.type](args);
}

void StateWeights::multiply_back(const StepBlock& b, const char* d, char* dh) const {
  GemmArgs args = block_args(b, b.block);
  args.a = d + b.row * s_.gates * s_.hidden * s_.item;
  args.c = dh + b.state_at(s_) * s_.item;
  args.ldc = s_.hidden;
  args.accumulate = true;
  kernels().gemm->gemm[s_.type](args);
}

void StateWeights::add_start_gradient(const Tensor& d, const Tensor& dh) const {
  const int64_t first = s_.reverse ? s_.steps - 1 : 0;
  const char* const gates = d.bytes() + first * s_.batch * s_.gates * s_.hidden * s_.item;
  Steps one = s_;
  one.steps = 1;
  for_each_step(one, true, [&](const StepBlock& b) { multiply_back(b, gates, dh.bytes()); });
}

void prefetch_rows(const Steps& s, const StepBlock& b, const char* x, int64_t row) {
  for (int64_t r = 0; r < b.rows; ++r, x += row * s.item)
    for (int64_t at = 0; at < b.units * s.item; at += 64) __builtin_prefetch(x + at, 1, 2);
}

void copy_rows(const Steps& s, const StepBlock& b, char* to, int64_t to_row, const char* from,
               int64_t from_row) {
  for (int64_t r = 0; r < b.rows; ++r)
    std::memcpy(to + r * to_row * s.item, from + r * from_row * s.item, b.units * s.item);
}

void add_rows(const Steps& s, const StepBlock& b, char* to, const char* from) {
  const BinaryFn add = kernels().binary->fn[static_cast<int>(BinaryOp::add)][s.type];
  for (int64_t r = 0; r < b.rows; ++r) {
    const int64_t at = r * s.hidden * s.item;
    add(b.units, to + at, 1, to + at, 1, from + at, 1);
  }
}

namespace {

void check_dims(const char* op, const char* arg, const Tensor& x, const Dims& want, DType dtype) {
  if (x.shape() != want)
    fail(ErrorKind::Shape, "%s: %s: expected shape %s, got %s", op, arg, to_string(want).c_str(),
         to_string(x.shape()).c_str());
  if (x.dtype() != dtype)
    fail(ErrorKind::DType, "%s: %s: expected dtype %s, got %s", op, arg, name(dtype),
         name(x.dtype()));
}

}  // namespace

void check_recurrent(const char* op, int64_t gates, const Tensor& x, const Tensor& w_hh,
                     std::initializer_list<const Tensor*> states) {
  if (x.dtype() != DType::Float32 && x.dtype() != DType::Float64)
    fail(ErrorKind::DType, "%s: expected float32 or float64, got %s", op, name(x.dtype()));
  if (x.ndim() != 3 || x.size(0) == 0)
    fail(ErrorKind::Shape, "%s: expected gates of shape [steps, batch, %lld * hidden], got %s", op,
         static_cast<long long>(gates), to_string(x.shape()).c_str());
  if (w_hh.ndim() != 2)
    fail(ErrorKind::Shape, "%s: w_hh: expected a matrix, got shape %s", op,
         to_string(w_hh.shape()).c_str());
  const int64_t hidden = w_hh.size(1);
  check_dims(op, "w_hh", w_hh, {gates * hidden, hidden}, x.dtype());
  check_dims(op, "gates", x, {x.size(0), x.size(1), gates * hidden}, x.dtype());
  for (const Tensor* state : states)
    check_dims(op, "state", *state, {x.size(1), hidden}, x.dtype());
}

Tensor step_of(const Tensor& x, int64_t step) { return squeeze(slice(x, 0, step, step + 1), 0); }

Tensor stack_steps(const Tensors& steps) {
  Tensors rows;
  for (const Tensor& step : steps) rows.push_back(unsqueeze(step, 0));
  return cat(rows, 0);
}

Tensor part_of(const Tensor& x, int64_t i, int64_t n) {
  const int dim = x.ndim() - 1;
  const int64_t size = x.size(dim) / n;
  return slice(x, dim, i * size, (i + 1) * size);
}

Tensor state_weights_gradient(const Tensor& d, const Tensor& h, const Tensor& h0, bool reverse) {
  const int64_t steps = h.size(0), first = reverse ? steps - 1 : 0;
  const Tensor start = matmul(transpose(step_of(d, first), 0, 1), h0);
  if (steps == 1) return start;
  const int64_t from = reverse ? 0 : 1, before = reverse ? 1 : 0, rows = (steps - 1) * h.size(1);
  const Tensor later = reshape(slice(d, 0, from, from + steps - 1), {rows, d.size(2)});
  const Tensor states = reshape(slice(h, 0, before, before + steps - 1), {rows, h.size(2)});
  return matmul(transpose(later, 0, 1), states) + start;
}

}  // namespace cresset
