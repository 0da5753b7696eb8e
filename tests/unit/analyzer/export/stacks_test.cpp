// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/analyzer/export/exported.hpp"

namespace stepscope::analysis {
namespace {

using nlohmann::json;

constexpr const char* kSampled = R"(
  lane 2 python_samples "main thread"
  python_sample lane=2 start_ns=10ms dur_ns=10ms stack="train.py:main;train.py:step;nn.py:forward"
  python_sample lane=2 start_ns=21ms dur_ns=11ms stack="train.py:main;data.py:next batch"
  python_sample lane=2 start_ns=30ms dur_ns=9ms stack="train.py:main;train.py:step;nn.py:forward"
  python_sample lane=2 start_ns=40ms dur_ns=10ms stack="[no stack]"
)";

class ExportStacks : public ExportTest {};

TEST_F(ExportStacks, FoldedCountsSamplesPerStack) {
  EXPECT_EQ(exported(process("run", kSampled), "folded"),
            "[no stack] 1\n"
            "train.py:main;data.py:next batch 1\n"
            "train.py:main;train.py:step;nn.py:forward 2\n");
}

TEST_F(ExportStacks, SeveralProcessesAreTheOutermostFrames) {
  std::filesystem::create_directories(path("run"));
  for (const std::string name : {"rank0", "rank1"}) {
    ::stepscope::testing::write_recording(path("run") + "/" + name + ".stepscope",
                                          "meta process.role main\nlane 2 python_samples \"main thread\"\n"
                                          "python_sample lane=2 start_ns=1ms dur_ns=1ms stack=a.py:f\n");
  }
  EXPECT_EQ(exported(open("run"), "folded"), "rank0;a.py:f 1\nrank1;a.py:f 1\n");
}

// https://www.speedscope.app/file-format-schema.json: what a file, a shared frame and a sampled profile must have.
TEST_F(ExportStacks, SpeedscopeHasWhatItsSchemaRequires) {
  const json file = json::parse(exported(process("run", kSampled), "speedscope"));
  EXPECT_EQ(file.at("$schema"), "https://www.speedscope.app/file-format-schema.json");
  const json& frames = file.at("shared").at("frames");
  for (const json& frame : frames) {
    EXPECT_TRUE(frame.at("name").is_string());
  }
  ASSERT_EQ(file.at("profiles").size(), 1U);
  const json& profile = file["profiles"][0];
  EXPECT_EQ(profile.at("type"), "sampled");
  EXPECT_EQ(profile.at("name"), "main");
  EXPECT_EQ(profile.at("unit"), "nanoseconds");
  EXPECT_EQ(profile.at("startValue"), 0);
  EXPECT_EQ(profile.at("endValue"), 40000000);
  EXPECT_EQ(profile.at("weights"), json({10000000, 11000000, 9000000, 10000000}));
  ASSERT_EQ(profile.at("samples").size(), 4U);
  const auto shown = [&](size_t sample) {
    std::string text;
    for (const json& index : profile["samples"][sample]) {
      const json& frame = frames.at(index.get<size_t>());
      text += (text.empty() ? "" : ";") + frame.value("file", "") + ":" + frame["name"].get<std::string>();
    }
    return text;
  };
  EXPECT_EQ(shown(0), "train.py:main;train.py:step;nn.py:forward") << "outermost first, in the order of time";
  EXPECT_EQ(shown(1), "train.py:main;data.py:next batch");
  EXPECT_EQ(shown(2), shown(0));
  EXPECT_EQ(shown(3), ":[no stack]");
}

// Frames of generated code have any characters in them.
TEST_F(ExportStacks, FramesAreEscapedAndNeverBreakALine) {
  std::filesystem::create_directories(path("run"));
  ::stepscope::testing::TextRecording recording(path("run") + "/main.stepscope");
  recording.line("lane 1 python_samples \"main thread\"");
  recording.event(Kind::kPythonSample, 1, {10, 5, recording.name("a\"\\.py:f \"q\"\n")});
  recording.finish();
  const analysis::Run run = open("run");
  EXPECT_EQ(exported(run, "folded"), "a\"\\.py:f \"q\"  1\n");
  const json frame = json::parse(exported(run, "speedscope")).at("shared").at("frames").at(0);
  EXPECT_EQ(frame.at("name"), "f \"q\"\n");
  EXPECT_EQ(frame.at("file"), "a\"\\.py");
}

TEST_F(ExportStacks, WithoutSamplesNothingIsLeftAndTheRemedyIsSaid) {
  const analysis::Run run = process("run", "range start_ns=1 dur_ns=1 name=a\n");
  for (const std::string format : {"folded", "speedscope"}) {
    ExportOptions options;
    options.format = format;
    options.output = path(format);
    const Result<Exported> done = export_run(run, options);
    ASSERT_TRUE(done.ok());
    EXPECT_THAT(done.value().nothing, ::testing::HasSubstr("--python-samples 100"));
    EXPECT_FALSE(std::filesystem::exists(options.output));
  }
}

}  // namespace
}  // namespace stepscope::analysis
