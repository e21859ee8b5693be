// SPDX-License-Identifier: MIT
#include "kernels/table.h"
#include "ops/elementwise.h"
#include "ops/lines.h"
#include "ops/math.h"

namespace cresset {
namespace {

// One sorted vector for all values, or one for each row of values.
void rule_searchsorted(Args args, Meta* out) {
  const Tensor &sorted = args[0].tensor(), &values = args[1].tensor();
  bool fits = sorted.ndim() > 0 && (sorted.ndim() == 1 || sorted.ndim() == values.ndim());
  for (int d = 0; fits && d < sorted.ndim() - 1; ++d) fits = sorted.size(d) == values.size(d);
  if (!fits)
    fail(ErrorKind::Shape,
         "searchsorted: values of shape %s do not fit sorted rows of shape %s: expected a vector, "
         "or equal sizes in all dimensions but the last",
         to_string(values.shape()).c_str(), to_string(sorted.shape()).c_str());
  *out = Meta(DType::Int64, values.shape());
}

// The first place whose element is not below the value (`right`: above it); NaN is above all.
template <class T>
int64_t search(const T* row, int64_t n, T value, bool right) {
  int64_t low = 0;
  while (n > 0) {
    const int64_t half = n / 2;
    const bool stop = right ? row[low + half] > value : row[low + half] >= value;
    low = stop ? low : low + half + 1;
    n = stop ? half : n - half - 1;
  }
  return low;
}

void call_searchsorted(Args args, Tensor* out) {
  if (out->numel() == 0) return;
  const DType type = compute_dtype(result_type(args[0].tensor(), args[1].tensor()));
  const Tensor sorted = contiguous_data(cast_data(args[0].tensor(), type));
  const Tensor values = contiguous_data(cast_data(args[1].tensor(), type));
  const bool right = args[2].boolean();
  const int64_t n = sorted.size(sorted.ndim() - 1);
  const int64_t columns = sorted.ndim() == 1 ? values.numel() : values.size(values.ndim() - 1);
  with_compute_type(type, [&](auto zero) {
    using T = decltype(zero);
    for_each_line(0, values.numel(), 16, [&](int64_t i) {
      const T* const row = sorted.data<T>() + i / columns * n;
      out->data<int64_t>()[i] = search(row, n, values.data<T>()[i], right);
    });
  });
}

const Op ops[] = {
    {"searchsorted", "sorted: Tensor, values: Scalar, right: bool -> Tensor", rule_searchsorted,
     call_searchsorted},
};

}  // namespace

OpSpan search_ops() { return ops; }

}  // namespace cresset
