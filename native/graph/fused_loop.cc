// SPDX-License-Identifier: MIT
#include <algorithm>

#include "core/parallel.h"
#include "graph/fusion.h"

namespace cresset::graph {
namespace {

constexpr int64_t kTile = 512;
constexpr int64_t kGrain = 1 << 15;  // element operations in a chunk

struct Tile {
  int64_t n;
  char* const* data;
  const int64_t* strides;
};

struct Loop {
  const Fused& fused;
  const Walk& walk;

  struct Place {
    char* p;
    int64_t stride;
  };
  using Registers = char[kTile * 8];

  Place find(const Operand& o, const Tile& tile, int64_t from, Registers* registers) const {
    switch (o.place) {
      case Operand::Memory:
        return {tile.data[o.index] + from * tile.strides[o.index] * walk.item[o.index],
                tile.strides[o.index]};
      case Operand::Register:
        return {registers[o.index], 1};
      default:
        return {reinterpret_cast<char*>(const_cast<uint64_t*>(&fused.constants[o.index])), 0};
    }
  }

  // An input in the kernel's dtype, converted into `buffer` if need be.
  Place input(const Operand& o, DType wanted, int64_t n, const Tile& tile, int64_t from,
              Registers* registers, char* buffer) const {
    const Place place = find(o, tile, from, registers);
    if (o.dtype == wanted) return place;
    const bool single = place.stride == 0;
    kernels().cast->fn[static_cast<int>(o.dtype)][static_cast<int>(wanted)](
        single ? 1 : n, buffer, 1, place.p, place.stride);
    return {buffer, single ? 0 : 1};
  }

  void run_step(const FusedStep& step, int64_t n, const Tile& tile, int64_t from,
                Registers* registers, Registers* buffers) const {
    const RowKernel& kernel = step.kernel;
    Place in[3];
    for (int k = 0; k < kernel.inputs(); ++k) {
      const bool condition = kernel.where && k == 0;
      in[k] = input(step.in[k], condition ? step.in[k].dtype : kernel.in, n, tile, from, registers,
                    buffers[k]);
    }
    const Place out = find(step.out, tile, from, registers);
    const bool direct = step.out.dtype == kernel.out;
    char* const y = direct ? out.p : buffers[3];
    const int64_t ys = direct ? out.stride : 1;
    if (kernel.unary) {
      kernel.unary(n, y, ys, in[0].p, in[0].stride);
    } else if (kernel.binary) {
      kernel.binary(n, y, ys, in[0].p, in[0].stride, in[1].p, in[1].stride);
    } else {
      kernel.where(n, y, reinterpret_cast<const uint8_t*>(in[0].p), in[0].stride, in[1].p,
                   in[1].stride, in[2].p, in[2].stride);
    }
    if (direct) return;
    kernels().cast->fn[static_cast<int>(kernel.out)][static_cast<int>(step.out.dtype)](
        n, out.p, out.stride, y, 1);
  }

  void run(int64_t begin, int64_t end) const {
    alignas(64) Registers registers[kMaxRegisters];
    alignas(64) Registers buffers[4];
    for_each_run(walk, begin, end, [&](int64_t n, char* const* data, const int64_t* strides) {
      const Tile tile{n, data, strides};
      for (int64_t from = 0; from < n; from += kTile)
        for (const FusedStep& step : fused.steps)
          run_step(step, std::min(kTile, n - from), tile, from, registers, buffers);
    });
  }
};

}  // namespace

void run_fused(const Fused& fused) {
  const Tensor* tensors[kMaxOperands];
  const int operands = static_cast<int>(fused.memory.size());
  for (int k = 0; k < operands; ++k) tensors[k] = &fused.memory[k];
  const Walk walk(tensors, operands);
  const Loop loop{fused, walk};
  const int64_t n = walk.count(), grain = kGrain / static_cast<int64_t>(fused.steps.size());
  if (n <= grain) return loop.run(0, n);
  parallel_for(
      n, grain,
      [](void* ctx, int64_t begin, int64_t end) { static_cast<const Loop*>(ctx)->run(begin, end); },
      const_cast<Loop*>(&loop));
}

}  // namespace cresset::graph
