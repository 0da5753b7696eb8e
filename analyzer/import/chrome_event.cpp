// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/chrome_event.hpp"

#include <cstring>
#include <string>
#include <utility>

#include <simdjson.h>

namespace stepscope::analysis::importing {
namespace {

namespace json = simdjson::ondemand;

// Keys are compared as they are written: profilers do not escape letters. `key` is behind the opening quote.
bool is_key(const char* key, std::string_view name) {
  return std::memcmp(key, name.data(), name.size()) == 0 && key[name.size()] == '"';
}

// A number, or the inside of a text without escapes, as it stands there.
std::string_view token_of(json::value& value) {
  std::string_view token = value.raw_json_token();
  size_t size = token.size();
  while (size > 0 && static_cast<unsigned char>(token[size - 1]) <= ' ') {
    --size;
  }
  token = token.substr(0, size);
  if (size >= 2 && token[0] == '"' && token[size - 1] == '"') {
    token = token.substr(1, size - 2);
  }
  return token;
}

// A text, unescaped; a number or null where a text was expected stays as it is written.
bool text_of(json::value& value, std::string_view* out) {
  json::json_type type = json::json_type::null;
  if (value.type().get(type) != simdjson::SUCCESS) {
    return false;
  }
  if (type == json::json_type::string) {
    return value.get_string().get(*out) == simdjson::SUCCESS;
  }
  if (type == json::json_type::number || type == json::json_type::boolean) {
    *out = token_of(value);
  }
  return true;
}

// [x, y, z]
bool three_of(json::value& value, std::array<std::string_view, 3>* out) {
  json::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) {
    return true;  // written as text by some: without it there is no signature
  }
  size_t count = 0;
  for (auto element : array) {
    json::value number;
    if (element.get(number) != simdjson::SUCCESS) {
      return false;
    }
    if (count < out->size()) {
      (*out)[count++] = token_of(number);
    }
  }
  return true;
}

struct NumberKey {
  std::string_view key;
  std::string_view EventArgs::*member;
};
struct TextKey {
  std::string_view key;
  std::string_view EventArgs::*member;
};

constexpr NumberKey kNumbers[] = {
    {"device", &EventArgs::device},
    {"context", &EventArgs::context},
    {"stream", &EventArgs::stream},
    {"correlation", &EventArgs::correlation},
    {"registers per thread", &EventArgs::registers},
    {"shared memory", &EventArgs::shared_memory},
    {"bytes", &EventArgs::bytes},
    {"graph id", &EventArgs::graph},
    {"graph node id", &EventArgs::graph_node},
    {"event_id", &EventArgs::event_id},
    {"wait_on_cuda_event_id", &EventArgs::wait_event_id},
    {"In msg nelems", &EventArgs::in_elements},
    {"Out msg nelems", &EventArgs::out_elements},
    {"Group size", &EventArgs::group_size},
    {"Seq", &EventArgs::sequence},
    {"Src Rank", &EventArgs::source_rank},
    {"Dst Rank", &EventArgs::target_rank},
};
constexpr TextKey kTexts[] = {
    {"cuda_sync_kind", &EventArgs::sync_kind},
    {"Collective name", &EventArgs::collective},
    {"dtype", &EventArgs::dtype},
    {"Process Group Name", &EventArgs::group_name},
    {"Process Group Description", &EventArgs::group_description},
    {"name", &EventArgs::label},
    {"labels", &EventArgs::label},
};

bool read_argument(const char* key, json::value& value, EventArgs* out) {
  for (const NumberKey& known : kNumbers) {
    if (key[0] == known.key[0] && is_key(key, known.key)) {
      out->*known.member = token_of(value);
      return true;
    }
  }
  for (const TextKey& known : kTexts) {
    if (key[0] == known.key[0] && is_key(key, known.key)) {
      return text_of(value, &(out->*known.member));
    }
  }
  if (is_key(key, "grid")) {
    return three_of(value, &out->grid);
  }
  return !is_key(key, "block") || three_of(value, &out->block);
}

// Of an operator's long arguments only the shapes of its inputs are wanted.
bool read_shapes(const char* key, json::value& value, EventArgs* out) {
  json::array array;
  if (!is_key(key, "Input Dims") || value.get_array().get(array) != simdjson::SUCCESS) {
    return true;
  }
  return array.raw_json().get(out->shapes) == simdjson::SUCCESS;
}

bool read_counter_series(const char* key, json::value& value, EventArgs* out) {
  json::json_type type = json::json_type::null;
  if (value.type().get(type) != simdjson::SUCCESS) {
    return false;
  }
  if (type == json::json_type::number && out->series_count < kMaxSeries) {
    const size_t size = std::strcspn(key, "\"\\");
    out->series[out->series_count++] = {std::string_view(key, size), token_of(value)};
  }
  return true;
}

bool is_operator(const ChromeEvent& event) {
  return event.category == "cpu_op" || event.category == "Operator";
}

// Frames and annotations have long arguments that nothing here needs; arrows have none.
bool needs_arguments(const ChromeEvent& event) {
  return event.phase != 's' && event.phase != 'f' && event.category != "python_function" &&
         event.category != "user_annotation";
}

bool read_arguments(json::value& value, ChromeEvent* out) {
  json::object object;
  const auto error = value.get_object().get(object);
  if (error == simdjson::INCORRECT_TYPE) {
    return true;
  }
  if (error != simdjson::SUCCESS) {
    return false;
  }
  const bool of_operator = is_operator(*out);
  for (auto field : object) {
    json::raw_json_string key;
    json::value argument;
    if (field.key().get(key) != simdjson::SUCCESS || field.value().get(argument) != simdjson::SUCCESS) {
      return false;
    }
    const bool whole = of_operator         ? read_shapes(key.raw(), argument, &out->args)
                       : out->phase == 'C' ? read_counter_series(key.raw(), argument, &out->args)
                                           : read_argument(key.raw(), argument, &out->args);
    if (!whole) {
      return false;
    }
  }
  return true;
}

bool read_field(const char* key, json::value& value, ChromeEvent* out) {
  switch (key[0]) {
    case 'p':
      if (is_key(key, "ph")) {
        const std::string_view phase = token_of(value);
        out->phase = phase.size() == 1 ? phase[0] : '\0';
      } else if (is_key(key, "pid")) {
        out->pid = token_of(value);
      }
      return true;
    case 't':
      if (is_key(key, "ts")) {
        out->ts = token_of(value);
      } else if (is_key(key, "tid")) {
        out->tid = token_of(value);
      }
      return true;
    case 'd':
      if (is_key(key, "dur")) {
        out->dur = token_of(value);
      }
      return true;
    case 'c':
      return !is_key(key, "cat") || text_of(value, &out->category);
    case 'n':
      return !is_key(key, "name") || text_of(value, &out->name);
    case 'a':
      return !is_key(key, "args") || !needs_arguments(*out) || read_arguments(value, out);
    default:
      return true;
  }
}

bool read_event(json::value& value, ChromeEvent* out) {
  json::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) {
    return false;
  }
  for (auto field : object) {
    json::raw_json_string key;
    json::value member;
    if (field.key().get(key) != simdjson::SUCCESS || field.value().get(member) != simdjson::SUCCESS ||
        !read_field(key.raw(), member, out)) {
      return false;
    }
  }
  return true;
}

