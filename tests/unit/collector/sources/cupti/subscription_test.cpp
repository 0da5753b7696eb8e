// SPDX-License-Identifier: Apache-2.0
//
// Which place at CUPTI we ask for, and what is asked of it, of a CUPTI that notes down the calls it gets.
#include "collector/sources/cupti/subscription.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "collector/sources/cupti/cupti_abi_fields.hpp"

namespace stepscope::collector::cupti {
namespace {

using ::testing::ElementsAre;

struct Enabled {
  uint32_t kind = 0;
  size_t config_bytes = 0;  // 0: none
  std::vector<int> fields;
  std::vector<uint32_t> calls;
  bool only_these = false;
};

struct Notes {
  uint32_t version = 130300;
  abi::Result shared = abi::kSuccess;
  abi::Result alone = abi::kSuccess;
  abi::Result classic = abi::kSuccess;
  const char* holder = "";
  std::vector<std::string> calls;
  std::vector<Enabled> enabled;
  abi::Result attribute = abi::kSuccess;
};
Notes g_notes;

Functions functions() {
  Functions f;
  f.version = [](uint32_t* version) {
    *version = g_notes.version;
    return abi::kSuccess;
  };
  f.subscribe = [](abi::Subscriber*, abi::CallbackFunction, void*) {
    g_notes.calls.emplace_back("classic");
    return g_notes.classic;
  };
  f.register_callbacks = [](abi::BufferRequested, abi::BufferCompleted) { return abi::kSuccess; };
  f.enable = [](uint32_t kind) {
    g_notes.enabled.push_back({kind, 0, {}, {}, false});
    return abi::kSuccess;
  };
  f.subscribe_v2 = [](abi::Subscriber* handle, abi::CallbackFunction, void*, abi::SubscriberParams* params) {
    const bool share = params->allow_multiple != 0;
    g_notes.calls.emplace_back(share ? "shared" : "alone");
    const abi::Result result = share ? g_notes.shared : g_notes.alone;
    if (result != abi::kSuccess) {
      std::strncpy(params->old_subscriber_name, g_notes.holder, params->old_subscriber_size - 1);
    }
    *handle = result == abi::kSuccess ? &g_notes : nullptr;
    return result;
  };
  f.unsubscribe = [](abi::Subscriber) { return abi::kSuccess; };
  f.register_callbacks_v2 = [](abi::Subscriber, abi::BufferRequestedV2, abi::BufferCompletedV2) {
    return abi::kSuccess;
  };
  f.enable_v2 = [](abi::Subscriber, uint32_t kind, const abi::ActivityConfig* config) {
    Enabled& enabled = g_notes.enabled.emplace_back();
    enabled.kind = kind;
    if (config != nullptr) {
      enabled.config_bytes = config->struct_size;
      enabled.fields = {config->fields.ids, config->fields.ids + config->fields.count};
      if (config->struct_size > abi::kActivityConfig133 && config->kind_options != nullptr) {
        const abi::CallSelection& calls = *config->kind_options->calls;
        enabled.calls = {calls.ids, calls.ids + calls.count};
        enabled.only_these = calls.only_these == 1;
      }
    }
    return abi::kSuccess;
  };
  f.disable_v2 = [](abi::Subscriber, uint32_t, const abi::ActivityConfig*) { return abi::kSuccess; };
  f.next_record_v2 = [](abi::Subscriber, uint8_t*, size_t, void**) { return abi::kMaxLimitReached; };
  f.dropped_records_v2 = [](abi::Subscriber, void*, uint32_t, size_t*) { return abi::kSuccess; };
  f.timestamp_v2 = [](abi::Subscriber, uint64_t*) { return abi::kSuccess; };
  f.set_attribute_v2 = [](abi::Subscriber, int attribute, size_t* size, void*) {
    g_notes.calls.push_back("attribute " + std::to_string(attribute) + " of " + std::to_string(*size));
    return g_notes.attribute;
  };
  return f;
}

class CuptiSubscription : public ::testing::Test {
 protected:
  void SetUp() override { g_notes = {}; }

  abi::Result open(bool alone = true) { return subscription_.open(functions(), {}, alone, holder_); }

