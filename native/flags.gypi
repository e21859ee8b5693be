{
  "variables": {
    "common_cflags": [
      "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections", "-ffp-contract=off", "-fno-math-errno",
      "-Wall", "-Wextra"
    ],
    "kernel_cflags": [
      "-O3", "-fwrapv", "-fno-trapping-math", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"
    ],
    "baseline_cflags": ["-march=x86-64-v2"],
    "avx2_cflags": ["-march=x86-64-v2", "-mavx2", "-mfma", "-mf16c"],
    "avx512_cflags": [
      "-march=x86-64-v2", "-mavx2", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mf16c",
      "-mprefer-vector-width=512"
    ],
    "avx512bf16_cflags": [
      "-march=x86-64-v2", "-mavx2", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512bf16", "-mfma",
      "-mf16c", "-mprefer-vector-width=512"
    ],
    "amx_cflags": [
      "-march=x86-64-v2", "-mavx2", "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512bf16", "-mfma",
      "-mf16c", "-mamx-tile", "-mamx-bf16", "-mprefer-vector-width=512"
    ],
    "neon_cflags": [],
    "linux_ldflags": ["-static-libstdc++", "-Wl,--exclude-libs,ALL", "-Wl,--gc-sections", "-Wl,-z,nodelete"]
  }
}
