// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "kernels/table.h"

// The only branch on the CPU.
namespace cresset {

#define FAMILIES(X, isa)               \
  X(isa, unary, UnaryTable)            \
  X(isa, binary, BinaryTable)          \
  X(isa, cast, CastTable)              \
  X(isa, reduce, ReduceTable)          \
  X(isa, gemm, GemmTable)              \
  X(isa, softmax, SoftmaxTable)        \
  X(isa, random, RandomTable)          \
  X(isa, optimizer, OptimizerTable)    \
  X(isa, image, ImageTable)            \
  X(isa, recurrent, RecurrentTable)    \
  X(isa, attention, AttentionTable)    \
  X(isa, conv, ConvTable)              \
  X(isa, conv_weight, ConvWeightTable) \
  X(isa, pool, PoolTable)              \
  X(isa, norm, NormTable)

// name | the instruction set whose kernels it uses | products and convolutions of bfloat16, or null
// | whether this CPU (and its operating system) runs it; best first.
#if defined(__x86_64__)
namespace {
// AMX's registers are large, so that Linux wants to be asked before a process uses them.
bool may_use_amx() {
#if defined(__linux__)
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // asm/prctl.h, Linux 5.16
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
}  // namespace
extern "C" const GemmBf16Table* kernels_avx512bf16_gemm_bf16() noexcept;
extern "C" const GemmBf16Table* kernels_amx_gemm_bf16() noexcept;
extern "C" const ConvBf16Table* kernels_amx_conv_bf16() noexcept;
#define AVX512                                                                \
  (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && \
   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
#define AVX512BF16 (AVX512 && __builtin_cpu_supports("avx512bf16"))
#define ISAS(X)                                                              \
  X(amx, avx512, kernels_amx_gemm_bf16(), kernels_amx_conv_bf16(),           \
    AVX512BF16&& __builtin_cpu_supports("amx-bf16") && may_use_amx())        \
  X(avx512bf16, avx512, kernels_avx512bf16_gemm_bf16(), nullptr, AVX512BF16) \
  X(avx512, avx512, nullptr, nullptr, AVX512)                                \
  X(avx2, avx2, nullptr, nullptr,                                            \
    __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&       \
        __builtin_cpu_supports("f16c"))                                      \
  X(baseline, baseline, nullptr, nullptr,                                    \
    __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"))
#elif defined(__aarch64__)
#define ISAS(X) X(neon, neon, nullptr, nullptr, true)
#else
#error "no kernels for this processor"
#endif

#define DECLARE(isa, family, Table) extern "C" const Table* kernels_##isa##_##family() noexcept;
#define DECLARE_ALL(name, kernels, gemm, conv, supported) FAMILIES(DECLARE, kernels)
ISAS(DECLARE_ALL)

namespace {

#define FILL(isa, family, Table) .family = kernels_##isa##_##family(),
#define BUILD(name, kernels, gemm, conv, supported) \
  KernelTable{.isa = #name, FAMILIES(FILL, kernels).gemm_bf16 = gemm, .conv_bf16 = conv},
#define SUPPORTED(name, kernels, gemm, conv, supported) static_cast<bool>(supported),
#define NAME(name, kernels, gemm, conv, supported) #name,

constexpr const char* kIsas[] = {ISAS(NAME)};
constexpr int kIsaCount = sizeof kIsas / sizeof *kIsas;

struct Choice {
  KernelTable tables[kIsaCount];
  bool supported[kIsaCount];
  const char* available[kIsaCount + 1];  // null-terminated
  std::atomic<const KernelTable*> current;
  char error[256];
  bool failed;

  Choice() : tables{ISAS(BUILD)}, supported{ISAS(SUPPORTED)}, available{}, error{}, failed(false) {
    int n = 0;
    for (int i = 0; i < kIsaCount; ++i)
      if (supported[i]) available[n++] = kIsas[i];
    current = &tables[kIsaCount - 1];
    if (n == 0) {
      failed = true;
      std::snprintf(error, sizeof error,
                    "this CPU lacks SSE4.2 or POPCNT, which cresset needs at least");
    } else if (const char* forced = std::getenv("CRESSET_ISA"); forced && *forced) {
      failed = select(forced, "CRESSET_ISA: ") != nullptr;
    } else {
      select(available[0], "");
    }
  }

  // Null, or why not.
  const char* select(const char* name, const char* prefix) {
    for (int i = 0; i < kIsaCount; ++i) {
      if (std::strcmp(kIsas[i], name) != 0) continue;
      if (!supported[i]) return explain(prefix, name, "is not supported by this CPU");
      current = &tables[i];
      return nullptr;
    }
    return explain(prefix, name, "is not an instruction set of this build");
  }

  const char* explain(const char* prefix, const char* name, const char* why) {
    int n = std::snprintf(error, sizeof error, "%s'%.32s' %s; available:", prefix, name, why);
    for (int i = 0; available[i]; ++i)
      n += std::snprintf(error + n, sizeof error - n, "%s %s", i ? "," : "", available[i]);
    return error;
  }
};

// Leaked on purpose: kernels may still run while the process exits.
Choice& choice() noexcept {
  static Choice& instance = *new Choice;
  return instance;
}

}  // namespace

const KernelTable& kernels() noexcept { return *choice().current.load(std::memory_order_acquire); }
const char* const* available_isas() noexcept { return choice().available; }
const char* set_isa(const char* name) noexcept { return choice().select(name, ""); }
const char* isa_error() noexcept { return choice().failed ? choice().error : nullptr; }

}  // namespace cresset
