// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/event_cutter.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace stepscope::analysis::importing {
namespace {

using trace::Code;
using trace::Result;
using trace::Status;

constexpr size_t kWindowBytes = size_t{512} << 10U;
constexpr size_t kLargestEvent = size_t{64} << 20U;
constexpr size_t kLargestMember = size_t{1} << 20U;
constexpr size_t kLead = 64;  // before the window: a run may write one byte before its first event

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

EventCutter::EventCutter(ByteSource& source, EventSink& sink)
    : source_(source), sink_(sink), buffer_(kLead + kWindowBytes + kRunPadding), begin_(kLead), end_(kLead) {}

// Moves what begins at keep_from to the front and reads behind it, once; ended_ when there is nothing more.
Status EventCutter::fill(size_t keep_from) {
  const size_t kept = end_ - keep_from;
  std::memmove(buffer_.data() + kLead, buffer_.data() + keep_from, kept);
  const size_t moved = keep_from - kLead;
  begin_ -= std::min(begin_ - kLead, moved);
  scan_ -= std::min(scan_, moved);
  start_ -= std::min(start_, moved);
  end_ = kLead + kept;
  size_t room = buffer_.size() - kRunPadding - end_;
  if (room < kWindowBytes / 2) {
    if (kept > kLargestEvent) {
      return {Code::kUnreadable,
              "cannot import '" + source_.path() +
                  "': an event is larger than 64 MiB; is it a trace? take an undamaged copy"};
    }
    buffer_.resize(buffer_.size() * 2);
    room = buffer_.size() - kRunPadding - end_;
  }
  Result<size_t> got = source_.read(buffer_.data() + end_, room);
  if (!got.ok()) {
    return got.status();
  }
  end_ += got.value();
  ended_ = got.value() == 0;
  return {};
}

Result<int> EventCutter::take() {
  if (begin_ == end_ && !ended_) {
    if (Status status = fill(begin_); !status.ok()) {
      return status;
    }
  }
  return begin_ == end_ ? -1 : static_cast<unsigned char>(buffer_[begin_++]);
}

Result<int> EventCutter::next_token() {
  for (;;) {
    Result<int> c = take();
    if (!c.ok() || c.value() < 0) {
      return c;
    }
    if (!is_blank(static_cast<char>(c.value()))) {
      --begin_;
      return c;
    }
  }
}

// The text between two quotes as it is written, escapes included; false when the content ends inside.
Result<bool> EventCutter::read_string(std::string* out) {
  bool escaped = false;
  for (;;) {
    Result<int> c = take();
    if (!c.ok()) {
      return c.status();
    }
    if (c.value() < 0) {
      return false;
    }
    if (c.value() == '"' && !escaped) {
      return true;
    }
    escaped = c.value() == '\\' && !escaped;
    if (out->size() <= kLargestMember) {
      out->push_back(static_cast<char>(c.value()));
    }
  }
}

// Any value, as text; more than the largest member is read and not kept. False when the content ends inside.
Result<bool> EventCutter::read_value(std::string* out) {
  size_t depth = 0;
  for (;;) {
    Result<int> token = take();
    if (!token.ok()) {
      return token.status();
    }
    if (token.value() < 0) {
      return false;
    }
    const auto c = static_cast<char>(token.value());
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
      --begin_;
      return true;
    }
    if (out->size() <= kLargestMember) {
      out->push_back(c);
    }
    if (c == '"') {
      Result<bool> whole = read_string(out);
      if (!whole.ok() || !whole.value()) {
        return whole;
      }
      out->push_back('"');
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth == 0) {
        return true;
      }
    }
  }
}

// Looks at `count` <= 64 bytes at scan_; behind end_ there are blanks. True at the end of the array.
bool EventCutter::scan_block(size_t count, size_t* array_end) {
  const StructureMask mask = structure_mask(buffer_.data() + scan_, string_);
  for (uint64_t left = mask.open | mask.close; left != 0; left &= left - 1) {
    const auto bit = static_cast<unsigned>(std::countr_zero(left));
    const size_t at = scan_ + bit;
    if ((mask.open >> bit & 1U) != 0) {
      start_ = depth_ == 0 ? at : start_;
      ++depth_;
    } else if (depth_ == 0) {
      *array_end = at;
      return true;
    } else if (--depth_ == 0) {
      pieces_.push_back({start_, at + 1});
    }
  }
  scan_ += count;
  return false;
}

