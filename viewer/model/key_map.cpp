// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/key_map.hpp"

#include <algorithm>

namespace stepscope::viewer {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  const size_t last = text.find_last_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view() : text.substr(first, last - first + 1);
}

// "Q, Left" to bindings; the part that is no key otherwise. The comma key itself is written "Comma".
std::string parse_list(std::string_view text, std::vector<Binding>& bindings) {
  while (!trimmed(text).empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = trimmed(text.substr(0, comma));
    const auto binding = part == "Comma" || part == "comma" ? Binding{Key::kComma} : parse_binding(part);
    if (!binding) {
      return "'" + std::string(part) + "' is no key";
    }
    bindings.push_back(*binding);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return "";
}

}  // namespace

KeyMap::KeyMap() : keys_(command_table().size()) {
  for (const CommandRow& row : command_table()) {
    for (const Binding& binding : {row.primary, row.alternative}) {
      if (binding.key != Key::kNone) {
        keys_[static_cast<size_t>(row.command)].push_back(binding);
      }
    }
  }
}

const std::vector<Binding>& KeyMap::keys(Command command) const {
  return keys_[static_cast<size_t>(command)];
}

std::string KeyMap::text(Command command) const {
  std::string all;
  for (const Binding& binding : keys(command)) {
    all += (all.empty() ? "" : "  or  ") + binding_text(binding);
  }
  return all;
}

void KeyMap::set(Command command, std::vector<Binding> bindings) {
  for (std::vector<Binding>& others : keys_) {
    std::erase_if(others, [&](const Binding& binding) {
      return std::find(bindings.begin(), bindings.end(), binding) != bindings.end();
    });
  }
  keys_[static_cast<size_t>(command)] = std::move(bindings);
}

std::vector<std::string> KeyMap::apply(std::string_view text, std::string_view file) {
  std::vector<std::string> wrong;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, std::min(text.find('#'), end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty()) {
      continue;
    }
    const size_t equals = line.find('=');
    const std::string_view name = trimmed(line.substr(0, equals));
    const CommandRow* command = find_command(name);
    std::vector<Binding> bindings;
    std::string problem;
    if (equals == std::string_view::npos) {
      problem = "'" + std::string(line) + "' has no '='; a line is COMMAND = KEY, KEY";
    } else if (command == nullptr) {
      problem = "'" + std::string(name) + "' is no command; the palette lists their names";
    } else {
      problem = parse_list(line.substr(equals + 1), bindings);
    }
    if (problem.empty()) {
      set(command->command, std::move(bindings));
    } else {
      wrong.push_back(std::string(file) + ":" + std::to_string(number) + ": " + problem);
    }
  }
  return wrong;
}

}  // namespace stepscope::viewer
