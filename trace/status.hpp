// SPDX-License-Identifier: Apache-2.0
//
// Status and Result<T>: errors that can happen, as values.
//
// A message names the file, the cause and the remedy in one sentence: it goes to the user as it is.
// `Code` maps to the exit codes of the command line (docs/ARCHITECTURE.md). Not thread-safe, cheap to move.
// Not for the collector: that room reports errno values and loss counters instead.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace stepscope::trace {

enum class Code {
  kOk,
  kUsage,          // the caller asked for something that cannot be: exit 2
  kNotComparable,  // two runs that must not be compared: exit 4
  kUnreadable,     // missing, damaged, foreign or too new input: exit 5
  kUnavailable,    // the machine refused (disk full, permission): exit 5
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] bool ok() const { return code_ == Code::kOk; }
  [[nodiscard]] Code code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that a function reads `return value;` and `return status;`.
  Result(T value) : state_(std::move(value)) {}        // NOLINT(google-explicit-constructor)
  Result(Status status) : state_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    assert(!std::get<Status>(state_).ok() && "a Result without a value needs an error");
  }

  [[nodiscard]] bool ok() const { return std::holds_alternative<T>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<T>(state_); }
  [[nodiscard]] T& value() & { return std::get<T>(state_); }
  [[nodiscard]] T&& value() && { return std::get<T>(std::move(state_)); }
  [[nodiscard]] Status status() const { return ok() ? Status() : std::get<Status>(state_); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace stepscope::trace