bool EventCutter::clean_gap(size_t begin, size_t end, bool first) {
  size_t commas = 0;
  bool other = false;
  for (size_t i = begin; i < end; ++i) {
    commas += buffer_[i] == ',' ? 1U : 0U;
    other |= buffer_[i] != ',' && !is_blank(buffer_[i]);
  }
  const bool clean = !other && commas == (first ? 0U : 1U);
  report_.strays += clean ? 0 : 1;
  return clean;
}

// Hands the pieces on in runs; *last_end is the end of the last event before them.
Status EventCutter::deliver(size_t* last_end) {
  size_t run = 0;
  for (size_t i = 0; i <= pieces_.size(); ++i) {
    const bool over = i == pieces_.size();
    const bool object = !over && buffer_[pieces_[i].begin] == '{';
    const bool joined = !over && clean_gap(*last_end, pieces_[i].begin, first_) && object;
    if (i > run && !joined) {
      const Status status = sink_.on_events(buffer_.data(), {pieces_.data() + run, i - run});
      if (!status.ok()) {
        return status;
      }
      run = i;
    }
    if (!over) {
      *last_end = pieces_[i].end;
      first_ = false;
      if (!object) {
        ++report_.strays;
        run = i + 1;
      }
    }
  }
  pieces_.clear();
  return {};
}

Status EventCutter::read_events() {
  report_.events = true;
  scan_ = begin_;
  size_t last_end = begin_;
  for (;;) {
    size_t array_end = 0;
    bool over = false;
    while (!over && scan_ < end_ && (end_ - scan_ >= kMaskBytes || ended_)) {
      const size_t count = std::min(kMaskBytes, end_ - scan_);
      if (count < kMaskBytes) {
        std::memset(buffer_.data() + end_, ' ', kMaskBytes);
      }
      over = scan_block(count, &array_end);
    }
    if (Status status = deliver(&last_end); !status.ok()) {
      return status;
    }
    if (over) {
      begin_ = array_end + 1;
      return {};
    }
    if (ended_) {
      begin_ = end_;
      return {};
    }
    begin_ = last_end;
    if (Status status = fill(last_end); !status.ok()) {
      return status;
    }
    last_end = begin_;
  }
}

Status EventCutter::read_outer_object() {
  for (;;) {
    Result<int> token = next_token();
    if (!token.ok() || token.value() < 0) {
      return token.status();
    }
    ++begin_;
    if (token.value() == '}') {
      report_.complete = true;
      return {};
    }
    if (token.value() == ',') {
      continue;
    }
    std::string key;
    Result<bool> whole = token.value() == '"' ? read_string(&key) : Result<bool>(false);
    Result<int> colon = whole.ok() && whole.value() ? next_token() : Result<int>(-1);
    if (!whole.ok() || !colon.ok()) {
      return whole.ok() ? colon.status() : whole.status();
    }
    if (colon.value() != ':') {
      return {};
    }
    ++begin_;
    token = next_token();
    if (!token.ok() || token.value() < 0) {
      return token.status();
    }
    if (key == "traceEvents" && token.value() == '[') {
      ++begin_;
      first_ = true;
      if (Status status = read_events(); !status.ok() || (ended_ && begin_ == end_)) {
        return status;
      }
      continue;
    }
    std::string value;
    whole = read_value(&value);
    if (!whole.ok() || !whole.value()) {
      return whole.status();
    }
    if (value.size() <= kLargestMember) {
      sink_.on_member(key, value);
    }
  }
}

Result<CutReport> EventCutter::run() {
  Result<int> token = next_token();
  if (token.ok() && token.value() == 0xEF && end_ - begin_ >= 3) {  // a byte order mark
    begin_ += 3;
    token = next_token();
  }
  if (!token.ok()) {
    return token.status();
  }
  ++begin_;
  if (token.value() == '[') {
    if (Status status = read_events(); !status.ok()) {
      return status;
    }
    // The last bracket of a bare array may be missing: the format says so. Half an event may not.
    report_.complete = depth_ == 0 && !string_.inside;
  } else if (token.value() == '{') {
    if (Status status = read_outer_object(); !status.ok()) {
      return status;
    }
  } else {
    return Status(Code::kUnreadable, "cannot import '" + source_.path() +
                                         "': it is not JSON; name a trace that a profiler has written");
  }
  return report_;
}

}  // namespace stepscope::analysis::importing
