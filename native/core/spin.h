// SPDX-License-Identifier: MIT
#pragma once
#include <chrono>

namespace cresset {

// A thread that sleeps takes tens of microseconds to wake; longer than this no thread of ours keeps
// a core busy for nothing.
inline constexpr auto kSpin = std::chrono::microseconds(20);

// Waits for done(), at most `most`; returns whether it came true.
template <class Done>
bool spin_until(Done done, std::chrono::microseconds most = kSpin) {
  const auto end = std::chrono::steady_clock::now() + most;
  do {
    for (int i = 0; i < 16; ++i) {
      if (done()) return true;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      asm volatile("yield");
#endif
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace cresset
