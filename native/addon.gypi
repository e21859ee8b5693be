{
  "includes": ["sources.gypi", "flags.gypi"],
  "target_defaults": {
    # Node's own flags differ between its versions: ours are set per target below.
    "include_dirs": ["."],
    "defines": ["NDEBUG"],
    "cflags!": ["-O3", "-fno-omit-frame-pointer"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
    "cflags": ["<@(common_cflags)"],
    "cflags_cc": ["-std=c++20", "-fvisibility-inlines-hidden"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "MACOSX_DEPLOYMENT_TARGET": "12.0",
      "OTHER_CFLAGS": ["<@(common_cflags)"],
    },
  },
  "targets": [
    {
      "target_name": "cresset",
      "sources": ["<@(addon_sources)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
      "cflags_cc": ["-O2"],
      "xcode_settings": {"GCC_ENABLE_CPP_EXCEPTIONS": "YES"},
      "conditions": [
        ["target_arch=='x64'", {"dependencies": ["kernels_baseline", "kernels_avx2", "kernels_avx512", "kernels_avx512bf16", "kernels_amx"]}],
        ["target_arch=='arm64'", {"dependencies": ["kernels_neon"]}],
        ["OS=='linux'", {
          "libraries": ["-ldl", "-lpthread"],
          "ldflags": ["<@(linux_ldflags)", "-Wl,--version-script=<(module_root_dir)/native/exports.map"],
        }],
      ],
    },
  ],
  "conditions": [
    ["OS=='linux'", {
      "targets": [
        {
          # Loaded by the addon from its own folder, so that the addon also loads where libgomp is missing.
          "target_name": "cresset_openmp",
          "type": "shared_library",
          "product_prefix": "",
          "sources": ["<@(openmp_sources)"],
          "cflags_cc": ["-O2", "-fopenmp"],
          "ldflags": ["-fopenmp", "<@(linux_ldflags)"],
        },
      ],
    }],
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "kernels_baseline",
          "type": "static_library",
          "sources": ["<@(kernel_sources)"],
          "defines": ["CRESSET_ISA=baseline"],
          "cflags_cc": ["<@(kernel_cflags)", "<@(baseline_cflags)"],
          "xcode_settings": {"OTHER_CFLAGS": ["<@(kernel_cflags)", "<@(baseline_cflags)"]},
        },
        {
          "target_name": "kernels_avx2",
          "type": "static_library",
          "sources": ["<@(kernel_sources)"],
          "defines": ["CRESSET_ISA=avx2"],
          "cflags_cc": ["<@(kernel_cflags)", "<@(avx2_cflags)"],
          "xcode_settings": {"OTHER_CFLAGS": ["<@(kernel_cflags)", "<@(avx2_cflags)"]},
        },
        {
          "target_name": "kernels_avx512",
          "type": "static_library",
          "sources": ["<@(kernel_sources)"],
          "defines": ["CRESSET_ISA=avx512"],
          "cflags_cc": ["<@(kernel_cflags)", "<@(avx512_cflags)"],
          "xcode_settings": {"OTHER_CFLAGS": ["<@(kernel_cflags)", "<@(avx512_cflags)"]},
        },
        {
          "target_name": "kernels_avx512bf16",
          "type": "static_library",
          "sources": ["<@(bf16_sources)"],
          "defines": ["CRESSET_ISA=avx512bf16"],
          "cflags_cc": ["<@(kernel_cflags)", "<@(avx512bf16_cflags)"],
          "xcode_settings": {"OTHER_CFLAGS": ["<@(kernel_cflags)", "<@(avx512bf16_cflags)"]},
        },
        {
          "target_name": "kernels_amx",
          "type": "static_library",
          "sources": ["<@(bf16_sources)", "<@(amx_sources)"],
          "defines": ["CRESSET_ISA=amx"],
          "cflags_cc": ["<@(kernel_cflags)", "<@(amx_cflags)"],
          "xcode_settings": {"OTHER_CFLAGS": ["<@(kernel_cflags)", "<@(amx_cflags)"]},
        },
      ],
    }],
    ["target_arch=='arm64'", {
      "targets": [
        {
          "target_name": "kernels_neon",
          "type": "static_library",
          "sources": ["<@(kernel_sources)"],
          "defines": ["CRESSET_ISA=neon"],
          "cflags_cc": ["<@(kernel_cflags)"],
          "xcode_settings": {"OTHER_CFLAGS": ["<@(kernel_cflags)"]},
        },
      ],
    }],
  ],
}
