// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/view_hint.hpp"

#include <gtest/gtest.h>

namespace stepscope::analysis::cli {
namespace {

TEST(ViewHint, IsACommandThatAShellTakesAsItIs) {
  EXPECT_EQ(view_command("base", "slow", "data.io", -1),
            "stepscope view base --vs slow --link term=data.io,tab=terms");
  EXPECT_EQ(view_command("my runs/a", "it's", "compute/gemm", 3),
            "stepscope view 'my runs/a' --vs 'it'\\''s' --link term=compute/gemm,rank=3,tab=terms");
  EXPECT_EQ(view_command("a", "b", "idle.host/say \"hi\", & go", -1),
            "stepscope view a --vs b --link term=idle.host/say%20%22hi%22%2C%20%26%20go,tab=terms");
}

}  // namespace
}  // namespace stepscope::analysis::cli
