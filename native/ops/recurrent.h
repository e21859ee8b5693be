// SPDX-License-Identifier: MIT
#pragma once
#include <algorithm>

#include "core/parallel.h"
#include "kernels/table.h"
#include "ops/op.h"

// What the recurrent layers share. The input's part of the gates comes in for all steps at once;
// here a block of sequences and hidden units goes through a step: its part of the product with the
// state, then the cell. Sequences know nothing of each other: where they make a block for each
// thread, it takes its own through all steps and no core waits for another or reads what it wrote.
// Fewer share each step, a parallel loop over the blocks.
namespace cresset {

struct Steps {
  int64_t steps, batch, hidden, gates;  // gates: those of the product with the state
  bool reverse;                         // the last step of the input comes first
  int type;                             // a ComputeType
  int64_t item;                         // bytes of a number

  int64_t unit_blocks, row_blocks;  // of kUnits hidden units, of sequences

  Steps(const Tensor& w_hh, int64_t steps, int64_t batch, bool reverse);

  static constexpr int64_t kUnits = 32;
  static constexpr int64_t kMinRows = 16, kMaxRows = 96;  // fewer would wait for the weights
};

// The part of one step that one thread computes.
struct StepBlock {
  int64_t step, row, rows, unit, units, block;
  int64_t before;  // the step whose state comes in, or -1: the start
  int64_t after;   // the step that takes this one's state, or -1

  int64_t state_at(const Steps& s) const { return row * s.hidden + unit; }
  // Among [steps, batch, gates, hidden].
  int64_t gates_at(const Steps& s, int64_t gates) const {
    return (step * s.batch + row) * gates * s.hidden + unit;
  }
  CellBlock cell(const Steps& s) const { return {rows, units, s.hidden}; }
};

// Calls body(ctx, block) for every block of every step, in the order of time or from its end.
void run_steps(const Steps& s, bool from_end, void (*body)(const void* ctx, const StepBlock& b),
               const void* ctx);
template <class Body>
void for_each_step(const Steps& s, bool from_end, const Body& body) {
  run_steps(
      s, from_end, [](const void* ctx, const StepBlock& b) { (*static_cast<const Body*>(ctx))(b); },
      &body);
}

// The weights of the state [gates * hidden, hidden], packed for all steps: a matrix for each gate
// and block of units, or for the way back one for each block.
class StateWeights {
 public:
  StateWeights(const Steps& s, const Tensor& w_hh, bool backward);
  // c (row stride ldc, at the block's first unit) = [c +] h w^T of one gate [+ bias][, relu], where
  // h are the block's rows of the state.
  void multiply(const StepBlock& b, int64_t gate, const char* h, char* c, int64_t ldc,
                bool accumulate, const char* bias = nullptr, bool relu = false) const;
  // dh (rows of `hidden`) += d w, where d are the block's rows of the gates' gradient.
  void multiply_back(const StepBlock& b, const char* d, char* dh) const;
  // The same for the first step: dh [batch, hidden] becomes the gradient of the start.
  void add_start_gradient(const Tensor& d, const Tensor& dh) const;

 private:
  GemmArgs block_args(const StepBlock& b, int64_t index) const;
  void pack(int64_t index, const char* w) const;

  const Steps& s_;
  const bool backward_;
  int64_t matrix_bytes_;
  Tensor packed_;
};

// Asks for the block's part of rows of `row` numbers, which lie far apart, while it multiplies.
void prefetch_rows(const Steps& s, const StepBlock& b, const char* x, int64_t row);
// to (rows of `hidden` numbers at the block) = from, or from is added.
void copy_rows(const Steps& s, const StepBlock& b, char* to, int64_t to_row, const char* from,
               int64_t from_row);
void add_rows(const Steps& s, const StepBlock& b, char* to, const char* from);

// Shape, dtype and contents of what comes in: x [T, B, gates * H], states [B, H], w [gates * H, H].
void check_recurrent(const char* op, int64_t gates, const Tensor& x, const Tensor& w_hh,
                     std::initializer_list<const Tensor*> states);

// Recorded: the gradient of the state's weights, d^T h_before over all steps; of one step; a stack
// of steps.
Tensor state_weights_gradient(const Tensor& d, const Tensor& h, const Tensor& h0, bool reverse);
Tensor step_of(const Tensor& x, int64_t step);
Tensor stack_steps(const Tensors& steps);
// Part i of n along the last dimension.
Tensor part_of(const Tensor& x, int64_t i, int64_t n);

}  // namespace cresset