  Subscription subscription_;
  TextBuffer<96> holder_;
};

TEST_F(CuptiSubscription, APlaceAmongSeveralIsBest) {
  EXPECT_EQ(open(), abi::kSuccess);
  EXPECT_THAT(g_notes.calls, ElementsAre("shared"));
  EXPECT_TRUE(subscription_.shares());
  EXPECT_TRUE(subscription_.has_own_calls());
}

// An older driver cannot share, and CUPTI answers as if another tool were there.
TEST_F(CuptiSubscription, AloneOurCallsStayOurOwn) {
  g_notes.shared = abi::kMultipleSubscribers;
  EXPECT_EQ(open(), abi::kSuccess);
  EXPECT_THAT(g_notes.calls, ElementsAre("shared", "alone"));
  EXPECT_FALSE(subscription_.shares());
  EXPECT_TRUE(subscription_.has_own_calls());
}

TEST_F(CuptiSubscription, WhoDoesNotWantThatUsesTheClassicCallsAlone) {
  g_notes.shared = abi::kMultipleSubscribers;
  EXPECT_EQ(open(false), abi::kSuccess);
  EXPECT_THAT(g_notes.calls, ElementsAre("shared", "classic"));
  EXPECT_FALSE(subscription_.has_own_calls());
}

TEST_F(CuptiSubscription, WhoHasThePlaceIsNamed) {
  g_notes.shared = g_notes.alone = g_notes.classic = abi::kMultipleSubscribers;
  g_notes.holder = "CUPTI for Nsight";
  EXPECT_EQ(open(), abi::kMultipleSubscribers);
  EXPECT_THAT(g_notes.calls, ElementsAre("shared", "alone"));
  EXPECT_STREQ(holder_.c_str(), "CUPTI for Nsight");
}

TEST_F(CuptiSubscription, TheClassicCallsDoNotKnowTheNameButItIsKept) {
  g_notes.shared = g_notes.classic = abi::kMultipleSubscribers;
  g_notes.holder = "CUPTI for Nsight";
  EXPECT_EQ(open(false), abi::kMultipleSubscribers);
  EXPECT_STREQ(holder_.c_str(), "CUPTI for Nsight");
}

TEST_F(CuptiSubscription, AnyOtherRefusalLeavesTheClassicPlace) {
  g_notes.shared = g_notes.alone = abi::kUnknown;
  EXPECT_EQ(open(), abi::kSuccess);
  EXPECT_THAT(g_notes.calls, ElementsAre("shared", "alone", "classic"));
}

TEST_F(CuptiSubscription, FieldsAreAskedForWhenTheyWereChosen) {
  ASSERT_EQ(open(), abi::kSuccess);
  EXPECT_EQ(subscription_.enable(abi::kMemset), abi::kSuccess);
  EXPECT_EQ(subscription_.choose_fields(true), abi::kSuccess);
  EXPECT_TRUE(subscription_.chooses_fields());
  EXPECT_EQ(subscription_.enable(abi::kMemset), abi::kSuccess);
  EXPECT_EQ(g_notes.calls.back(), "attribute 11 of 1");
  ASSERT_EQ(g_notes.enabled.size(), 2U);
  EXPECT_EQ(g_notes.enabled[0].config_bytes, 0U);
  EXPECT_EQ(g_notes.enabled[1].config_bytes, 32U) << "13.3 knows no longer configuration";
  EXPECT_THAT(g_notes.enabled[1].fields, ElementsAre(0, 5, 2, 3, 4, 8, 11, 6, 7, 12, 10));
}

TEST_F(CuptiSubscription, AChoiceThatIsRefusedIsNotMade) {
  ASSERT_EQ(open(), abi::kSuccess);
  g_notes.attribute = abi::kUnknown;
  EXPECT_EQ(subscription_.choose_fields(true), abi::kUnknown);
  EXPECT_FALSE(subscription_.chooses_fields());
}

TEST_F(CuptiSubscription, From134OnTheCallsAreChosenToo) {
  g_notes.version = 130400;
  ASSERT_EQ(open(), abi::kSuccess);
  ASSERT_EQ(subscription_.choose_fields(true), abi::kSuccess);
  for (const uint32_t kind : {abi::kRuntime, abi::kDriver, abi::kConcurrentKernel}) {
    ASSERT_EQ(subscription_.enable(kind), abi::kSuccess);
  }
  ASSERT_EQ(g_notes.enabled.size(), 3U);
  EXPECT_EQ(g_notes.enabled[0].config_bytes, 40U);
  EXPECT_TRUE(g_notes.enabled[0].only_these);
  EXPECT_THAT(g_notes.enabled[0].calls, ::testing::Contains(211U)) << "cudaLaunchKernel";
  EXPECT_THAT(g_notes.enabled[0].calls, ::testing::Not(::testing::Contains(10U))) << "cudaGetLastError";
  EXPECT_THAT(g_notes.enabled[1].calls, ::testing::Contains(307U)) << "cuLaunchKernel";
  EXPECT_THAT(g_notes.enabled[2].calls, ::testing::IsEmpty());
}

// Beside a subscriber's own calls CUPTI does not take the classic ones.
TEST_F(CuptiSubscription, SettingsAreTheSubscribersOwnWhereItsCallsAre) {
  ASSERT_EQ(open(), abi::kSuccess);
  EXPECT_EQ(subscription_.set_thread_id_type(abi::kThreadIdSystem), abi::kSuccess);
  EXPECT_EQ(subscription_.enable_event_timestamps(), abi::kSuccess);
  EXPECT_THAT(g_notes.calls, ElementsAre("shared", "attribute 21 of 4", "attribute 17 of 1"));
}

}  // namespace
}  // namespace stepscope::collector::cupti
