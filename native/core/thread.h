// SPDX-License-Identifier: MIT
#pragma once
#include <pthread.h>
#include <signal.h>

namespace cresset {

// Detached, and with every signal blocked: signals belong to the threads of the program. False if
// the system gives none.
inline bool start_thread(void* (*body)(void*), void* argument = nullptr) noexcept {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_t thread;
  const bool started = pthread_create(&thread, nullptr, body, argument) == 0;
  if (started) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  return started;
}

}  // namespace cresset
