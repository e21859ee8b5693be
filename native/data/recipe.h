// SPDX-License-Identifier: MIT
#pragma once
#include "data/augment.h"
#include "ops/op.h"

// What batches are made of: chosen rows of tensors, as they are or, of images, as floats.
namespace cresset::data {

struct Column {
  Tensor source;  // contiguous, in memory that stays while it is read
  bool images;    // bytes to floats: (x / 255 - mean) / std
  float mean, std;
  Dims row;                                // the shape of one row of the batch
  std::shared_ptr<const Augment> augment;  // of images, instead of mean and std

  DType dtype() const { return images ? DType::Float32 : source.dtype(); }
};

struct Recipe : Pooled {
  std::vector<Column> columns;
  int64_t count;  // rows of each source
};

// Range error for a row that the sources do not have.
void check_rows(const Recipe& recipe, std::span<const int64_t> rows);
// Room for a batch of `count` rows, a tensor for each column.
Tensors make_room(const Recipe& recipe, int64_t count);
// Where the random numbers of a batch's samples come from (lib/data/visits.ts).
struct Visits {
  uint64_t seed = 0;
  int64_t first = 0;
};
// Fills it. Allocates nothing and cannot fail.
void fill(const Recipe& recipe, std::span<const int64_t> rows, Visits visits,
          const Tensors& batch) noexcept;

// Should compiled functions gather the rows into memory of their own (core/deferred.h)? Not where
// random transforms take their time.
bool defers(const Recipe& recipe, int64_t count);
// A batch whose larger columns have no memory.
Tensors defer(const std::shared_ptr<const Recipe>& recipe, std::span<const int64_t> rows);

}  // namespace cresset::data
