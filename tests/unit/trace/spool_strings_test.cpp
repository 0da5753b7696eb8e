// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <set>
#include <thread>

#include <gmock/gmock.h>

#include "tests/unit/trace/spool_fixture.hpp"

namespace stepscope::trace {
namespace {

class SpoolStrings : public SpoolTest {
 protected:
  uint32_t intern(std::string_view text) { return spool_.intern(text.data(), text.size()); }
};

TEST_F(SpoolStrings, IdentityIsTheContentNotTheAddress) {
  const std::string a = "aten::mm";
  const std::string b = "aten::mm";
  EXPECT_EQ(intern(a), intern(b));
  EXPECT_NE(intern(a), intern("aten::mm "));
  EXPECT_NE(intern(a), intern("aten::m"));
  EXPECT_EQ(intern(""), 0U);
  EXPECT_EQ(spool_.intern(nullptr, 3), 0U);
  EXPECT_NE(intern(a), 0U);
}

TEST_F(SpoolStrings, TextsOfEveryLengthComeBackAsTheyWere) {
  std::map<uint32_t, std::string> sent;
  std::string text;
  for (size_t length = 1; length <= 300; ++length) {
    text.push_back(static_cast<char>(length * 37));
    sent[intern(text)] = text;
  }
  const std::string with_zero("a\0b", 3);
  sent[intern(with_zero)] = with_zero;
  die();
  const KeepingVisitor got = read();
  for (const auto& [id, expected] : sent) {
    EXPECT_EQ(got.strings.at(id), expected);
  }
}

TEST_F(SpoolStrings, TextsThatDifferOnlyFarInsideAreDifferent) {
  std::set<uint32_t> ids;
  std::string text(100, 'x');
  for (size_t at = 0; at < text.size(); ++at) {
    text[at] = 'y';
    ids.insert(intern(text));
    text[at] = 'x';
  }
  EXPECT_EQ(ids.size(), 100U);
}

TEST_F(SpoolStrings, LongTextsAreCutBetweenCharactersAndCounted) {
  std::string text;
  while (text.size() < spool::kMaxStringBytes + 50) {
    text += "\xe2\x82\xac";  // three bytes; the limit is no multiple of three
  }
  const uint32_t id = intern(text);
  EXPECT_EQ(intern(text), id);
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.strings.at(id), text.substr(0, spool::kMaxStringBytes / 3 * 3));
  EXPECT_EQ(got.loss.at(spool::kLossStringCut), 2U);
}

TEST_F(SpoolStrings, AFullTableGivesTheReservedTextAndCounts) {
  uint32_t last = 0;
  for (uint32_t i = 0; i < spool::kMaxStrings + 10; ++i) {
    last = intern("string number " + std::to_string(i));
  }
  EXPECT_NE(intern("string number 5"), last) << "what is there stays there";
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.strings.at(last), "(string table full)");
  EXPECT_EQ(got.strings.size(), spool::kMaxStrings - 1);
  EXPECT_EQ(got.loss.at(spool::kLossStringTable), 12U) << "id 0 is none, id 1 the reserved text";
  for (const auto& [id, text] : got.strings) {
    if (id != last) {
      ASSERT_EQ(text, "string number " + std::to_string(id - 2));
    }
  }
}

TEST_F(SpoolStrings, MoreTextThanTheArenaHoldsIsCounted) {
  std::string text(spool::kMaxStringBytes, 't');
  for (uint32_t i = 0; i < spool::kMaxTextBytes / spool::kMaxStringBytes + 100; ++i) {
    text.replace(0, 8, std::to_string(10000000 + i));
    ASSERT_NE(intern(text), 0U);
  }
  die();
  EXPECT_GE(read().loss.at(spool::kLossStringTable), 100U);
}

TEST_F(SpoolStrings, ThreadsThatInternTheSameTextsAgreeOnTheIds) {
  constexpr size_t kTexts = 3000;
  constexpr size_t kThreads = 4;
  std::vector<std::vector<uint32_t>> ids(kThreads, std::vector<uint32_t>(kTexts));
  std::atomic<size_t> ready{0};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      ready.fetch_add(1);
      while (ready.load() != kThreads) {
        std::this_thread::yield();
      }
      for (size_t i = 0; i < kTexts; ++i) {
        ids[t][i] = intern("kernel_" + std::to_string(i));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (size_t t = 1; t < kThreads; ++t) {
    EXPECT_EQ(ids[t], ids[0]);
  }
  EXPECT_EQ(std::set<uint32_t>(ids[0].begin(), ids[0].end()).size(), kTexts);
  die();
  const KeepingVisitor got = read();
  EXPECT_EQ(got.strings.size(), kTexts + 1);
  EXPECT_EQ(got.strings.at(ids[0][42]), "kernel_42");
}

}  // namespace
}  // namespace stepscope::trace
