// SPDX-License-Identifier: MIT
#include "kernels.h"

using namespace cresset;

namespace {

void check_gather_normalize() {
  std::vector<uint8_t> x(50 * 37);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(i * 31);
  const std::vector<int64_t> index = {49, 0, 7, 7, 3};
  std::vector<float> y(index.size() * 37 + 1, 42);
  kernels().image->gather_normalize(index.size(), 37, y.data(), x.data(), index.data(), 0.25f,
                                    1.5f);
  for (size_t r = 0; r < index.size(); ++r)
    for (int j = 0; j < 37; ++j)
      CHECK(y[r * 37 + j] == (x[index[r] * 37 + j] / 255.0f - 0.25f) / 1.5f, "gather_normalize");
  CHECK(y.back() == 42, "wrote beyond");
}

// All 256 values, by any means and deviations: easy, extreme, and random ones.
void check_every_byte() {
  std::vector<uint8_t> x(256);
  for (int i = 0; i < 256; ++i) x[i] = static_cast<uint8_t>(i);
  const int64_t index = 0;
  const float special[] = {1, -1, 0.3081f, 0x1.fffffep-1f, 0x1.fffffep-3f, 1e-38f, 1e-30f, 3e38f};
  uint32_t state = 1;
  const auto random = [&] {
    return static_cast<float>((state = state * 1664525 + 1013904223) >> 8);
  };
  for (int k = 0; k < 20000; ++k) {
    const float mean = k % 3 ? random() * 0x1p-24f : 0;
    const float std = k < 16 ? special[k % 8] : random() * 0x1p-23f + 0x1p-12f;
    std::vector<float> y(256), expected(256);
    kernels().image->gather_normalize(1, 256, y.data(), x.data(), &index, mean, std);
    for (int i = 0; i < 256; ++i) expected[i] = (x[i] / 255.0f - mean) / std;
    CHECK(std::memcmp(y.data(), expected.data(), 1024) == 0, "a byte's value");
  }
}

}  // namespace

int main() {
  for_each_isa([](const char*) {
    check_gather_normalize();
    check_every_byte();
  });
  return finish();
}
