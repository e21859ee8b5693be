// SPDX-License-Identifier: MIT
#include "core/parallel.h"
#include "kernels/philox.h"
#include "kernels/simd_math.h"
#include "kernels/table.h"

// The value at position p = offset + i takes word p of stream 0 if it needs 32 bits (float32, bits,
// dropout) and words 2p, 2p + 1 of stream 1 if it needs 64 (float64, randint).
namespace cresset {
namespace {

constexpr int64_t kGrain = 4096;
constexpr int kWords = 256;  // per block, on the stack

struct Source {
  uint64_t seed, offset;
};

// Hands `use` the values [i, i + m) of [begin, end) block by block: use(i, m, values), where
// make(values, words) turns kWords words into kWords / kWordsEach values.
template <class T, int kWordsEach, class Make, class Use>
SIMD_INLINE void for_blocks(Source source, int64_t begin, int64_t end, Make make, Use use) {
  constexpr int64_t kValues = kWords / kWordsEach;
  uint32_t words[kWords] = {};
  T values[kValues];
  for (int64_t i = begin, m; i < end; i += m) {
    const uint64_t position = source.offset + i, start = position & ~uint64_t(3);
    const int64_t lead = position - start;
    m = end - i < kValues - lead ? end - i : kValues - lead;
    philox(words, {source.seed, kWordsEach - 1}, start / 4 * kWordsEach,
           ((lead + m) * kWordsEach + 3) / 4);
    make(values, words);
    use(i, m, values + lead);
  }
}

// Runs job.block(begin, end) in parallel.
template <class Job>
void parallel_blocks(int64_t n, Job job) {
  parallel_for(
      n, kGrain,
      [](void* ctx, int64_t begin, int64_t end) { static_cast<Job*>(ctx)->block(begin, end); },
      &job);
}
template <class T, int kWordsEach, class Make>
void fill(int64_t n, T* y, Source source, Make make) {
  struct Job {
    T* y;
    Source source;
    Make make;
    void block(int64_t begin, int64_t end) {
      for_blocks<T, kWordsEach>(source, begin, end, make, [this](int64_t i, int64_t m, T* values) {
        __builtin_memcpy(y + i, values, m * sizeof(T));
      });
    }
  };
  parallel_blocks(n, Job{y, source, make});
}

SIMD_INLINE uint64_t word_pair(const uint32_t* words) {
  return words[0] | static_cast<uint64_t>(words[1]) << 32;
}

// [0, 1) from the upper 24 or 53 bits.
template <class T>
struct Unit;
template <>
struct Unit<float> {
  static constexpr int kWordsEach = 1;
  SIMD_INLINE static float from(const uint32_t* words) {
    return static_cast<float>(static_cast<int32_t>(words[0] >> 8)) * 0x1p-24f;
  }
  // (0, 1], finer towards 0 than `from`, for the logarithm.
  SIMD_INLINE static float above_zero(const uint32_t* words) {
    return static_cast<float>(static_cast<int32_t>(words[0] >> 1)) * 0x1p-31f + 0x1p-32f;
  }
};
template <>
struct Unit<double> {
  static constexpr int kWordsEach = 2;
  SIMD_INLINE static double from(const uint32_t* words) {
    return static_cast<double>(static_cast<int64_t>(word_pair(words) >> 11)) * 0x1p-53;
  }
  SIMD_INLINE static double above_zero(const uint32_t* words) {
    return static_cast<double>(static_cast<int64_t>(word_pair(words) >> 1)) * 0x1p-63 + 0x1p-64;
  }
};

// The largest T below hi.
SIMD_INLINE float before(float hi) { return __builtin_nextafterf(hi, -__builtin_inff()); }
SIMD_INLINE double before(double hi) { return __builtin_nextafter(hi, -__builtin_inf()); }

template <class T>
void uniform(int64_t n, void* y, uint64_t seed, uint64_t offset, double lo, double hi) {
  constexpr int kEach = Unit<T>::kWordsEach;
  const T low = static_cast<T>(lo), width = static_cast<T>(hi - lo);
  const T last = before(static_cast<T>(hi));  // rounding may reach hi itself
  fill<T, kEach>(n, static_cast<T*>(y), {seed, offset}, [=](T* values, const uint32_t* words) {
    for (int i = 0; i < kWords / kEach; ++i) {
      const T v = Unit<T>::from(words + i * kEach) * width + low;
      values[i] = hi > lo && v > last ? last : v;
    }
  });
}

// Box-Muller: an even position and the next share a radius and an angle.
template <class T>
void normal(int64_t n, void* y, uint64_t seed, uint64_t offset, double mean, double std) {
  constexpr int kEach = Unit<T>::kWordsEach, kPairs = kWords / kEach / 2;
  const Vec<T> scale = splat(static_cast<T>(std)), shift = splat(static_cast<T>(mean));
  auto make = [=](T* values, const uint32_t* words) {
    T radius[kPairs], angle[kPairs];
    for (int i = 0; i < kPairs; ++i) {
      radius[i] = Unit<T>::above_zero(words + 2 * i * kEach);
      angle[i] = Unit<T>::from(words + (2 * i + 1) * kEach) * T(6.28318530717958647692);
    }
    for (int i = 0; i < kPairs; i += kLanes<T>) {
      const Vec<T> r = vsqrt(T(-2) * vlog(load(radius + i))) * scale;
      const Vec<T> a = load(angle + i);
      store(radius + i, r * vcos(a) + shift);
      store(angle + i, r * vsin(a) + shift);
    }
    for (int i = 0; i < kPairs; ++i) {
      values[2 * i] = radius[i];
      values[2 * i + 1] = angle[i];
    }
  };
  fill<T, kEach>(n, static_cast<T*>(y), {seed, offset}, make);
}

void bits(int64_t n, uint32_t* y, uint64_t seed, uint64_t offset) {
  fill<uint32_t, 1>(n, y, {seed, offset}, [](uint32_t* values, const uint32_t* words) {
    __builtin_memcpy(values, words, kWords * sizeof *words);
  });
}

// floor(u * range / 2^64): off from uniform by less than range / 2^64.
void randint(int64_t n, int64_t* y, uint64_t seed, uint64_t offset, int64_t lo, int64_t hi) {
  const uint64_t range = static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo);
  fill<int64_t, 2>(n, y, {seed, offset}, [=](int64_t* values, const uint32_t* words) {
    for (int i = 0; i < kWords / 2; ++i) {
      const auto product = static_cast<unsigned __int128>(word_pair(words + 2 * i)) * range;
      values[i] =
          static_cast<int64_t>(static_cast<uint64_t>(lo) + static_cast<uint64_t>(product >> 64));
    }
  });
}

template <class T>
struct DropoutJob {
  T* y;
  uint8_t* mask;
  const T* x;
  Source source;
  T scale;
  uint32_t threshold;  // kept if the upper 24 bits are below

