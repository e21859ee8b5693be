// SPDX-License-Identifier: MIT
#pragma once
#include <cstdio>
#include <cstdlib>

// What a native test needs: CHECK in plain functions, called from main, which returns finish().
inline long checks_passed = 0;

#define CHECK(condition, ...)                                              \
  do {                                                                     \
    if (condition) {                                                       \
      ++checks_passed;                                                     \
    } else {                                                               \
      std::fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
      std::fprintf(stderr, " " __VA_ARGS__);                               \
      std::fprintf(stderr, "\n");                                          \
      std::exit(1);                                                        \
    }                                                                      \
  } while (0)

inline int finish() {
  std::printf("%ld checks passed\n", checks_passed);
  return checks_passed > 0 ? 0 : 1;
}
