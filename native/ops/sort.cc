// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>
#include <cstring>

#include "ops/gradient.h"
#include "ops/lines.h"
#include "ops/math.h"
#include "ops/rows.h"

// Order along one dimension: sorted values, the largest few, one by its rank.
namespace cresset {
namespace {

constexpr uint64_t kSign = uint64_t{1} << 63;
constexpr uint64_t kNaN = ~uint64_t{0};

// Unsigned numbers in the order of the values. NaN comes last; zeros of both signs are equal.
uint64_t key_of(int64_t value) { return static_cast<uint64_t>(value) ^ kSign; }
uint64_t key_of(double value) {
  if (value != value) return kNaN;
  const uint64_t bits = std::bit_cast<uint64_t>(value + 0.0);  // -0 becomes 0
  return bits & kSign ? ~bits : bits | kSign;
}

// An element of a line. The position makes the order total, so that any sort is stable.
struct Entry {
  uint64_t key;
  int64_t at;
  bool operator<(const Entry& other) const {
    return key != other.key ? key < other.key : at < other.at;
  }
};
static_assert(sizeof(Entry) == 16);

void copy_item(char* to, const char* from, int size) {
  switch (size) {
    case 1:
      return void(*to = *from);
    case 2:
      return void(std::memcpy(to, from, 2));
    case 4:
      return void(std::memcpy(to, from, 4));
    default:
      return void(std::memcpy(to, from, 8));
  }
}

// For every line along `dim`: `arrange` brings its entries into order, and those from `first` on
// become the outputs, as many as fit.
struct Selection {
  const Tensor& x;
  int dim;
  bool descending;
  int64_t first, count;

