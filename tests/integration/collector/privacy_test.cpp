// SPDX-License-Identifier: Apache-2.0
//
// Recordings are the owner's alone, nothing goes over a socket, and secrets stay out of the files: they are searched for in
// the raw bytes.
#include <sys/stat.h>

#include "tests/integration/collector/collector_test.hpp"

namespace stepscope::testing {
namespace {

class Privacy : public CollectorTest {
 protected:
  [[nodiscard]] std::string all_bytes() const {
    std::string bytes;
    for (const auto& entry : std::filesystem::directory_iterator(run_directory())) {
      bytes += read_bytes(entry.path().string());
    }
    return bytes;
  }
};

TEST_F(Privacy, OnlyTheOwnerReadsARecordingWhateverTheUmask) {
  record({"sh", "-c", "umask 0; exec " FAKE_RECORDED_PROGRAM " events"});

  struct stat st = {};
  ASSERT_EQ(stat(run_directory().c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0700U);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(run_directory())) {
    ASSERT_EQ(stat(entry.path().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0600U) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 2);
}

TEST_F(Privacy, NoSocketIsOpened) {
  // The program's own socket() takes the place of libc's and counts.
  EXPECT_EQ(record_program("events").out, "sockets 0\n");
}

TEST_F(Privacy, TheEnvironmentIsKeptFromAnAllowListOnly) {
  record_program("events", {{"MY_PRIVATE_SETTING", "do-not-store-me"},
                            {"HF_TOKEN", "hf_abcdefghijklmnopqrstuvwxyz"},
                            {"NCCL_SOCKET_IFNAME", "eth7"},
                            {"OMP_NUM_THREADS", "3"}});

  SpoolContents contents = only();
  EXPECT_EQ(contents.fact("env.OMP_NUM_THREADS"), "3");
  EXPECT_EQ(contents.fact("env.NCCL_SOCKET_IFNAME"), "eth7");
  EXPECT_EQ(contents.fact("env.hash").size(), 16U);
  std::string bytes = all_bytes();
  EXPECT_THAT(bytes, ::testing::HasSubstr("eth7")) << "the search itself works";
  EXPECT_THAT(bytes, ::testing::Not(::testing::HasSubstr("do-not-store-me")));
  EXPECT_THAT(bytes, ::testing::Not(::testing::HasSubstr("MY_PRIVATE_SETTING")));
  EXPECT_THAT(bytes, ::testing::Not(::testing::HasSubstr("hf_abcdefghijklm")));
}

TEST_F(Privacy, TheEnvironmentHashTellsSettingsApart) {
  record_program("events", {{"SOME_SETTING", "1"}});
  std::string one = only().fact("env.hash");
  std::filesystem::remove_all(run_directory());
  record_program("events", {{"SOME_SETTING", "2"}});
  std::string two = only().fact("env.hash");
  std::filesystem::remove_all(run_directory());
  record_program("events", {{"SOME_SETTING", "1"}});

  EXPECT_NE(one, two);
  EXPECT_EQ(one, only().fact("env.hash"));
}

TEST_F(Privacy, PathsThatTheHooksFoundAreRedacted) {
  EXPECT_EQ(record_program("path-fact").exit_code, 0);

  EXPECT_EQ(only().fact("fs.dataset"), "nfs4:https://***@host/data");
  EXPECT_EQ(only().fact("model"), "tiny");
}

TEST_F(Privacy, TheCommandLineIsRedacted) {
  record({FAKE_RECORDED_PROGRAM, "events", "--lr", "0.1", "--api-token", "s3cr3t-value-1",
          "--password=s3cr3t-value-2", "WANDB_API_KEY=s3cr3t-value-3", "https://me:s3cr3t-value-4@host/x",
          "hf_s3cr3tvalue5abcdef"});

  EXPECT_THAT(only().fact("process.cmdline"),
              ::testing::EndsWith(
                  "events --lr 0.1 --api-token *** --password=*** WANDB_API_KEY=*** https://***@host/x ***"));
  EXPECT_THAT(all_bytes(), ::testing::Not(::testing::HasSubstr("s3cr3t")));
}

}  // namespace
}  // namespace stepscope::testing
