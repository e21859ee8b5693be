// SPDX-License-Identifier: MIT
#pragma once
#include "graph/graph.h"
#include "ops/elementwise.h"

// Elementwise calls over one shape as one loop: tile by tile, intermediate results in registers
// that stay in the first-level cache. Each call's kernel and roundings are those it has alone.
namespace cresset::graph {

// Where a call finds or leaves a value.
struct Operand {
  enum Place : uint8_t { Memory, Register, Constant } place;
  int index;  // into `memory`, a register's number, or into `constants`
  DType dtype;
};

struct FusedStep {
  RowKernel kernel;
  Operand in[3], out;
};

struct Fused {
  std::vector<FusedStep> steps;
  std::vector<Tensor> memory;  // the first is an output, of the full shape
  std::vector<uint64_t> constants;
  int registers = 0;
};

inline constexpr int kMaxRegisters = 16;

void run_fused(const Fused& fused);

}  // namespace cresset::graph
