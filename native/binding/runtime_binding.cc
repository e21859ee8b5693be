// SPDX-License-Identifier: MIT
#include "binding/addon.h"
#include "binding/args.h"
#include "core/parallel.h"
#include "kernels/table.h"

// Memory, threads and instruction sets.
namespace cresset::binding {
namespace {

void set(napi_env env, napi_value object, const char* key, int64_t value) {
  check(env, napi_set_named_property(env, object, key, to_js(env, value)), key);
}

napi_value set_error_classes(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "setErrorClasses");
    check(env, napi_create_reference(env, args[0], 1, &env_of(env).error_classes),
          "setErrorClasses");
    return undefined(env);
  });
}

napi_value set_young_collector(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "setYoungCollector");
    check(env, napi_create_reference(env, args[0], 1, &env_of(env).young.collect),
          "setYoungCollector");
    return undefined(env);
  });
}

napi_value get_memory_stats(napi_env env, napi_callback_info) {
  return guarded(env, [&] {
    const MemoryStats stats = memory_stats();
    napi_value object;
    check(env, napi_create_object(env, &object), "memoryStats");
    set(env, object, "live", stats.live);
    set(env, object, "peak", stats.peak);
    set(env, object, "cached", stats.cached);
    set(env, object, "allocations", stats.allocations);
    return object;
  });
}

napi_value get_parallel_stats(napi_env env, napi_callback_info) {
  return guarded(env, [&] {
    const ParallelStats stats = parallel_stats();
    napi_value object;
    check(env, napi_create_object(env, &object), "parallelStats");
    set(env, object, "loops", stats.loops);
    set(env, object, "chunks", stats.chunks);
    set(env, object, "maxThreads", stats.max_threads);
    const char* backend = parallel_backend() == ParallelBackend::Pool ? "pool" : "openmp";
    check(env, napi_set_named_property(env, object, "backend", to_js(env, backend)), "backend");
    return object;
  });
}

// A function without arguments or result.
template <void (*kFunction)() noexcept>
napi_value run(napi_env env, napi_callback_info) {
  return guarded(env, [&] {
    kFunction();
    return undefined(env);
  });
}

// A function of one integer >= least.
template <void (*kFunction)(int64_t) noexcept, int kLeast>
napi_value set_integer(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, kLeast ? "setNumThreads" : "setMemoryLimit");
    const int64_t value = args.integer(0, "n");
    if (value < kLeast)
      fail(ErrorKind::Range, "%s: expected at least %d, got %lld", args.function, kLeast,
           static_cast<long long>(value));
    kFunction(value);
    return undefined(env);
  });
}

void set_threads(int64_t n) noexcept {
  set_num_threads(static_cast<int>(n < kMaxThreads ? n : kMaxThreads));
}

napi_value get_num_threads(napi_env env, napi_callback_info) {
  return guarded(env, [&] { return to_js(env, static_cast<int64_t>(num_threads())); });
}
napi_value get_memory_limit(napi_env env, napi_callback_info) {
  return guarded(env, [&] { return to_js(env, memory_limit()); });
}

napi_value choose_parallel_backend(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "setParallelBackend");
    const std::string name = args.string(0, "backend");
    if (name != "pool" && name != "openmp")
      fail(ErrorKind::Range, "setParallelBackend: expected 'pool' or 'openmp', got '%s'",
           name.c_str());
    const char* why = "";
    if (!set_parallel_backend(name == "pool" ? ParallelBackend::Pool : ParallelBackend::OpenMP,
                              &why))
      fail(ErrorKind::Device, "setParallelBackend: cannot use '%s': %s", name.c_str(), why);
    return undefined(env);
  });
}

napi_value get_isa(napi_env env, napi_callback_info) {
  return guarded(env, [&] { return to_js(env, kernels().isa); });
}

// What the environment asks for and cannot have is an error on loading, not a silent default.
napi_value check_environment(napi_env env, napi_callback_info) {
  return guarded(env, [&] {
    const char* const problem = isa_error() ? isa_error() : parallel_error();
    if (problem) fail(ErrorKind::Device, "%s", problem);
    return undefined(env);
  });
}

napi_value get_isas(napi_env env, napi_callback_info) {
  return guarded(env, [&] {
    napi_value array;
    check(env, napi_create_array(env, &array), "isas");
    const char* const* names = available_isas();
    for (uint32_t i = 0; names[i]; ++i)
      check(env, napi_set_element(env, array, i, to_js(env, names[i])), "isas");
    return array;
  });
}

napi_value choose_isa(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const CallArgs args(env, info, "setIsa");
    if (const char* why = set_isa(args.string(0, "name").c_str()))
      fail(ErrorKind::Device, "setIsa: %s", why);
    return undefined(env);
  });
}

}  // namespace

void define_runtime(napi_env env, napi_value exports) {
  define(env, exports, "setErrorClasses", set_error_classes);
  define(env, exports, "setYoungCollector", set_young_collector);
  define(env, exports, "checkEnvironment", check_environment);
  define(env, exports, "memoryStats", get_memory_stats);
  define(env, exports, "resetPeakMemory", run<reset_peak_memory>);
  define(env, exports, "releaseCache", run<release_cache>);
  define(env, exports, "setMemoryLimit", set_integer<set_memory_limit, 0>);
  define(env, exports, "getMemoryLimit", get_memory_limit);
  define(env, exports, "failAllocationsFrom", set_integer<fail_allocations_from, 0>);
  define(env, exports, "setNumThreads", set_integer<set_threads, 1>);
  define(env, exports, "getNumThreads", get_num_threads);
  define(env, exports, "setParallelBackend", choose_parallel_backend);
  define(env, exports, "parallelStats", get_parallel_stats);
  define(env, exports, "resetParallelStats", run<reset_parallel_stats>);
  define(env, exports, "isa", get_isa);
  define(env, exports, "isas", get_isas);
  define(env, exports, "setIsa", choose_isa);
}

}  // namespace cresset::binding
