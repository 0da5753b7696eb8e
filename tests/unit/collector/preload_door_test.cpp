// SPDX-License-Identifier: Apache-2.0
#include "collector/preload_door.hpp"

#include <string>

#include <gtest/gtest.h>

namespace stepscope::collector {
namespace {

std::string prepended(const char* current) {
  TextBuffer<2 * PATH_MAX> out;
  prepend_path(TextView(current), TextView("/hooks"), out);
  return out.c_str();
}

TEST(PreloadDoor, KnowsPythonInterpreters) {
  for (const char* name :
       {"/usr/bin/python3", "python", "/opt/venv/bin/python3.12", "python3-dbg", "python3.13t", "python2"}) {
    EXPECT_TRUE(is_python(TextView(name))) << name;
  }
  for (const char* name : {"/bin/bash", "/usr/bin/python3-config", "pythonista", "/opt/python3/bin/git", "",
                           "/usr/bin/ipython"}) {
    EXPECT_FALSE(is_python(TextView(name))) << name;
  }
  EXPECT_FALSE(is_python(TextView(nullptr)));
}

TEST(PreloadDoor, PutsTheHooksInFrontOnce) {
  EXPECT_EQ(prepended(nullptr), "/hooks");
  EXPECT_EQ(prepended("/a:/b"), "/hooks:/a:/b");
  EXPECT_EQ(prepended("/a:/hooks"), "/a:/hooks");
  EXPECT_EQ(prepended("/hooks:/a"), "/hooks:/a");
  EXPECT_EQ(prepended("/hooks2"), "/hooks:/hooks2");
}

}  // namespace
}  // namespace stepscope::collector
