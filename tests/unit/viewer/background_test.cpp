// SPDX-License-Identifier: Apache-2.0
#include "viewer/background.hpp"

#include <chrono>
#include <new>
#include <string>

#include <gtest/gtest.h>

namespace stepscope::viewer {
namespace {

TEST(Background, AnAnswerComesOnceAndIsKeptWhileTheNextIsMade) {
  std::atomic<int> woken{0};
  std::atomic<bool> may_answer{false};
  Background background;
  background.set_wake([&] { ++woken; });
  Latest<int, std::string> latest;
  int computed = 0;
  const auto ask = [&](int key) {
    return latest.ask(background, key, [&, key] {
      ++computed;
      return [&may_answer, key](const Cancelled& cancelled) {
        while (!may_answer.load() && !cancelled.load()) {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return std::to_string(key);
      };
    });
  };
  EXPECT_EQ(ask(1), nullptr);
  EXPECT_TRUE(latest.pending());
  may_answer = true;
  background.wait();
  ASSERT_NE(ask(1), nullptr);
  EXPECT_EQ(*ask(1), "1");
  EXPECT_FALSE(latest.pending());
  EXPECT_EQ(computed, 1) << "an equal question is not asked again";
  may_answer = false;
  EXPECT_EQ(*ask(2), "1") << "the old answer stands in";
  EXPECT_EQ(*latest.answered(), 1);
  may_answer = true;
  background.wait();
  EXPECT_EQ(*ask(2), "2");
  EXPECT_EQ(*latest.answered(), 2);
  EXPECT_EQ(woken.load(), 2);
}

TEST(Background, ANewQuestionCancelsTheOneUnderWay) {
  Background background;
  Latest<int, int> latest;
  std::atomic<bool> started{false};
  (void)latest.ask(background, 1, [&] {
    return [&](const Cancelled& cancelled) {
      started = true;
      while (!cancelled.load()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      return -1;
    };
  });
  while (!started.load()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const auto second = [] { return [](const Cancelled&) { return 2; }; };
  (void)latest.ask(background, 2, second);
  background.wait();
  ASSERT_NE(latest.ask(background, 2, second), nullptr);
  EXPECT_EQ(*latest.answer(), 2) << "what the cancelled one returned is not seen";
}

TEST(Background, AnAnswerThatThrowsIsASentenceAndTheNextQuestionIsAnswered) {
  Background background;
  Latest<int, int> latest;
  const auto out_of_memory = [] { return [](const Cancelled&) -> int { throw std::bad_alloc(); }; };
  EXPECT_EQ(latest.ask(background, 1, out_of_memory), nullptr);
  EXPECT_EQ(latest.waiting("counting ..."), "counting ...");
  background.wait();
  EXPECT_EQ(latest.ask(background, 1, out_of_memory), nullptr);
  EXPECT_FALSE(latest.pending()) << "it is not tried again and again";
  EXPECT_NE(latest.waiting("counting ...").find("memory ran out"), std::string::npos);
  EXPECT_NE(background.take_failure().find("memory ran out"), std::string::npos);
  EXPECT_EQ(background.take_failure(), "") << "told once";
  const auto good = [] { return [](const Cancelled&) { return 2; }; };
  (void)latest.ask(background, 2, good);
  background.wait();
  ASSERT_NE(latest.ask(background, 2, good), nullptr);
  EXPECT_EQ(*latest.answer(), 2);
  EXPECT_EQ(latest.waiting("counting ..."), "counting ...");
}

TEST(Background, GoingAwayEndsWhatRuns) {
  Latest<int, int> latest;
  std::atomic<bool> started{false};
  {
    Background background;
    (void)latest.ask(background, 1, [&] {
      return [&](const Cancelled& cancelled) {
        started = true;
        while (!cancelled.load()) {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return 1;
      };
    });
    while (!started.load()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  SUCCEED() << "or the test hangs";
}

}  // namespace
}  // namespace stepscope::viewer
