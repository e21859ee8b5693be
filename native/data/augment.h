// SPDX-License-Identifier: MIT
#pragma once
#include <span>
#include <vector>

#include "core/tensor.h"

// Images of a batch cut, mirrored and bordered, each by random numbers of its own, and made floats.
// All that is done moves whole rows and columns, so an image is told by where these come from.
namespace cresset::data {

inline constexpr int kMostSide = 1024, kMostChannels = 4;  // on the way, too

enum class Border : uint8_t { Constant, Edge, Reflect, Symmetric };

struct Step {
  enum Kind : uint8_t { Pad, Crop, FlipX, FlipY } kind;
  int left, top, right, bottom;  // of Pad
  Border border;
  int fill;           // which of the fills
  int height, width;  // of Crop, to which the place is drawn
  double p;           // of the flips
};

struct Augment {
  int channels, height, width;  // of a source image, [height, width, channels]
  int out_height, out_width;
  std::vector<float> mean, std;  // of each channel
  std::vector<float> fills;      // [fill, channel], as they are in the result
  std::vector<Step> steps;
};

// to[r] = image rows[r], [channels, out_height, out_width]. The random numbers of image r begin at
// `first + r` times kNumbersPerVisit of the seed's sequence. Parallel.
inline constexpr int64_t kNumbersPerVisit = 1 << 22;
void augment(const Augment& plan, std::span<const int64_t> rows, const uint8_t* from, float* to,
             uint64_t seed, int64_t first) noexcept;

}  // namespace cresset::data
