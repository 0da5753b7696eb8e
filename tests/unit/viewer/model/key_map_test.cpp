// SPDX-License-Identifier: Apache-2.0
//
// Keys as text, and key files: what they change, and what they say when they are wrong.
#include "viewer/model/key_map.hpp"

#include <set>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

TEST(Commands, EveryOneHasANameOfItsOwnAndIsFoundByIt) {
  std::set<std::string_view> names;
  for (const CommandRow& row : command_table()) {
    EXPECT_FALSE(row.name.empty()) << row.text;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos) << row.name;
    EXPECT_EQ(find_command(row.name), &row);
    EXPECT_LT(static_cast<size_t>(row.command), command_table().size()) << "a command without a row";
  }
  EXPECT_EQ(find_command("fly"), nullptr);
}

TEST(Binding, WhatIsShownIsUnderstoodAgain) {
  for (const CommandRow& row : command_table()) {
    for (const Binding& binding : {row.primary, row.alternative}) {
      if (binding.key != Key::kNone) {
        EXPECT_EQ(parse_binding(binding_text(binding)), binding) << binding_text(binding);
      }
    }
  }
}

TEST(Binding, ManyWaysOfWritingAKey) {
  EXPECT_EQ(parse_binding("Ctrl+Shift+P"), (Binding{Key::kP, true, true}));
  EXPECT_EQ(parse_binding("alt left"), (Binding{Key::kLeft, false, false, true}));
  EXPECT_EQ(parse_binding("ctrl++"), (Binding{Key::kEqual, true}));
  EXPECT_EQ(parse_binding("f11"), (Binding{Key::kF11}));
  EXPECT_EQ(parse_binding("9"), (Binding{Key::k9}));
  EXPECT_EQ(parse_binding("escape"), (Binding{Key::kEscape}));
  EXPECT_EQ(parse_binding("?"), (Binding{Key::kSlash, false, true}));
  for (const char* wrong : {"", "Ctrl", "Ctrl+", "A+B", "F13", "Hyper+A", "zz"}) {
    EXPECT_EQ(parse_binding(wrong), std::nullopt) << wrong;
  }
}

TEST(KeyMap, AFileChangesKeysAndTakesThemFromWhoHadThem) {
  KeyMap keys;
  EXPECT_EQ(keys.text(Command::kPanLeft), "A  or  Left");
  EXPECT_TRUE(
      keys.apply("# AZERTY\nzoom-in = Z\npan-left = Q, Left\r\n\nquit =\nnext-event = Comma\n", "keys")
          .empty());
  EXPECT_EQ(keys.text(Command::kZoomIn), "Z");
  EXPECT_EQ(keys.text(Command::kPanLeft), "Q  or  Left");
  EXPECT_EQ(keys.text(Command::kToggleDrawer), "") << "Q was its only key";
  EXPECT_EQ(keys.text(Command::kQuit), "");
  EXPECT_EQ(keys.text(Command::kPreviousEvent), "Shift Tab") << "the comma went to the next event";
  EXPECT_EQ(keys.text(Command::kZoomOut), "S") << "what the file does not name stays";
}

TEST(KeyMap, AWrongLineIsASentenceAndTheOthersHold) {
  KeyMap keys;
  const std::vector<std::string> wrong =
      keys.apply("zoom-in Z\nfly = F1\nzoom-in = Hyper+Z\nzoom-out = F2\n", "my.conf");
  ASSERT_EQ(wrong.size(), 3U);
  EXPECT_EQ(wrong[0], "my.conf:1: 'zoom-in Z' has no '='; a line is COMMAND = KEY, KEY");
  EXPECT_EQ(wrong[1], "my.conf:2: 'fly' is no command; the palette lists their names");
  EXPECT_EQ(wrong[2], "my.conf:3: 'Hyper+Z' is no key");
  EXPECT_EQ(keys.text(Command::kZoomIn), "W");
  EXPECT_EQ(keys.text(Command::kZoomOut), "F2");
}

}  // namespace
}  // namespace stepscope::viewer
