// SPDX-License-Identifier: Apache-2.0
#include "analyzer/export/chrome_events.hpp"

#include <cmath>

#include "analyzer/export/text.hpp"

namespace stepscope::analysis::exporting {

void ChromeEvents::open(char phase, std::string_view category, std::string_view name, const Track& track,
                        int64_t ts_ns) {
  std::string& out = out_.buffer();
  out += count_ == 0 ? "\n{\"ph\": \"" : ",\n{\"ph\": \"";
  out += phase;
  out += '"';
  if (!category.empty()) {
    key("cat");
    append_json(out, category);
  }
  key("name");
  append_json(out, name);
  key("pid");
  append_integer(out, track.pid);
  key("tid");
  append_integer(out, track.tid);
  key("ts");
  append_microseconds(out, ts_ns);
  ++count_;
  in_arguments_ = false;
}

void ChromeEvents::close() {
  out_.buffer() += in_arguments_ ? "}}" : "}";
  out_.spill();
}

void ChromeEvents::key(std::string_view name) {
  std::string& out = out_.buffer();
  out += ", \"";
  out += name;
  out += "\": ";
}

void ChromeEvents::argument_key(std::string_view name) {
  if (in_arguments_) {
    key(name);
    return;
  }
  in_arguments_ = true;
  std::string& out = out_.buffer();
  out += ", \"args\": {\"";
  out += name;
  out += "\": ";
}

void ChromeEvents::duration(int64_t dur_ns) {
  key("dur");
  append_microseconds(out_.buffer(), dur_ns);
}

void ChromeEvents::id(uint64_t value) {
  key("id");
  append_unsigned(out_.buffer(), value);
}

void ChromeEvents::member(std::string_view name, std::string_view text) {
  key(name);
  append_json(out_.buffer(), text);
}

void ChromeEvents::argument(std::string_view name, int64_t value) {
  argument_key(name);
  append_integer(out_.buffer(), value);
}

void ChromeEvents::unsigned_argument(std::string_view name, uint64_t value) {
  argument_key(name);
  append_unsigned(out_.buffer(), value);
}

void ChromeEvents::real_argument(std::string_view name, double value) {
  argument_key(name);
  if (std::isfinite(value)) {
    append_real(out_.buffer(), value);
  } else {
    out_.buffer() += "null";
  }
}

void ChromeEvents::text_argument(std::string_view name, std::string_view text) {
  argument_key(name);
  append_json(out_.buffer(), text);
}

void ChromeEvents::flag_argument(std::string_view name) {
  argument_key(name);
  out_.buffer() += "true";
}

void ChromeEvents::raw_arguments(std::string_view json) {
  if (!json.empty()) {
    std::string& out = out_.buffer();
    out += in_arguments_ ? ", " : ", \"args\": {";
    in_arguments_ = true;
    out += json;
  }
}

}  // namespace stepscope::analysis::exporting
