{
  "variables": {
    "addon_sources": [
      "native/core/allocator.cc",
      "native/core/cpu_count.cc",
      "native/core/dtype.cc",
      "native/core/error.cc",
      "native/core/parallel.cc",
      "native/core/parallel_pool.cc",
      "native/core/random.cc",
      "native/core/shape.cc",
      "native/core/storage.cc",
      "native/core/tensor.cc",
      "native/kernels/dispatch.cc"
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
    "openmp_sources": ["native/core/parallel_openmp.cc"],
    "native_test_sources": ["test/native/gemm_test.cc", "test/native/parallel_test.cc"]
  }
}
