// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/golden/cli/program.hpp"
#include "tests/support/temp_dir.hpp"

namespace stepscope::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const char* const kNames[] = {"record", "report", "diff",      "gate",     "calibrate", "baseline",
                              "trend",  "view",   "steps",     "info",     "sql",       "import",
                              "export", "doctor", "selfcheck", "finalize", "fleet",     "help"};

size_t lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Help, OfTheProgramListsEveryCommand) {
  const Outcome help = stepscope({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_EQ(help.err, "");
  expect_golden(help.out, "help.txt");
  EXPECT_EQ(stepscope({"help"}).out, help.out);
  EXPECT_EQ(stepscope({"-h"}).out, help.out);
}

TEST(Help, OfEachCommand) {
  for (const std::string name : kNames) {
    const Outcome help = stepscope({name, "--help"});
    EXPECT_EQ(help.exit_code, 0) << name;
    EXPECT_EQ(help.err, "") << name;
    expect_golden(help.out, "help_" + name + ".txt");
    EXPECT_EQ(stepscope({"help", name}).out, help.out) << name;
  }
}

TEST(Help, FitsA100ColumnTerminal) {
  for (const std::string name : kNames) {
    std::istringstream text(stepscope({name, "--help"}).out);
    for (std::string line; std::getline(text, line);) {
      EXPECT_LE(line.size(), 100U) << name << ": " << line;
    }
  }
}

TEST(Help, TheVersionIsOneLineOnStdout) {
  const Outcome version = stepscope({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, ::testing::MatchesRegex("stepscope [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Usage, NoCommandIsAUsageError) {
  const Outcome outcome = stepscope({});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "stepscope: a command is missing; see `stepscope --help`\n");
}

TEST(Usage, AMistypedCommandGetsASuggestion) {
  const Outcome outcome = stepscope({"rebort", "run"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err, "stepscope: unknown command rebort; did you mean report?; see `stepscope --help`\n");
}

TEST(Usage, CommandsOfLaterVersionsAreUnknown) {
  for (const std::string name : {"merge", "hang", "digest"}) {
    const Outcome outcome = stepscope({name});
    EXPECT_EQ(outcome.exit_code, 2) << name;
    EXPECT_THAT(outcome.err, HasSubstr("unknown command " + name));
  }
}

TEST(Usage, EveryMistakeIsOneLineNamingTheCommandAndItsHelp) {
  const std::vector<std::vector<std::string>> mistakes{
      {"report"},
      {"report", "run", "--bogus"},
      {"report", "run", "surplus"},
      {"steps", "run", "--class", "nonsense"},
      {"diff"},
      {"diff", "a"},
      {"diff", "a", "b"},
      {"diff", "--vs", "b"},
      {"sql", "run"},
      {"sql", "run", "SELECT 1", "--csv", "--json"},
      {"export"},
      {"export", "run"},
      {"export", "run", "--format", "xml"},
      {"export", "run", "--format", "chrome", "--kind", "kernel"},
      {"export", "run", "--format", "csv", "--rank", "first"},
      {"export", "run", "--format", "chrome", "-o", "run.json.gz"},
      {"gate", "run"},
      {"gate", "--baseline", "main"},
      {"gate", "run", "--baseline", "main", "--window", "0"},
      {"gate", "run", "--baseline"},
      {"calibrate"},
      {"info"},
      {"finalize"},
      {"selfcheck"},
      {"record"},
      {"record", "--"},
      {"record", "--bogus", "true"},
      {"record", "--level", "everything", "true"},
      {"record", "--window", "9", "true"},
      {"record", "--window", "9:3", "true"},
      {"record", "--window", "a:b", "true"},
      {"record", "--python-samples", "fast", "true"},
      {"record", "--python-samples", "5000", "true"},
      {"help", "nonsense"},
  };
  for (const std::vector<std::string>& arguments : mistakes) {
    const Outcome outcome = stepscope(arguments);
    const std::string shown = ::testing::PrintToString(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << shown << outcome.err;
    EXPECT_EQ(outcome.out, "") << shown;
    EXPECT_EQ(lines(outcome.err), 1U) << shown << outcome.err;
    EXPECT_THAT(outcome.err, StartsWith("stepscope: " + arguments[0] + ": ")) << shown;
    EXPECT_THAT(outcome.err, HasSubstr("see `stepscope " + arguments[0] + " --help`")) << shown;
  }
}

TEST(Usage, DiffOfTwoRunsWithoutVsIsCorrected) {
  EXPECT_THAT(stepscope({"diff", "a b", "c"}).err, HasSubstr("stepscope diff 'a b' --vs c"));
}

TEST(Output, AFullDiskIsSaidOnStderr) {
  Invocation invocation;
  invocation.command = {"/bin/sh", "-c", stepscope_path() + " --help > /dev/full"};
  const Outcome outcome = run(invocation);
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_THAT(outcome.err, HasSubstr("No space left on device"));
}

TEST(Output, AReaderThatGoesAwayIsNoError) {
  Invocation invocation;
  // `true` reads nothing; the subshell tells how stepscope ended: by SIGPIPE, like every filter, or well.
  invocation.command = {"/bin/sh", "-c", "(" + stepscope_path() + " --help; echo $? >&2) | true"};
  EXPECT_THAT(run(invocation).err, ::testing::AnyOf("0\n", "141\n"));
}

}  // namespace
}  // namespace stepscope::testing
