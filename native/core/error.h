// SPDX-License-Identifier: MIT
#pragma once
#include <exception>
#include <string>

namespace cresset {

// Each kind becomes one JavaScript error class; see lib/errors.ts and binding/errors.cc.
enum class ErrorKind : uint8_t {
  Shape,
  DType,
  Device,
  Graph,
  Data,
  OutOfMemory,
  Type,
  Range,
  State
};

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}
  ErrorKind kind() const noexcept { return kind_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorKind kind_;
  std::string message_;
};

// Throws Error with a printf-style message: "op: what came, what was expected".
[[noreturn]] void fail(ErrorKind kind, const char* format, ...)
    __attribute__((format(printf, 2, 3)));

}  // namespace cresset
