// SPDX-License-Identifier: MIT
#pragma once
#include <stdint.h>

#include "core/dtype.h"

// What kernels offer to `ops`: tables of function pointers, one set per instruction set, chosen
// once by dispatch.cc. Strides count elements. Kernels get pointers, sizes, strides and scratch;
// they never allocate or throw. Those that say "parallel" split their work by parallel_for; the
// others are called from inside a loop that `ops` has already split.
namespace cresset {

enum class UnaryOp : uint8_t {
#define UNARY(name, ...) name,
#include "ops/unary.def"
#undef UNARY
  kCount
};

enum class BinaryOp : uint8_t {
#define BINARY(name, ...) name,
#include "ops/binary.def"
#undef BINARY
  kCount
};

enum class FusedOp : uint8_t {
#define FUSED(name) name,
#include "ops/fused.def"
#undef FUSED
  kCount
};

enum class ReduceOp : uint8_t {
#define REDUCE(name, ...) name,
#include "ops/reduce.def"
#undef REDUCE
  kCount
};

inline constexpr int kUnaryOpCount = static_cast<int>(UnaryOp::kCount);
inline constexpr int kBinaryOpCount = static_cast<int>(BinaryOp::kCount);
inline constexpr int kFusedOpCount = static_cast<int>(FusedOp::kCount);
inline constexpr int kReduceOpCount = static_cast<int>(ReduceOp::kCount);

// y[i * ys] = f(x[i * xs]) for i < n. Input and output have the compute type, except that
// predicates (isnan ...) write uint8 0/1. Slots are null where the op has no such type.
using UnaryFn = void (*)(int64_t n, void* y, int64_t ys, const void* x, int64_t xs);
// z[i * zs] = f(a[i * as], b[i * bs]); comparisons write uint8 0/1.
using BinaryFn = void (*)(int64_t n, void* z, int64_t zs, const void* a, int64_t as, const void* b,
                          int64_t bs);
struct UnaryTable {
  UnaryFn fn[kUnaryOpCount][kComputeTypeCount];
};
struct BinaryTable {
  BinaryFn fn[kBinaryOpCount][kComputeTypeCount];
  BinaryFn fused[kFusedOpCount][kComputeTypeCount];  // (g, saved) -> gradient; float types only
};

// y[i * ys] = (dst)x[i * xs]; float to integer truncates, out of range is defined (see cast.cc).
using CastFn = void (*)(int64_t n, void* y, int64_t ys, const void* x, int64_t xs);
using WhereFn = void (*)(int64_t n, void* y, const uint8_t* c, int64_t cs, const void* a,
                         int64_t as, const void* b, int64_t bs);
// y[c * ys + r] = x[r * xs + c]; `past_caches` as of `move`, where squares fill whole lines.
using TransposeFn = void (*)(int64_t rows, int64_t cols, void* y, int64_t ys, const void* x,
                             int64_t xs, bool past_caches);
struct CastTable {
  CastFn fn[kDTypeCount][kDTypeCount];  // [from][to]
  // y = c[i] ? a[i] : b[i], by item size 1, 2, 4, 8 (index log2).
  WhereFn where[4];
  TransposeFn transpose[4];
  // Copies past the caches, for what is too large to be found there: a line need not be read to be
  // written. Other threads see it after a fence.
  void (*move)(int64_t bytes, void* y, const void* x);
};

// y[o][i] = reduce over r of x[o][r][i], all contiguous; shape (outer, n, inner). Parallel.
// Sums of float32 run in 16 virtual lanes and fixed blocks combined in a fixed order.
// `any`, `all` write uint8; argmax, argmin write int64 (NaN wins, first of equals).
using ReduceFn = void (*)(int64_t outer, int64_t n, int64_t inner, void* y, const void* x);
struct ReduceTable {
  ReduceFn fn[kReduceOpCount][kComputeTypeCount];
};

// C = epilogue(A B [+ C]), row-major with leading dimensions; ta/tb: the stored matrix is the
// transposed one (A is k x m with row stride lda if ta). Each output is ONE chain of FMAs in
// ascending k (starting from C if accumulate, else from 0), whatever the blocking, the instruction
// set and the number of threads. bias: length n, added after the sum, or null. relu after that.
// Parallel, by `slots` threads at most. scratch: that many bytes, 64-byte aligned.
struct GemmArgs {
  int64_t m, n, k;
  const void* a;
  int64_t lda;
  bool ta;
  const void* b;
  int64_t ldb;
  bool tb;
  void* c;
  int64_t ldc;
  bool accumulate;
  const void* bias;
  bool relu;
  void* scratch;
  int64_t slots = 1;               // working sets in scratch
  const void* residual = nullptr;  // C's size and layout, apart from it: added after the bias
  const void* packed_b =
      nullptr;  // what `pack` wrote for this B: then neither b nor scratch is read
};
struct GemmTable {
  void (*gemm[kComputeTypeCount])(const GemmArgs& args);  // int64 wraps
  int64_t (*scratch[kComputeTypeCount])(int64_t m, int64_t n, int64_t k, int64_t slots);
  // Lays out B (n, k, b, ldb, tb of args) for many products; 64-byte aligned. Parallel.
  void (*pack[kComputeTypeCount])(const GemmArgs& args, void* packed_b);
  int64_t (*packed_bytes[kComputeTypeCount])(int64_t n, int64_t k);
};

// The same of bfloat16, without packed_b and accumulate: sums and bias are float32, C is rounded
// once. A chain's steps are those of float32 but that values below 2^-126 count as zero.
struct GemmBf16Table {
  void (*gemm)(const GemmArgs& args);
  int64_t (*scratch)(int64_t m, int64_t n, int64_t k, int64_t slots);
};

// Along a contiguous last dimension, rows x cols, float types only. Parallel.
struct SoftmaxTable {
  void (*softmax[kComputeTypeCount])(int64_t rows, int64_t cols, void* y, const void* x);
  void (*log_softmax[kComputeTypeCount])(int64_t rows, int64_t cols, void* y, const void* x);
  // dx = y (g - sum(g y)) and dx = g - exp(y) sum(g).
  void (*softmax_backward[kComputeTypeCount])(int64_t rows, int64_t cols, void* dx, const void* y,
                                              const void* g);
  void (*log_softmax_backward[kComputeTypeCount])(int64_t rows, int64_t cols, void* dx,
                                                  const void* y, const void* g);
};

// Counter-based Philox4x32-10: value i depends on (seed, offset + i) alone. Parallel.
struct RandomTable {
  void (*bits)(int64_t n, uint32_t* y, uint64_t seed, uint64_t offset);
  void (*uniform[kComputeTypeCount])(int64_t n, void* y, uint64_t seed, uint64_t offset, double lo,
                                     double hi);  // [lo, hi)
  void (*normal[kComputeTypeCount])(int64_t n, void* y, uint64_t seed, uint64_t offset, double mean,
                                    double std);
  void (*randint)(int64_t n, int64_t* y, uint64_t seed, uint64_t offset, int64_t lo, int64_t hi);
  // mask[i] = uniform < keep ? 1 : 0; y = x * mask / keep, in one pass. float32, contiguous.
  void (*dropout[kComputeTypeCount])(int64_t n, void* y, uint8_t* mask, const void* x,
                                     uint64_t seed, uint64_t offset, double keep);
};

// One parameter of a fused optimizer step; state buffers have the parameter's type and size.
struct OptimizerParam {
  int64_t n;
  void* param;
  const void* grad;
  void* state1;  // SGD momentum | Adam exp_avg
  void* state2;  // Adam exp_avg_sq
  void* state3;  // Adam max_exp_avg_sq (amsgrad) or null
};
struct AdamArgs {
  double lr, beta1, beta2, eps, weight_decay;
  double step_size;   // lr / (1 - beta1^t)
  double bias2_sqrt;  // sqrt(1 - beta2^t); Keras passes 1 and its own step size and eps
  bool decoupled;     // AdamW: param *= 1 - lr * weight_decay
  bool amsgrad, maximize;
};
struct SgdArgs {
  double lr, momentum, dampening, weight_decay;
  double scale;          // of the gradient: 1, or -1 to climb; Keras' momentum adds up steps: -lr
  bool nesterov, first;  // first: the momentum buffer becomes the gradient
};
struct OptimizerTable {
  void (*adam[kComputeTypeCount])(const OptimizerParam* params, int64_t count,
                                  const AdamArgs& args);
  void (*sgd[kComputeTypeCount])(const OptimizerParam* params, int64_t count, const SgdArgs& args);
};

// Rows of images to float: y[r][j] = (x[index[r]][j] / 255 - mean) / std, each step rounded to
// float32 as in the separate operations. Parallel.
struct ImageTable {
  void (*gather_normalize)(int64_t rows, int64_t cols, float* y, const uint8_t* x,
                           const int64_t* index, float mean, float std);
};

// One step of a recurrent cell for `rows` sequences and a block of `units` of the `hidden` ones.
// Pointers are at the block's first unit: states and their gradients are [rows, hidden], gates
// [rows, gates, hidden].
struct CellBlock {
  int64_t rows, units, hidden;
};
// Gates i, f, g, o: before the nonlinearity on the way in, after it on the way out.
struct LstmState {
  void* gates;
  const void* c_before;
  void *c, *h;
};
struct LstmGradients {
  void* gates;    // before the nonlinearity; written, perhaps over LstmState::gates
  const void* h;  // of this step's output
  void* c;        // of this step's cell on the way in, of the one before on the way out
};
// Gates r, z, n; y is the state's part of n.
struct GruState {
  void* gates;
  const void* y;
  const void* h_before;
  void* h;
};
struct GruGradients {
  // [rows, 3, hidden], of the input's and the state's part; written. gates_x may be
  // GruState::gates.
  void *gates_x, *gates_h;
  void* h;  // of this step's output on the way in; what goes past the gates to the
            //   one before on the way out
};
struct RecurrentTable {
  void (*lstm[kComputeTypeCount])(const CellBlock& block, const LstmState& s);
  void (*lstm_backward[kComputeTypeCount])(const CellBlock& block, const LstmState& s,
                                           const LstmGradients& d);
  void (*gru[kComputeTypeCount])(const CellBlock& block, const GruState& s);
  void (*gru_backward[kComputeTypeCount])(const CellBlock& block, const GruState& s,
                                          const GruGradients& d);
};

// A stack of matrices: rows of unit stride, `row` apart, the matrices by strides of the stack's
// dimensions.
struct MatrixStack {
  void* data;
  int64_t row;
  const int64_t* stack;
};
// y = softmax(q k^T scale + mask) v for each matrix of the stack, the weights block by block.
// log_sum, of exp(scores), is [stack, queries], contiguous; a query that sees no key has y = 0 and
// log_sum = inf. The gradient reads y, log_sum, dy and writes dq, dk, dv. Parallel. scratch:
// scratch(args) bytes, 64-byte aligned; it holds `slots` working sets, which bound the threads that
// take part.
struct AttentionArgs {
  int64_t queries, keys, width, value_width;
  int dims;  // of the stack
  const int64_t* shape;
  MatrixStack q, k, v;
  MatrixStack mask;  // data null: none
  int64_t mask_column;
  bool mask_allows;  // uint8, nonzero where a key is seen; else numbers to add
  bool causal;
  double scale;
  MatrixStack y;
  void* log_sum;
  MatrixStack dy, dq, dk, dv;  // dq data null: forward
  void* scratch;
  int64_t slots;
};
struct AttentionTable {
  void (*forward[kComputeTypeCount])(const AttentionArgs& args);
  void (*backward[kComputeTypeCount])(const AttentionArgs& args);
  int64_t (*scratch[kComputeTypeCount])(const AttentionArgs& args);
};

// One spatial dimension of a convolution: output j and tap t meet input j * step + offset[t], which
// counts as zero outside [0, in).
struct ConvDim {
  int64_t out, in, step, taps;
  const int64_t* offset;
};
// y[s][g][m] = bias[g][m] + sum over channels c and taps t of w[g][m][c][t] x[s][g][c] at the tap's
// place. Strides: sample, channel, then the three dimensions; the groups' channels follow one
// another. w is contiguous. Each output is ONE chain of FMAs from its bias on, in ascending (c, t).
// The gradient of w reads y and writes w: fixed parts of the outputs' positions are one chain each
// and added up in order; y's dimensions must be dense. Parallel. scratch: scratch(args) bytes,
// 64-byte aligned; it holds `slots` working sets, one for each thread that takes part.
struct ConvArgs {
  int64_t samples, groups, channels, rows;  // channels of x and y in one group
  ConvDim dims[3];
  const void* x;
  int64_t xs[5];
  void* w;
  void* y;
  int64_t ys[5];
  const void* bias;  // or null; not for the gradient
  void* scratch;
  int64_t slots;
};
using ConvFn = void (*)(const ConvArgs& args);
using ConvScratchFn = int64_t (*)(const ConvArgs& args);
struct ConvTable {
  ConvFn conv[kComputeTypeCount];
  ConvScratchFn scratch[kComputeTypeCount];
};
struct ConvWeightTable {
  ConvFn gradient[kComputeTypeCount];
  ConvScratchFn scratch[kComputeTypeCount];
};

// The same of bfloat16 but for the bias, which is float32; x's dims[2] must be dense, for the
// gradient y's too. Sums are float32, in an order of their own, and are rounded once. Memory grows
// with an image's padding.
struct ConvBf16Table {
  // Is it worth while for so many channels of a group, and such a stride?
  bool (*fits)(int64_t in_channels, int64_t out_channels, int64_t stride);
  ConvFn conv;
  ConvScratchFn scratch;
  ConvFn weight_gradient;
  ConvScratchFn weight_scratch;
};

// One dimension of a pool: output j sees inputs start[j], start[j] + step ... before end[j], and
// counts count[j] of them in an average (not read for a maximum).
struct PoolDim {
  int64_t out, in, step;
  const int64_t *start, *end, *count;
};
// Strides as in ConvArgs; `indices` has y's. Parallel.
struct PoolArgs {
  int64_t samples, channels;
  PoolDim dims[3];
  void* x;
  int64_t xs[5];
  void* y;
  int64_t ys[5];
  int64_t* indices;
};
using PoolFn = void (*)(const PoolArgs& args);
struct PoolTable {
  // The largest, NaN above all, and its position among the dimensions' inputs.
  PoolFn max[kComputeTypeCount];
  // x = the sums of y at the indices. For gradients x is dense in its dimensions.
  PoolFn max_backward[kComputeTypeCount];
  PoolFn average[kComputeTypeCount];
  // x = the sums of y / count over each window.
  PoolFn average_backward[kComputeTypeCount];
};

// x, y, g: [outer, channels, inner], contiguous. In training mean and var (by n) are found, else
// they are given. The gradient reads mean and var and writes y (x's gradient), dweight and dbias.
struct BatchNormArgs {
  int64_t outer, channels, inner;
  const void* x;
  const void* g;
  void* y;
  const void* weight;  // or null
  const void* bias;    // or null
  void *mean, *var;
  void *dweight, *dbias;
  double eps;
  bool training;
};
// Each of `rows` rows by itself. The gradient writes y (x's gradient) and, if there is a weight,
// dweight and dbias: fixed parts of the rows added up in order.
struct LayerNormArgs {
  int64_t rows, cols;
  const void* x;
  const void* g;
  void* y;
  const void* weight;  // or null
  const void* bias;    // or null
  void *mean, *rstd;
  void *dweight, *dbias;
  double eps;
  void* scratch;  // of the gradient
};
struct NormTable {
  void (*batch_norm[kComputeTypeCount])(const BatchNormArgs& args);
  void (*batch_norm_backward[kComputeTypeCount])(const BatchNormArgs& args);
  // x, g and y of bfloat16, the rest float32; not for an inner size of 1.
  void (*batch_norm_bf16)(const BatchNormArgs& args);
  void (*batch_norm_backward_bf16)(const BatchNormArgs& args);
  void (*layer_norm[kComputeTypeCount])(const LayerNormArgs& args);
  void (*layer_norm_backward[kComputeTypeCount])(const LayerNormArgs& args);
  int64_t (*layer_norm_scratch[kComputeTypeCount])(int64_t rows, int64_t cols);
};

struct KernelTable {
  const char* isa;
  const UnaryTable* unary;
  const BinaryTable* binary;
  const CastTable* cast;
  const ReduceTable* reduce;
  const GemmTable* gemm;
  const SoftmaxTable* softmax;
  const RandomTable* random;
  const OptimizerTable* optimizer;
  const ImageTable* image;
  const RecurrentTable* recurrent;
  const AttentionTable* attention;
  const ConvTable* conv;
  const ConvWeightTable* conv_weight;
  const PoolTable* pool;
  const NormTable* norm;
  const GemmBf16Table* gemm_bf16;  // or null: no instruction for it
  const ConvBf16Table* conv_bf16;  // likewise
};

// The table in use; chosen at first use from CRESSET_ISA or the CPU.
const KernelTable& kernels() noexcept;
// Instruction sets this build holds and this CPU runs, best first; null-terminated.
const char* const* available_isas() noexcept;
// Null on success, else why not.
const char* set_isa(const char* name) noexcept;
// Null, or why the CPU is too old or CRESSET_ISA cannot be honoured; to be reported on loading.
const char* isa_error() noexcept;

}  // namespace cresset
