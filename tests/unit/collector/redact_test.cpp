// SPDX-License-Identifier: Apache-2.0
#include "collector/redact.hpp"

#include <string>

#include <gtest/gtest.h>

namespace stepscope::collector {
namespace {

std::string redacted(const std::string& text) {
  RedactedText out;
  redact_value(TextView(text.data(), text.size()), out);
  return out.c_str();
}

// Arguments as the kernel gives them: each ends in NUL.
std::string command_line(std::initializer_list<const char*> arguments) {
  std::string raw;
  for (const char* argument : arguments) {
    raw += argument;
    raw += '\0';
  }
  RedactedText out;
  redact_command_line(TextView(raw.data(), raw.size()), out);
  return out.c_str();
}

TEST(Redact, LeavesOrdinaryCommandLinesAlone) {
  EXPECT_EQ(command_line({"python", "train.py", "--lr", "0.1", "--batch-size=32", "/data/set-1"}),
            "python train.py --lr 0.1 --batch-size=32 /data/set-1");
}

TEST(Redact, HidesTheValueAfterASecretOption) {
  EXPECT_EQ(command_line({"run", "--token", "abc", "x"}), "run --token *** x");
  EXPECT_EQ(command_line({"run", "--wandb-api-key", "abc"}), "run --wandb-api-key ***");
  EXPECT_EQ(command_line({"run", "-pwd", "abc"}), "run -pwd ***");
}

TEST(Redact, AnOptionWithoutAValueHidesNothingElse) {
  EXPECT_EQ(command_line({"run", "--use-auth", "--lr", "0.1"}), "run --use-auth --lr 0.1");
}

TEST(Redact, HidesAssignments) {
  EXPECT_EQ(redacted("--password=hunter2"), "--password=***");
  EXPECT_EQ(redacted("FOO_KEY=abc def"), "FOO_KEY=*** def");
  EXPECT_EQ(redacted("db.my_secret: 'abc def' next"), "db.my_secret: *** next");
  EXPECT_EQ(redacted("{\"token\": \"abc\"}"), "{\"token\": ***}");
  EXPECT_EQ(redacted("connect(password='abc', user='me')"), "connect(password=***, user='me')");
  EXPECT_EQ(redacted("Authorization: Bearer abc.def"), "Authorization: ***");
}

TEST(Redact, HidesUserAndPasswordOfAUrl) {
  EXPECT_EQ(redacted("https://me:pass@host:8080/x"), "https://***@host:8080/x");
  EXPECT_EQ(redacted("https://host/path@1"), "https://host/path@1");
  EXPECT_EQ(redacted("s3://bucket/key"), "s3://bucket/key");
}

TEST(Redact, KnowsTokensByTheirBeginning) {
  EXPECT_EQ(redacted("hf_abcdefghijklmn"), "***");
  EXPECT_EQ(redacted("x=sk-abcdefghijklmn1234"), "x=***");
  EXPECT_EQ(redacted("ghp_0123456789abcdef"), "***");
  EXPECT_EQ(redacted("AKIAIOSFODNN7EXAMPLE"), "***");
  EXPECT_EQ(redacted("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0.abc-def_123"), "***");
  EXPECT_EQ(redacted("sk-learn hf_hub"), "sk-learn hf_hub") << "too short for a token";
}

TEST(Redact, HidesLongMixedStringsButNotDigests) {
  EXPECT_EQ(redacted("aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6kL9n"), "***");
  std::string digest = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
  EXPECT_EQ(redacted(digest), digest);
}

TEST(Redact, WordsOfTheTradeAreNoSecrets) {
  EXPECT_FALSE(names_a_secret(TextView("--tokenizer")));
  EXPECT_FALSE(names_a_secret(TextView("--max-tokens")));
  EXPECT_FALSE(names_a_secret(TextView("--keyframes")));
  EXPECT_FALSE(names_a_secret(TextView("--author")));
  EXPECT_TRUE(names_a_secret(TextView("HF_TOKEN")));
  EXPECT_TRUE(names_a_secret(TextView("aws_secret_access_key")));
  EXPECT_TRUE(names_a_secret(TextView("PGPASSWORD")));
}

TEST(Redact, EmptyAndVeryLongInputStayInBounds) {
  EXPECT_EQ(redacted(""), "");
  EXPECT_LE(redacted(std::string(100000, 'x')).size(), kRedactedMax);
  EXPECT_EQ(command_line({}), "");
}

}  // namespace
}  // namespace stepscope::collector
