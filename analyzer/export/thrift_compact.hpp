// SPDX-License-Identifier: Apache-2.0
//
// ThriftCompact: a writer of Thrift's compact protocol, as far as Parquet's metadata needs it.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
//
//   ThriftCompact out(bytes);
//   out.i32(1, 2); out.begin_struct(5); out.i64(1, rows); out.end_struct(); out.end_struct();
//
// Fields of a struct are written in ascending order of id. The outermost struct is open from the start; its end_struct()
// ends the message. Internal to analyzer/export.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stepscope::analysis::exporting {

class ThriftCompact {
 public:
  enum class Element : uint8_t { kI32 = 5, kBinary = 8, kStruct = 12 };  // of lists

  explicit ThriftCompact(std::string& out) : out_(out), last_id_(1, 0) {}

  void boolean(int16_t id, bool value) { field(id, value ? kTrue : kFalse); }
  void i8(int16_t id, int8_t value) {
    field(id, kI8);
    out_ += static_cast<char>(value);
  }
  void i32(int16_t id, int32_t value) {
    field(id, kI32);
    zigzag(value);
  }
  void i64(int16_t id, int64_t value) {
    field(id, kI64);
    zigzag(value);
  }
  void binary(int16_t id, std::string_view value) {
    field(id, kBinary);
    element_binary(value);
  }
  void begin_struct(int16_t id) {
    field(id, kStruct);
    begin_element();
  }
  void end_struct() {
    out_ += '\0';
    last_id_.pop_back();
  }

  // Elements follow: element_*() each, or begin_element() ... end_struct().
  void begin_list(int16_t id, Element type, size_t size) {
    field(id, kList);
    const auto code = static_cast<uint8_t>(type);
    if (size < 15) {
      out_ += static_cast<char>(size << 4U | code);
    } else {
      out_ += static_cast<char>(0xF0U | code);
      varint(size);
    }
  }
  void element_i32(int32_t value) { zigzag(value); }
  void element_binary(std::string_view value) {
    varint(value.size());
    out_ += value;
  }
  void begin_element() { last_id_.push_back(0); }

 private:
  static constexpr uint8_t kTrue = 1, kFalse = 2, kI8 = 3, kI32 = 5, kI64 = 6, kBinary = 8, kList = 9,
                           kStruct = 12;

  // Ids of Parquet's structs are small and close to each other: the short form of the header always does.
  void field(int16_t id, uint8_t type) {
    const auto delta = static_cast<unsigned>(id - last_id_.back());
    out_ += static_cast<char>(delta << 4U | type);
    last_id_.back() = id;
  }
  void varint(uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) {
      out_ += static_cast<char>(0x80U | (value & 0x7FU));
    }
    out_ += static_cast<char>(value);
  }
  void zigzag(int64_t value) {
    varint(static_cast<uint64_t>(value) << 1U ^ static_cast<uint64_t>(value >> 63U));
  }

  std::string& out_;
  std::vector<int16_t> last_id_;  // per open struct
};

}  // namespace stepscope::analysis::exporting