  template <class Arrange>
  void run(Tensor* out, const Arrange& arrange) const;
};

template <class Arrange>
void Selection::run(Tensor* out, const Arrange& arrange) const {
  if (out[0].numel() == 0) return;
  const Tensor source = contiguous_data(x);
  const Tensor numbers = cast_data(source, compute_dtype(x.dtype()));
  const Lines lines(x.shape(), dim);
  const int64_t n = lines.n, step = lines.inner, total = lines.count();
  const int size = item_size(x.dtype());
  // Some lines at a time bound the memory for their entries.
  const int64_t batch = std::min(total, std::max<int64_t>(64, (1 << 20) / n));
  const Tensor scratch = empty({batch, n, 2}, DType::Int64);
  Entry* const entries = reinterpret_cast<Entry*>(scratch.bytes());
  with_compute_type(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (int64_t begin = 0; begin < total; begin += batch) {
      for_each_line(begin, std::min(begin + batch, total), n, [&](int64_t line) {
        Entry* const line_entries = entries + (line - begin) * n;
        const int64_t start = lines.start(line);
        const T* const values = numbers.data<T>() + start;
        for (int64_t i = 0; i < n; ++i) {
          const uint64_t key = key_of(values[i * step]);
          line_entries[i] = {descending ? ~key : key, i};
        }
        const Entry* const chosen = arrange(line_entries, n) + first;
        int64_t to = line / step * count * step + line % step;
        for (int64_t k = 0; k < count; ++k, to += step) {
          const int64_t at = chosen[k].at;
          copy_item(out[0].bytes() + to * size, source.bytes() + (start + at * step) * size, size);
          out[1].data<int64_t>()[to] = at;
        }
      });
    }
  });
}

int64_t length(const Tensor& x, int dim) { return x.ndim() == 0 ? 1 : x.size(dim); }

// Values and indices, with `count` elements along the dimension.
void set_metas(const Tensor& x, int dim, int64_t count, Meta* out) {
  Dims shape = x.shape();
  if (!shape.empty()) shape[dim] = count;
  out[0] = Meta(x.dtype(), shape);
  out[1] = Meta(DType::Int64, shape);
}

// One element along the dimension, which goes away unless kept.
void set_reduced_metas(const Tensor& x, int dim, bool keepdim, Meta* out) {
  set_metas(x, dim, 1, out);
  if (keepdim || x.ndim() == 0) return;
  out[0].shape.erase(dim);
  out[1].shape.erase(dim);
}

void rule_sort(Args args, Meta* out) {
  const int dim = dim_of("sort", args);
  set_metas(args[0].tensor(), dim, length(args[0].tensor(), dim), out);
}
void call_sort(Args args, Tensor* out) {
  const Tensor& x = args[0].tensor();
  const int dim = dim_of("sort", args);
  Selection{x, dim, args[2].boolean(), 0, length(x, dim)}.run(out, [](Entry* line, int64_t n) {
    std::sort(line, line + n);
    return line;
  });
}

void check_rank(const char* op, int64_t k, int64_t least, int64_t most) {
  if (k < least || k > most)
    fail(ErrorKind::Range, "%s: k: expected %lld to %lld (the size of the dimension), got %lld", op,
         static_cast<long long>(least), static_cast<long long>(most), static_cast<long long>(k));
}

void rule_topk(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const int dim = dim_of("topk", args, 2);
  check_rank("topk", args[1].integer(), x.ndim() == 0, length(x, dim));
  set_metas(x, dim, args[1].integer(), out);
}
void call_topk(Args args, Tensor* out) {
  const int64_t k = args[1].integer();
  const Selection selection{args[0].tensor(), dim_of("topk", args, 2), args[3].boolean(), 0, k};
  selection.run(out, [k](Entry* line, int64_t n) {
    std::nth_element(line, line + k, line + n);
    std::sort(line, line + k);
    return line;
  });
}

// The gradient goes to the elements chosen.
void scatter_gradient(Gradient& ctx, int dim_arg) {
  const Dims& shape = ctx.shape(0);
  const int dim = normalize_dim("gradient", ctx.arg(dim_arg).integer(), shape.size());
  Tensor indices = ctx.output(1), g = ctx.g();
  if (g.ndim() < shape.size()) {
    indices = unsqueeze(indices, dim);
    g = unsqueeze(g, dim);
  }
  ctx.set(0, scatter_add(zeros(shape, ctx.dtype(0)), dim, indices, g));
}
void gradient_sort(Gradient& ctx) { scatter_gradient(ctx, 1); }
void gradient_topk(Gradient& ctx) { scatter_gradient(ctx, 2); }

void rule_kthvalue(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const int dim = dim_of("kthvalue", args, 2);
  check_rank("kthvalue", args[1].integer(), 1, length(x, dim));
  set_reduced_metas(x, dim, args[3].boolean(), out);
}
void call_kthvalue(Args args, Tensor* out) {
  const int64_t at = args[1].integer() - 1;
  const Selection selection{args[0].tensor(), dim_of("kthvalue", args, 2), false, at, 1};
  selection.run(out, [at](Entry* line, int64_t n) {
    std::nth_element(line, line + at, line + n);
    return line;
  });
}

// The lower of the two in the middle of each line; a NaN counts as the median.
void run_median(const Tensor& x, int dim, Tensor* out) {
  const bool has_nan = is_float(x.dtype());
  Selection{x, dim, false, 0, 1}.run(out, [has_nan](Entry* line, int64_t n) {
    for (int64_t i = 0; has_nan && i < n; ++i)
      if (line[i].key == kNaN) return line + i;
    Entry* const middle = line + (n - 1) / 2;
    std::nth_element(line, middle, line + n);
    return middle;
  });
}

void require_elements(const Tensor& x, int64_t n) {
  if (n == 0)
    fail(ErrorKind::Shape, "median: shape %s has no element to choose",
         to_string(x.shape()).c_str());
}

void rule_median(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  const int dim = dim_of("median", args);
  require_elements(x, length(x, dim));
  set_reduced_metas(x, dim, args[2].boolean(), out);
}
void call_median(Args args, Tensor* out) {
  run_median(args[0].tensor(), dim_of("median", args), out);
}

void rule_median_all(Args args, Meta* out) {
  require_elements(args[0].tensor(), args[0].tensor().numel());
  *out = Meta(args[0].tensor().dtype(), {});
}
void call_median_all(Args args, Tensor* out) {
  const Tensor x = contiguous_data(args[0].tensor());
  const Tensor flat = view_of(x, {x.numel()}, {1}, x.offset());
  Tensor outputs[] = {*out, empty({}, DType::Int64)};
  run_median(flat, 0, outputs);
}
void gradient_median_all(Gradient& ctx) {
  ctx.set(0, share_among_equal(ctx.x(), ctx.output(), ctx.g(), {}));
}

void rule_argsort_rows(Args args, Meta* out) {
  const Tensor& x = args[0].tensor();
  if (x.ndim() != 2)
    fail(ErrorKind::Shape, "argsort_rows: expected a matrix, got shape %s",
         to_string(x.shape()).c_str());
  *out = Meta(DType::Int64, {x.size(0)});
}
void call_argsort_rows(Args args, Tensor* out) {
  const Tensor numbers =
      contiguous_data(cast_data(args[0].tensor(), compute_dtype(args[0].tensor().dtype())));
  const int64_t columns = numbers.size(1);
  const Tensor keys = empty(numbers.shape(), DType::Int64);
  uint64_t* const key = reinterpret_cast<uint64_t*>(keys.data<int64_t>());
  with_compute_type(numbers.dtype(), [&](auto zero) {
    using T = decltype(zero);
    std::transform(numbers.data<T>(), numbers.data<T>() + numbers.numel(), key,
                   [](T value) { return key_of(value); });
  });
  int64_t* const order = out->data<int64_t>();
  for (int64_t i = 0; i < out->numel(); ++i) order[i] = i;
  std::stable_sort(order, order + out->numel(), [&](int64_t a, int64_t b) {
    return std::lexicographical_compare(key + a * columns, key + (a + 1) * columns,
                                        key + b * columns, key + (b + 1) * columns);
  });
}

const Op ops[] = {
    {"sort", "x: Tensor, dim: int, descending: bool -> Tensor, Tensor", rule_sort, call_sort,
     gradient_sort, saves_output(1), 2},
    {"topk", "x: Tensor, k: int, dim: int, largest: bool -> Tensor, Tensor", rule_topk, call_topk,
     gradient_topk, saves_output(1), 2},
    {"kthvalue", "x: Tensor, k: int, dim: int, keepdim: bool -> Tensor, Tensor", rule_kthvalue,
     call_kthvalue, gradient_topk, saves_output(1), 2},
    {"median", "x: Tensor, dim: int, keepdim: bool -> Tensor, Tensor", rule_median, call_median,
     gradient_sort, saves_output(1), 2},
    {"median_all", "x: Tensor -> Tensor", rule_median_all, call_median_all, gradient_median_all,
     saves_input(0) | saves_output(0)},
    {"argsort_rows", "x: Tensor -> Tensor", rule_argsort_rows, call_argsort_rows},
};

}  // namespace

OpSpan sort_ops() { return ops; }

}  // namespace cresset
