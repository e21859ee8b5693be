// SPDX-License-Identifier: MIT
#include "data/recipe.h"

#include <algorithm>
#include <cstring>

#include "core/deferred.h"
#include "core/parallel.h"
#include "kernels/table.h"
#include "ops/recorder.h"

namespace cresset::data {
namespace {

constexpr int64_t kGrainBytes = 32 << 10;
constexpr int64_t kAheadBytes = 4096;  // of rows, to fetch before they are copied

struct Copy {
  std::span<const int64_t> rows;
  const char* from;
  char* to;
  size_t bytes;  // of a row

  static void run(void* ctx, int64_t begin, int64_t end) {
    const Copy& copy = *static_cast<Copy*>(ctx);
    const int64_t ahead = 1 + kAheadBytes / static_cast<int64_t>(copy.bytes);
    for (int64_t r = begin; r < begin + ahead && r < end; ++r) copy.prefetch(r);
    for (int64_t r = begin; r < end; ++r) {
      if (r + ahead < end) copy.prefetch(r + ahead);
      std::memcpy(copy.to + r * copy.bytes, copy.from + copy.rows[r] * copy.bytes, copy.bytes);
    }
  }
  // Rows come in random order, which the hardware cannot foresee.
  void prefetch(int64_t r) const {
    const char* row = from + rows[r] * bytes;
    for (size_t j = 0; j < bytes; j += 64) __builtin_prefetch(row + j, 0, 2);
  }
};

void fill_column(const Column& column, std::span<const int64_t> rows, Visits visits, void* to) {
  const auto count = static_cast<int64_t>(rows.size());
  const int64_t items = numel(column.row);
  if (count * items == 0) return;
  if (column.augment) {
    augment(*column.augment, rows, column.source.data<uint8_t>(), static_cast<float*>(to),
            visits.seed, visits.first);
    return;
  }
  if (column.images) {
    kernels().image->gather_normalize(count, items, static_cast<float*>(to),
                                      column.source.data<uint8_t>(), rows.data(), column.mean,
                                      column.std);
    return;
  }
  const int64_t bytes = items * item_size(column.dtype());
  Copy copy = {rows, column.source.bytes(), static_cast<char*>(to), static_cast<size_t>(bytes)};
  parallel_for(count, std::max<int64_t>(kGrainBytes / bytes, 1), Copy::run, &copy);
}

// A column's rows, gathered where they are used.
struct Rows : Source {
  std::shared_ptr<const Recipe> recipe;
  size_t column;
  PooledVector<int64_t> rows;

  // Ops wait for what they change while there are watchers.
  Rows(std::shared_ptr<const Recipe> recipe, size_t column, std::span<const int64_t> rows)
      : recipe(std::move(recipe)), column(column), rows(rows.begin(), rows.end()) {
    watchers.fetch_add(1);
  }
  ~Rows() override { watchers.fetch_sub(1); }
  void write(void* to) const noexcept override {
    fill_column(recipe->columns[column], rows, {}, to);
  }
  Storage& from() const noexcept override { return recipe->columns[column].source.storage(); }
};

Dims batch_shape(const Column& column, int64_t count) {
  Dims shape = {count};
  for (int64_t size : column.row) shape.push_back(size);
  return shape;
}

}  // namespace

void check_rows(const Recipe& recipe, std::span<const int64_t> rows) {
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i] < 0 || rows[i] >= recipe.count)
      fail(ErrorKind::Range, "batch: index[%zu] is %lld, expected 0 to %lld", i,
           static_cast<long long>(rows[i]), static_cast<long long>(recipe.count - 1));
}

Tensors make_room(const Recipe& recipe, int64_t count) {
  Tensors batch;
  for (const Column& column : recipe.columns)
    batch.push_back(empty(batch_shape(column, count), column.dtype()));
  return batch;
}

bool defers(const Recipe& recipe, int64_t count) {
  const auto augments = [](const Column& column) { return column.augment != nullptr; };
  const auto is_large = [&](const Column& column) {
    return count * numel(column.row) * item_size(column.dtype()) >= kLeastDeferred;
  };
  return deferring_pays && std::ranges::none_of(recipe.columns, augments) &&
         std::ranges::any_of(recipe.columns, is_large);
}

Tensors defer(const std::shared_ptr<const Recipe>& recipe, std::span<const int64_t> rows) {
  Tensors batch;
  for (size_t i = 0; i < recipe->columns.size(); ++i) {
    const Column& column = recipe->columns[i];
    const Dims shape = batch_shape(column, static_cast<int64_t>(rows.size()));
    const int64_t bytes = numel(shape) * item_size(column.dtype());
    wait_to_read(column.source);
    if (bytes >= kLeastDeferred) {
      Ref<Source> source(new Rows(recipe, i, rows));
      batch.push_back(
          wrap_storage(deferred_storage(bytes, std::move(source)), shape, column.dtype()));
    } else {
      batch.push_back(empty(shape, column.dtype()));
      fill_column(column, rows, {}, batch.back().storage().data);
    }
  }
  return batch;
}

void fill(const Recipe& recipe, std::span<const int64_t> rows, Visits visits,
          const Tensors& batch) noexcept {
  for (size_t i = 0; i < batch.size(); ++i)
    fill_column(recipe.columns[i], rows, visits, batch[i].storage().data);
}

}  // namespace cresset::data