// Length of the valid UTF-8 sequence at text[at], 0 when there is none.
size_t sequence_length(std::string_view text, size_t at) {
  for (size_t size = 1; size <= 4 && at + size <= text.size(); ++size) {
    if (simdjson::validate_utf8(text.data() + at, size)) {
      return size;
    }
  }
  return 0;
}

// Bytes that are not UTF-8 become '?'.
std::string with_valid_text(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t size = sequence_length(text, at);
    if (size == 0) {
      out += '?';
      ++at;
    } else {
      out.append(text, at, size);
      at += size;
    }
  }
  return out;
}

// The byte before and behind a run made brackets, so that the run is one JSON array; restored at the end of the scope.
class Brackets {
 public:
  Brackets(char* text, size_t before, size_t behind)
      : before_(text + before), behind_(text + behind), kept_before_(*before_), kept_behind_(*behind_) {
    *before_ = '[';
    *behind_ = ']';
  }
  Brackets(const Brackets&) = delete;
  Brackets& operator=(const Brackets&) = delete;
  ~Brackets() {
    *before_ = kept_before_;
    *behind_ = kept_behind_;
  }

 private:
  char* before_;
  char* behind_;
  char kept_before_;
  char kept_behind_;
};

static_assert(kRunPadding >= simdjson::SIMDJSON_PADDING + kMaskBytes);

}  // namespace

struct EventParser::State {
  // Parses [..., ...] at `text`; returns how many events were handed on before the first that is damaged.
  size_t parse_array(const char* text, size_t size, EventHandler& handler) {
    json::document document;
    const simdjson::padded_string_view view(text, size, size + simdjson::SIMDJSON_PADDING);
    json::array array;
    size_t done = 0;
    last_error = parser.iterate(view).get(document);
    if (last_error != simdjson::SUCCESS) {
      return 0;
    }
    last_error = document.get_array().get(array);
    if (last_error != simdjson::SUCCESS) {
      return 0;
    }
    for (auto element : array) {
      json::value value;
      event = ChromeEvent();
      last_error = element.get(value);
      if (last_error != simdjson::SUCCESS || !read_event(value, &event)) {
        return done;
      }
      handler.on_event(event);
      ++done;
    }
    return done;
  }

  void parse_alone(char* text, const Piece& piece, EventHandler& handler) {
    size_t done = 0;
    {
      const Brackets brackets(text, piece.begin - 1, piece.end);
      done = parse_array(text + piece.begin - 1, piece.end - piece.begin + 2, handler);
    }
    if (done == 0 && last_error == simdjson::UTF8_ERROR) {
      std::string copy = "[" + with_valid_text({text + piece.begin, piece.end - piece.begin}) + "]";
      const size_t size = copy.size();
      copy.resize(size + simdjson::SIMDJSON_PADDING);
      done = parse_array(copy.data(), size, handler);
      counts.bad_texts += done;
    }
    counts.events += done;
    counts.bad_events += done == 0 ? 1U : 0U;
  }

  json::parser parser;
  simdjson::error_code last_error = simdjson::SUCCESS;
  ChromeEvent event;
  ParseCounts counts;
};

EventParser::EventParser() : state_(std::make_unique<State>()) {}
EventParser::~EventParser() = default;

const ParseCounts& EventParser::counts() const {
  return state_->counts;
}

void EventParser::parse(char* text, std::span<const Piece> pieces, EventHandler& handler) {
  size_t done = 0;
  if (pieces.size() > 1) {
    const size_t begin = pieces.front().begin - 1;
    const Brackets brackets(text, begin, pieces.back().end);
    done = state_->parse_array(text + begin, pieces.back().end + 1 - begin, handler);
    state_->counts.events += done;
  }
  // Behind a damaged event the parser has lost its place: the rest of the run goes one by one.
  for (; done < pieces.size(); ++done) {
    state_->parse_alone(text, pieces[done], handler);
  }
}

}  // namespace stepscope::analysis::importing
