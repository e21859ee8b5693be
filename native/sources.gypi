{
  "variables": {
    "addon_sources": [
      "native/autograd/engine.cc",
      "native/autograd/node.cc",
      "native/autograd/record.cc",
      "native/binding/args.cc",
      "native/binding/autograd_binding.cc",
      "native/binding/errors.cc",
      "native/binding/lifetime.cc",
      "native/binding/ops_binding.cc",
      "native/binding/optim_binding.cc",
      "native/binding/runtime_binding.cc",
      "native/binding/tensor_binding.cc",
      "native/core/allocator.cc",
      "native/core/cpu_count.cc",
      "native/core/dtype.cc",
      "native/core/error.cc",
      "native/core/parallel.cc",
      "native/core/parallel_pool.cc",
      "native/core/shape.cc",
      "native/core/storage.cc",
      "native/core/tensor.cc",
      "native/kernels/dispatch.cc",
      "native/ops/apply.cc",
      "native/ops/binary.cc",
      "native/ops/copy.cc",
      "native/ops/create.cc",
      "native/ops/elementwise.cc",
      "native/ops/matmul.cc",
      "native/ops/optim.cc",
      "native/ops/reduce.cc",
      "native/ops/registry.cc",
      "native/ops/row_gradients.cc",
      "native/ops/unary.cc",
      "native/ops/view.cc",
      "native/ops/where.cc"
    ],
    "kernel_sources": [
      "native/kernels/binary.cc",
      "native/kernels/cast.cc",
      "native/kernels/gemm.cc",
      "native/kernels/image.cc",
      "native/kernels/optimizer.cc",
      "native/kernels/random.cc",
      "native/kernels/reduce.cc",
      "native/kernels/softmax.cc",
      "native/kernels/unary.cc"
    ],
    "openmp_sources": [
      "native/core/parallel_openmp.cc"
    ],
    "native_test_sources": [
      "test/native/gemm_test.cc",
      "test/native/parallel_test.cc"
    ]
  }
}
