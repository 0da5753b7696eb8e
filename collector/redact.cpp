// SPDX-License-Identifier: Apache-2.0
#include "collector/redact.hpp"

namespace stepscope::collector {
namespace {

constexpr const char* kHidden = "***";

// Parts of a name that make its value a secret.
constexpr const char* kSecretWords[] = {"token",     "passw",    "passphrase", "secret",      "credential",
                                        "apikey",    "api_key",  "api-key",    "access_key",  "access-key",
                                        "accesskey", "auth_key", "auth-key",   "private_key", "private-key",
                                        "signature", "bearer",   "cookie",     "session_id"};
// Words that mean a secret only as a whole part of a name ("FOO_KEY", "--pwd", not "--keyframes").
constexpr const char* kSecretParts[] = {"key", "pwd", "pass", "auth", "authorization", "creds", "jwt", "sas"};
// Names that contain one of the words but are not secrets in this trade.
constexpr const char* kHarmless[] = {"tokenizer",  "tokenizers", "tokens",       "num_token",    "max_token",
                                     "token_type", "per_token",  "token_length", "signature_def"};

struct KnownToken {
  const char* prefix;
  size_t min_length;
};
constexpr KnownToken kKnownTokens[] = {
    {"hf_", 12},     {"sk-", 12},  {"sk_", 12},   {"pk_live_", 12}, {"rk_live_", 12},    {"ghp_", 12},
    {"gho_", 12},    {"ghu_", 12}, {"ghs_", 12},  {"ghr_", 12},     {"github_pat_", 16}, {"glpat-", 12},
    {"AKIA", 16},    {"ASIA", 16}, {"xoxb-", 12}, {"xoxp-", 12},    {"xoxa-", 12},       {"AIza", 20},
    {"ya29.", 12},   {"eyJ", 20},  {"npm_", 12},  {"pypi-", 12},    {"dckr_pat_", 12},   {"nvapi-", 12},
    {"dop_v1_", 12}, {"r8_", 20},  {"gsk_", 12},
};

bool is_word(char c) noexcept {
  return is_alnum(c) || c == '_' || c == '-';
}
bool is_token(char c) noexcept {
  return is_word(c) || c == '.' || c == '+' || c == '~' || c == '=';
}
bool ends_value(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\'' || c == '"' || c == '&' || c == ';' || c == ',' ||
         c == ')' || c == '}' || c == ']' || c == '\0';
}

bool has_secret_part(TextView name) noexcept {
  size_t begin = 0;
  for (size_t i = 0; i <= name.size; ++i) {
    if (i < name.size && is_alnum(name.data[i])) {
      continue;
    }
    TextView part = name.substr(begin, i - begin);
    for (const char* word : kSecretParts) {
      if (part.size == strlen(word) && contains_ignoring_case(part, word)) {
        return true;
      }
    }
    begin = i + 1;
  }
  return false;
}

bool is_known_token(TextView run) noexcept {
  for (const KnownToken& known : kKnownTokens) {
    if (run.size >= known.min_length && run.starts_with(known.prefix)) {
      return true;
    }
  }
  return false;
}

// Long and mixed like a generated secret; a hex digest or a path part has no upper case and stays.
bool looks_generated(TextView run) noexcept {
  bool upper = false;
  bool lower = false;
  bool digit = false;
  size_t letters = 0;
  for (size_t i = 0; i < run.size; ++i) {
    char c = run.data[i];
    upper = upper || (c >= 'A' && c <= 'Z');
    lower = lower || (c >= 'a' && c <= 'z');
    digit = digit || (c >= '0' && c <= '9');
    letters += is_alnum(c) ? 1U : 0U;
  }
  return letters >= 40 && upper && lower && digit;
}

// "//user:password@" -> "//***@"; returns how much of `text` was consumed, 0 when there is no such part.
size_t redact_userinfo(TextView text, RedactedText& out) noexcept {
  if (!text.starts_with("://")) {
    return 0;
  }
  for (size_t i = 3; i < text.size; ++i) {
    char c = text.data[i];
    if (c == '@') {
      out.add("://").add(kHidden).add('@');
      return i + 1;
    }
    if (c == '/' || c == '?' || c == '#' || ends_value(c)) {
      return 0;
    }
  }
  return 0;
}

size_t skip_value(TextView text, size_t at) noexcept {
  if (at < text.size && (text.data[at] == '"' || text.data[at] == '\'')) {
    char quote = text.data[at++];
    while (at < text.size && text.data[at] != quote) {
      ++at;
    }
    return at < text.size ? at + 1 : at;
  }
  while (at < text.size && !ends_value(text.data[at])) {
    ++at;
  }
  return at;
}

// After a secret's name at `at`: the value behind "=" or ":"; returns where it ends, 0 when there is none.
size_t secret_value_end(TextView text, size_t at, size_t& value_begin) noexcept {
  size_t i = at;
  while (i < text.size && (text.data[i] == '"' || text.data[i] == '\'' || text.data[i] == ']')) {
    ++i;
  }
  size_t spaces = i;
  while (spaces < text.size && text.data[spaces] == ' ') {
    ++spaces;
  }
  if (spaces >= text.size || (text.data[spaces] != '=' && text.data[spaces] != ':')) {
    return 0;
  }
  i = spaces + 1;
  while (i < text.size && text.data[i] == ' ') {
    ++i;
  }
  size_t end = skip_value(text, i);
  if (end == i || (text.data[spaces] == ':' && text.substr(i).starts_with("//"))) {
    return 0;
  }
  value_begin = i;
  // "Authorization: Bearer XYZ": the scheme is not the secret.
  TextView value = text.substr(i, end - i);
  if ((value.equals("Bearer") || value.equals("Basic") || value.equals("bearer")) && end < text.size) {
    end = skip_value(text, end + 1);
  }
  return end;
}

}  // namespace

bool names_a_secret(TextView name) noexcept {
  for (const char* word : kHarmless) {
    if (contains_ignoring_case(name, word)) {
      return false;
    }
  }
  for (const char* word : kSecretWords) {
    if (contains_ignoring_case(name, word)) {
      return true;
    }
  }
  return has_secret_part(name);
}

void redact_value(TextView value, RedactedText& out) noexcept {
  size_t i = 0;
  while (i < value.size) {
    char c = value.data[i];
    if (c == ':') {
      size_t used = redact_userinfo(value.substr(i), out);
      if (used != 0) {
        i += used;
        continue;
      }
    }
    if (!is_word(c)) {
      out.add(c);
      ++i;
      continue;
    }
    size_t word_end = i;
    while (word_end < value.size && is_word(value.data[word_end])) {
      ++word_end;
    }
    size_t run_end = word_end;
    while (run_end < value.size && is_token(value.data[run_end])) {
      ++run_end;
    }
    size_t value_begin = 0;
    TextView word = value.substr(i, word_end - i);
    size_t value_end = names_a_secret(word) ? secret_value_end(value, word_end, value_begin) : 0;
    if (value_end != 0) {
      out.add(value.substr(i, value_begin - i)).add(kHidden);
      i = value_end;
    } else if (is_known_token(value.substr(i, run_end - i)) || looks_generated(word)) {
      out.add(kHidden);
      i = run_end;
    } else {
      out.add(word);
      i = word_end;
    }
  }
}

void redact_command_line(TextView cmdline, RedactedText& out) noexcept {
  TextView rest = cmdline;
  TextView argument;
  bool hide_next = false;
  bool first = true;
  while (next_field(rest, '\0', argument)) {
    if (!first) {
      out.add(' ');
    }
    first = false;
    if (hide_next && !argument.starts_with("-")) {
      out.add(kHidden);
      hide_next = false;
      continue;
    }
    bool is_option = argument.starts_with("-") && argument.find('=') == argument.size &&
                     argument.find(' ') == argument.size;
    hide_next = is_option && names_a_secret(argument);
    redact_value(argument, out);
  }
}

}  // namespace stepscope::collector
