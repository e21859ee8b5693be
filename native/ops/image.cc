// SPDX-License-Identifier: MIT
#include "kernels/table.h"
#include "ops/copy.h"

namespace cresset {
namespace {

void rule_image_batch(Args args, Meta* out) {
  const Tensor &images = args[0].tensor(), &index = args[1].tensor();
  if (images.dtype() != DType::UInt8)
    fail(ErrorKind::DType, "image_batch: images: expected dtype uint8, got %s",
         name(images.dtype()));
  if (index.dtype() != DType::Int64)
    fail(ErrorKind::DType, "image_batch: index: expected dtype int64, got %s", name(index.dtype()));
  if (images.ndim() == 0 || index.ndim() != 1)
    fail(ErrorKind::Shape,
         "image_batch: expected images of shape [N, ...] and an index of shape [B], got %s and %s",
         to_string(images.shape()).c_str(), to_string(index.shape()).c_str());
  Dims shape = images.shape();
  shape[0] = index.size(0);
  *out = Meta(DType::Float32, shape);
}

// The values are rounded as by cast, div, sub and div one after the other.
void call_image_batch(Args args, Tensor* out) {
  const Tensor images = contiguous_data(args[0].tensor());
  const Tensor index = contiguous_data(args[1].tensor());
  const int64_t rows = index.numel(), count = images.size(0);
  const int64_t* positions = index.data<int64_t>();
  for (int64_t r = 0; r < rows; ++r)
    if (positions[r] < 0 || positions[r] >= count)
      fail(ErrorKind::Range, "image_batch: index[%lld] is %lld, expected 0 to %lld",
           static_cast<long long>(r), static_cast<long long>(positions[r]),
           static_cast<long long>(count - 1));
  if (out->numel() == 0) return;
  kernels().image->gather_normalize(
      rows, out->numel() / rows, out->data<float>(), images.data<uint8_t>(), positions,
      static_cast<float>(args[2].number()), static_cast<float>(args[3].number()));
}

const Op ops[] = {
    checking_values({"image_batch",
                     "images: Tensor, index: Tensor, mean: float, std: float -> Tensor",
                     rule_image_batch, call_image_batch}),
};

}  // namespace

OpSpan image_ops() { return ops; }

}  // namespace cresset
