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

}  // namespace

int main() {
  for_each_isa([](const char*) { check_gather_normalize(); });
  return finish();
}