  void drop(int64_t m, T* to, uint8_t* __restrict__ keep, const T* from,
            const uint32_t* values) const {
    const T factor = scale;
    const uint32_t limit = threshold;
    for (int64_t j = 0; j < m; ++j) to[j] = from[j] * (values[j] < limit ? factor : T(0));
    for (int64_t j = 0; j < m; ++j) keep[j] = values[j] < limit;
  }
  void block(int64_t begin, int64_t end) {
    for_blocks<uint32_t, 1>(
        source, begin, end,
        [](uint32_t* values, const uint32_t* words) {
          for (int i = 0; i < kWords; ++i) values[i] = words[i] >> 8;
        },
        [this](int64_t i, int64_t m, const uint32_t* values) {
          drop(m, y + i, mask + i, x + i, values);
        });
  }
};

template <class T>
void dropout(int64_t n, void* y, uint8_t* mask, const void* x, uint64_t seed, uint64_t offset,
             double keep) {
  const auto threshold = static_cast<uint32_t>(__builtin_ceil(keep * 0x1p24));
  parallel_blocks(n, DropoutJob<T>{static_cast<T*>(y), mask, static_cast<const T*>(x),
                                   Source{seed, offset}, static_cast<T>(1 / keep), threshold});
}

constexpr RandomTable kTable = {
    bits,    {nullptr, uniform<float>, uniform<double>}, {nullptr, normal<float>, normal<double>},
    randint, {nullptr, dropout<float>, dropout<double>},
};

}  // namespace
}  // namespace cresset

extern "C" const cresset::RandomTable* KERNEL_EXPORT(random)() noexcept { return &cresset::kTable; }
