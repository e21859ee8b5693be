// SPDX-License-Identifier: MIT
#pragma once
#include <atomic>
#include <cstdint>
#include <utility>

#include "core/allocator.h"

namespace cresset {

// Gives up one of `count` holders: was it the last? The last one has nobody to race with, and is
// spared the atomic subtraction.
template <class N>
bool is_last(std::atomic<N>& count) noexcept {
  return count.load(std::memory_order_acquire) == 1 ||
         count.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

// Can others find a T while its last holder gives it up?
template <class T>
constexpr bool kFoundElsewhere = false;

// A counted pointer to T with `refs` and a static T::destroy(T*).
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  explicit Ref(T* adopted) : p_(adopted) {}  // takes over one reference
  static Ref share(T* p) {
    if (p) p->refs.fetch_add(1, std::memory_order_relaxed);
    return Ref(p);
  }
  Ref(const Ref& other) : p_(other.p_) {
    if (p_) p_->refs.fetch_add(1, std::memory_order_relaxed);
  }
  Ref(Ref&& other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(p_, other.p_);
    return *this;
  }
  ~Ref() {
    if (!p_) return;
    const bool last = kFoundElsewhere<T> ? p_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1
                                         : is_last(p_->refs);
    if (last) T::destroy(p_);
  }
  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  T* release() { return std::exchange(p_, nullptr); }
  int64_t use_count() const { return p_ ? p_->refs.load(std::memory_order_relaxed) : 0; }

 private:
  T* p_ = nullptr;
};

struct Storage;
template <>
inline constexpr bool kFoundElsewhere<Storage> = true;  // core/deferred.cc lists some

// The bytes under one or more tensors. `version` counts in-place changes: autograd compares it
// with the value it had when a tensor was saved.
struct Storage {
  std::atomic<int32_t> refs{1};
  // Runs in the background that use it: those that read it, and kWriter for each that writes it.
  std::atomic<int32_t> runs{0};
  static constexpr int32_t kReader = 1, kWriter = 1 << 16;
  std::atomic<uint32_t> version{0};
  // Bytes before this header, in the same block, that belong to another object; how many of the
  // two still live: the block goes with the last.
  uint16_t front = 0;
  std::atomic<uint8_t> parts{1};
  // Perhaps somebody still has to read it (core/deferred.h).
  std::atomic<bool> deferred_from{false};
  void* data = nullptr;  // null in a placeholder: no memory (yet)
  int64_t bytes = 0;
  MemoryAccount* account = nullptr;
  // Set for memory that came from outside; called once, on whichever thread drops the last use.
  void (*release)(void* owner) = nullptr;
  void* owner = nullptr;

  // With `front` > 0 (a multiple of 8), the object there gives up its part by `leave`.
  static Ref<Storage> create(int64_t bytes, int64_t front = 0);
  static void leave(Storage* storage) noexcept;
  static Ref<Storage> wrap(void* data, int64_t bytes, void (*release)(void*), void* owner);
  // Stands for `bytes` bytes: a recorded result, or memory that is given by setting `data`.
  static Ref<Storage> placeholder(int64_t bytes);
  static void destroy(Storage* storage) noexcept;
  // Memory of `bytes` bytes from allocate(), for a storage without any.
  void adopt(void* memory) noexcept;

  // A run that uses it begins or ends, `by` kReader or kWriter.
  void begin_run(int32_t by) noexcept { runs.fetch_add(by, std::memory_order_relaxed); }
  void end_run(int32_t by) noexcept {
    runs.fetch_sub(by, std::memory_order_release);
    runs.notify_all();
  }
  void wait_for_writers() const noexcept {
    for (int32_t n; (n = runs.load(std::memory_order_acquire)) >= kWriter;) runs.wait(n);
  }
  void wait_for_runs() const noexcept {
    for (int32_t n; (n = runs.load(std::memory_order_acquire)) != 0;) runs.wait(n);
  }
};

}  // namespace cresset
