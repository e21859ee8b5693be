// SPDX-License-Identifier: MIT
#pragma once
#include <utility>

namespace cresset {

// Items in order, linked through their own `next`: no call asks for memory. What is in it belongs
// to whoever put it there.
template <class T>
class Fifo {
 public:
  bool empty() const { return !first_; }
  void push(T* item) {
    item->next = nullptr;
    (last_ ? last_->next : first_) = item;
    last_ = item;
  }
  // The first one, or null.
  T* pop() {
    T* const item = first_;
    if (item) first_ = std::exchange(item->next, nullptr);
    if (!first_) last_ = nullptr;
    return item;
  }
  // Takes out those that are `wanted`.
  template <class Wanted>
  Fifo take(Wanted wanted) {
    Fifo taken, kept;
    while (T* const item = pop()) (wanted(*item) ? taken : kept).push(item);
    *this = kept;
    return taken;
  }
  template <class Wanted>
  int count(Wanted wanted) const {
    int n = 0;
    for (const T* item = first_; item; item = item->next) n += wanted(*item);
    return n;
  }

 private:
  T *first_ = nullptr, *last_ = nullptr;
};

}  // namespace cresset
