// SPDX-License-Identifier: Apache-2.0
//
// A reader of Parquet files for tests, as small as it can be: footer, metadata, dictionary and data pages of required
// columns, uncompressed. It is written from the format's own description, not from the writer. A mistake throws.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stepscope::testing {

// A value of Thrift's compact protocol.
struct ThriftValue {
  int64_t number = 0;
  std::string bytes;
  std::vector<ThriftValue> list;
  std::map<int, ThriftValue> fields;

  const ThriftValue& at(int id) const { return fields.at(id); }
};

class ThriftReader {
 public:
  ThriftReader(std::string_view bytes, size_t at) : bytes_(bytes), at_(at) {}

  ThriftValue structure() {
    ThriftValue out;
    for (int id = 0;;) {
      const uint8_t header = byte();
      if (header == 0) {
        return out;
      }
      id = (header >> 4U) != 0 ? id + (header >> 4U) : static_cast<int>(zigzag());
      const uint8_t type = header & 0xFU;
      out.fields[id] = type <= 2 ? ThriftValue{type == 1 ? 1 : 0, {}, {}, {}} : value(type);
    }
  }
  [[nodiscard]] size_t position() const { return at_; }

 private:
  uint8_t byte() { return static_cast<uint8_t>(bytes_.at(at_++)); }
  uint64_t varint() {
    uint64_t out = 0;
    for (unsigned shift = 0;; shift += 7) {
      const uint8_t next = byte();
      out |= static_cast<uint64_t>(next & 0x7FU) << shift;
      if (next < 0x80U) {
        return out;
      }
    }
  }
  int64_t zigzag() {
    const uint64_t raw = varint();
    return static_cast<int64_t>(raw >> 1U) ^ -static_cast<int64_t>(raw & 1U);
  }
  ThriftValue value(uint8_t type) {
    ThriftValue out;
    if (type == 3) {
      out.number = static_cast<int8_t>(byte());
    } else if (type >= 4 && type <= 6) {
      out.number = zigzag();
    } else if (type == 8) {
      const uint64_t size = varint();
      out.bytes = bytes_.substr(at_, size);
      at_ += size;
    } else if (type == 9) {
      const uint8_t header = byte();
      const uint64_t size = (header >> 4U) == 15 ? varint() : header >> 4U;
      for (uint64_t i = 0; i < size; ++i) {
        out.list.push_back(value(header & 0xFU));
      }
    } else if (type == 12) {
      out = structure();
    } else {
      throw std::runtime_error("thrift type " + std::to_string(type));
    }
    return out;
  }

  std::string_view bytes_;
  size_t at_;
};

struct ParquetReader {
  explicit ParquetReader(const std::string& file) : bytes(file) {
    if (!bytes.starts_with("PAR1") || !bytes.ends_with("PAR1")) {
      throw std::runtime_error("no magic");
    }
    const size_t footer = bytes.size() - 8;
    meta = ThriftReader(bytes, footer - little(footer, 4)).structure();
  }

  [[nodiscard]] uint64_t little(size_t at, size_t count) const {
    uint64_t out = 0;
    for (size_t i = 0; i < count; ++i) {
      out |= static_cast<uint64_t>(static_cast<uint8_t>(bytes.at(at + i))) << (8 * i);
    }
    return out;
  }

  // Index of a column by name; the first schema element is the root.
  [[nodiscard]] size_t column(const std::string& name) const {
    const std::vector<ThriftValue>& schema = meta.at(2).list;
    for (size_t i = 1; i < schema.size(); ++i) {
      if (schema[i].at(4).bytes == name) {
        return i - 1;
      }
    }
    throw std::runtime_error("no column " + name);
  }
  [[nodiscard]] const ThriftValue& schema(const std::string& name) const {
    return meta.at(2).list.at(column(name) + 1);
  }

  // PLAIN values from `at`: numbers as 8 bytes of text, texts as they are.
  [[nodiscard]] std::vector<std::string> plain(size_t at, size_t count, bool text) const {
    std::vector<std::string> out;
    for (size_t i = 0; i < count; ++i) {
      const size_t size = text ? little(at, 4) : 8;
      at += text ? 4 : 0;
      out.push_back(bytes.substr(at, size));
      at += size;
    }
    return out;
  }

  // The hybrid of runs and packed groups of 8.
  [[nodiscard]] std::vector<uint64_t> indexes(size_t at, size_t count) const {
    const auto width = static_cast<unsigned>(little(at++, 1));
    std::vector<uint64_t> out;
    while (out.size() < count) {
      uint64_t header = 0;
      for (unsigned shift = 0;; shift += 7) {
        const uint64_t next = little(at++, 1);
        header |= (next & 0x7FU) << shift;
        if (next < 0x80U) {
          break;
        }
      }
      if ((header & 1U) == 0) {
        out.insert(out.end(), header >> 1U, little(at, (width + 7) / 8));
        at += (width + 7) / 8;
      } else {
        const size_t values = (header >> 1U) * 8;
        for (size_t i = 0; i < values; ++i) {
          uint64_t one = 0;
          for (unsigned bit = 0; bit < width; ++bit) {
            const size_t place = i * width + bit;
            one |= (little(at + place / 8, 1) >> (place % 8) & 1U) << bit;
          }
          out.push_back(one);
        }
        at += values * width / 8;
      }
    }
    out.resize(count);
    return out;
  }

  [[nodiscard]] std::vector<std::string> raw(const std::string& name) const {
    std::vector<std::string> out;
    for (const ThriftValue& group : meta.at(4).list) {
      const ThriftValue& chunk = group.at(1).list.at(column(name)).at(3);
      const bool text = chunk.at(1).number == 6;
      std::vector<std::string> dictionary;
      if (chunk.fields.contains(11)) {
        ThriftReader reader(bytes, static_cast<size_t>(chunk.at(11).number));
        const ThriftValue page = reader.structure();
        dictionary = plain(reader.position(), static_cast<size_t>(page.at(7).at(1).number), text);
      }
      ThriftReader reader(bytes, static_cast<size_t>(chunk.at(9).number));
      const ThriftValue page = reader.structure();
      const auto count = static_cast<size_t>(page.at(5).at(1).number);
      if (page.at(5).at(2).number == 8) {
        for (const uint64_t index : indexes(reader.position(), count)) {
          out.push_back(dictionary.at(index));
        }
      } else {
        for (std::string& value : plain(reader.position(), count, text)) {
          out.push_back(std::move(value));
        }
      }
    }
    return out;
  }
  [[nodiscard]] std::vector<int64_t> integers(const std::string& name) const {
    std::vector<int64_t> out;
    for (const std::string& value : raw(name)) {
      int64_t number = 0;
      std::memcpy(&number, value.data(), sizeof number);
      out.push_back(number);
    }
    return out;
  }
  [[nodiscard]] std::vector<double> reals(const std::string& name) const {
    std::vector<double> out;
    for (const std::string& value : raw(name)) {
      double number = 0;
      std::memcpy(&number, value.data(), sizeof number);
      out.push_back(number);
    }
    return out;
  }

  std::string bytes;
  ThriftValue meta;
};

}  // namespace stepscope::testing
