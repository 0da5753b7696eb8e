// SPDX-License-Identifier: Apache-2.0
//
// Every kind of slowdown that the tool promises to name, injected with a known size into a simulated job.
#include "analyzer/diff.hpp"

#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analyzer/fixture.hpp"

namespace stepscope::analysis {
namespace {

// A job that waits for its data a little: two workers, 20 ms of work per batch, 9 ms of compute.
constexpr const char* kFed = "steps=80 fetch.cpu=18ms collate=2ms";

class DiffTest : public RunTest {
 protected:
  Diff diff(const std::string& base, const std::string& candidate) {
    const auto a = job("base", base + " seed=11");
    const auto b = job("candidate", candidate + " seed=12");
    return diff_of({&a}, {&b});
  }

  static Diff diff_of(std::vector<const analysis::Run*> base, std::vector<const analysis::Run*> candidate) {
    DiffOptions options;
    options.ledger.cache = Cache::kNone;
    Result<Diff> diff = diff_runs(base, candidate, options);
    ::stepscope::testing::require(diff.status());
    return std::move(diff).value();
  }

  // Adds up exactly, whatever it says.
  static void expect_closed(const Diff& diff) {
    int64_t sum = 0;
    for (const Term& term : diff.terms) {
      sum += term.delta_ns;
    }
    EXPECT_EQ(sum, diff.delta_ns);
    EXPECT_EQ(diff.residual_ns, 0);
    EXPECT_EQ(diff.delta_ns, diff.candidate.mean_step_ns - diff.base.mean_step_ns);
  }

  static double term_ms(const Diff& diff, std::string_view name) {
    for (const Term& term : diff.terms) {
      if (term.name == name) {
        return static_cast<double>(term.delta_ns) / 1e6;
      }
    }
    return 0;
  }

  // The first term is `name` and carries `injected_ms` within the product's bar: 5 % or 0.5 ms.
  static void expect_first(const Diff& diff, std::string_view name, double injected_ms) {
    expect_closed(diff);
    ASSERT_FALSE(diff.terms.empty());
    EXPECT_EQ(diff.terms[0].name, name);
    EXPECT_TRUE(diff.terms[0].flagged);
    const double tolerance = std::max(0.05 * std::abs(injected_ms), 0.5);
    EXPECT_NEAR(static_cast<double>(diff.terms[0].delta_ns) / 1e6, injected_ms, tolerance);
    for (size_t i = 1; i < diff.terms.size(); ++i) {
      EXPECT_LE(std::abs(static_cast<double>(diff.terms[i].delta_ns)) / 1e6, tolerance) << diff.terms[i].name;
    }
  }
};

TEST_F(DiffTest, ComparesWhatTheProgramsSaidAboutThemselves) {
  std::string steps;
  for (int i = 0; i < 20; ++i) {
    steps += "step start_ns=" + std::to_string(i * 10) + "ms index=" + std::to_string(i) + " source=1\n";
  }
  const auto a = process("a", "meta model resnet18\nmeta loader.7 x\nmeta self.mode full\n" + steps);
  const auto b = process("b", "meta model resnet50\nmeta loader.8 y\nmeta self.mode light\n" + steps);
  const Diff d = diff_of({&a}, {&b});
  ASSERT_EQ(d.comparability.differences.size(), 1U);
  EXPECT_EQ(d.comparability.differences[0].key, "fact model");
  EXPECT_EQ(d.comparability.differences[0].base, "resnet18");
  EXPECT_EQ(d.comparability.verdict, Verdict::kComparableWithNotes);
}

TEST_F(DiffTest, NamesASlowerGetitem) {
  expect_first(diff(kFed, "steps=80 fetch.cpu=38ms collate=2ms"), term::kFetch, 10.0);
}

TEST_F(DiffTest, NamesASlowerGetitemThatUsedToBeHidden) {
  const Diff d = diff("steps=80 fetch.cpu=5ms", "steps=80 fetch.cpu=35ms");
  // The base step is 9.1 ms of compute; the candidate's is 35.55 ms / 2 workers.
  expect_first(d, term::kFetch, 17.8 - 9.1);
  ASSERT_FALSE(d.hidden.empty());
  EXPECT_EQ(d.hidden[0].name, term::kFetch);
  EXPECT_NEAR(static_cast<double>(d.hidden[0].delta_ns) / 1e6, 15.0 - 8.7, 0.6);
}

TEST_F(DiffTest, ListsAsHiddenWhatStillFitsUnderTheCompute) {
  const Diff d = diff("steps=80 fetch.cpu=3ms", "steps=80 fetch.cpu=12ms");
  expect_closed(d);
  EXPECT_FALSE(d.flagged);
  ASSERT_FALSE(d.hidden.empty());
  EXPECT_EQ(d.hidden[0].name, term::kFetch);
  EXPECT_NEAR(static_cast<double>(d.hidden[0].delta_ns) / 1e6, 4.5, 0.2);
}

TEST_F(DiffTest, NamesASlowerCollate) {
  expect_first(diff(kFed, "steps=80 fetch.cpu=18ms collate=14ms"), term::kCollate, 6.0);
}

TEST_F(DiffTest, NamesFewerWorkers) {
  const std::string work = "steps=90 fetch.cpu=36ms collate=4ms ";
  expect_first(diff(work + "workers=4", work + "workers=2"), term::kWorkers, 10.0);
}

TEST_F(DiffTest, NamesTheLossOfAllWorkers) {
  const std::string work = "steps=80 fetch.cpu=9ms collate=1ms ";
  const Diff d = diff(work + "workers=2", work + "workers=0");
  expect_closed(d);
  EXPECT_EQ(d.terms[0].name, term::kWorkers);
  EXPECT_NEAR(static_cast<double>(d.delta_ns) / 1e6, 10.0, 0.5);
}

TEST_F(DiffTest, NamesOneSlowWorker) {
  expect_first(diff("steps=120 workers=4 fetch.cpu=36ms collate=4ms",
                    "steps=120 workers=4 fetch.cpu=36ms collate=4ms slow_worker=2 slow_worker.extra=40ms"),
               term::kSlowWorker, 10.0);
}

TEST_F(DiffTest, NamesOneSlowWorkerOfTwo) {
  expect_first(diff(kFed, std::string(kFed) + " slow_worker=1 slow_worker.extra=20ms"), term::kSlowWorker,
               10.0);
}

TEST_F(DiffTest, NamesStarvedWorkers) {
  expect_first(diff(kFed, std::string(kFed) + " fetch.starved=20ms affinity=1"), term::kStarved, 10.0);
}

TEST_F(DiffTest, CountsDearerCpuUnderAQuotaAsStarvation) {
  const Diff d = diff(kFed, "steps=80 fetch.cpu=22ms collate=2ms fetch.starved=20ms throttled_permille=400");
  expect_first(d, term::kStarved, 12.0);
}

// A quota also slows the threads that send a batch: that is no term of its own.
TEST_F(DiffTest, CountsASlowerHandOverUnderAQuotaAsStarvation) {
  const std::string starved = "steps=80 fetch.cpu=18ms collate=2ms fetch.starved=20ms put=1ms transfer=4ms";
  const Diff d = diff(kFed, starved + " throttled_permille=400");
  expect_first(d, term::kStarved, 10.5);
  EXPECT_NEAR(term_ms(d, term::kTransfer), 0, 0.1);
  const Diff unlimited = diff(kFed, starved);
  EXPECT_GT(term_ms(unlimited, term::kTransfer), 0.3) << "without less CPU it is a slower hand-over";
}

TEST_F(DiffTest, CountsTheQueueingOfHeavierWorkAsTheWork) {
  const Diff d = diff("steps=80 fetch.cpu=18ms collate=2ms fetch.starved=2ms",
                      "steps=80 fetch.cpu=38ms collate=2ms fetch.starved=8ms");
  expect_first(d, term::kFetch, 13.0);
}

TEST_F(DiffTest, NamesASlowDisk) {
  expect_first(diff(kFed, std::string(kFed) + " fetch.io=20ms"), term::kIo, 10.0);
}

TEST_F(DiffTest, NamesASlowDiskThoughManyLooksFindTheWorkerBetweenTwoReads) {
  const std::string fed = "steps=400 fetch.cpu=18ms collate=2ms";
  expect_first(diff(fed, fed + " fetch.io=20ms watch.missed=300"), term::kIo, 10.0);
}

TEST_F(DiffTest, NamesASlowDiskWithoutSamplesByItsReadBytes) {
  expect_first(diff(std::string(kFed) + " watch=0", std::string(kFed) + " watch=0 fetch.io=20ms"), term::kIo,
               10.0);
}

TEST_F(DiffTest, NamesASleepInTheDataset) {
  expect_first(diff(kFed, std::string(kFed) + " fetch.blocked=20ms"), term::kBlocked, 10.0);
}

TEST_F(DiffTest, NamesASlowerHandOver) {
  const Diff d = diff(kFed, std::string(kFed) + " put=20ms");
  expect_first(d, term::kTransfer, 10.0);
}

TEST_F(DiffTest, NamesGarbageCollection) {
  expect_first(diff("steps=81", "steps=81 gc.every=1 gc=4ms"), leaf::kGc, 4.0);
}

TEST_F(DiffTest, NamesASlowerOptimizer) {
  expect_first(diff("steps=80", "steps=80 optimizer=5ms"), leaf::kOptimizer, 4.0);
}

TEST_F(DiffTest, NamesABiggerModel) {
  const Diff d = diff("steps=80", "steps=80 forward=9ms backward=12ms");
  expect_closed(d);
  EXPECT_EQ(d.terms[0].name, leaf::kBackward);
  EXPECT_NEAR(term_ms(d, leaf::kBackward), 7.0, 0.5);
  EXPECT_EQ(d.terms[1].name, leaf::kForward);
  EXPECT_NEAR(term_ms(d, leaf::kForward), 6.0, 0.5);
}

TEST_F(DiffTest, KeepsCheckpointsApart) {
  const Diff d = diff("steps=80", "steps=80 checkpoint.every=10 checkpoint=50ms");
  expect_closed(d);
  EXPECT_FALSE(d.flagged);
  for (const Term& term : d.terms) {
    EXPECT_FALSE(term.flagged) << term.name;
  }
  bool seen = false;
  for (const ClassDiff& row : d.classes) {
    if (row.step_class == StepClass::kCheckpoint) {
      seen = true;
      EXPECT_EQ(row.base_steps, 0U);
      EXPECT_EQ(row.candidate_steps, 7U);
      EXPECT_NEAR(static_cast<double>(row.candidate_mean_ns) / 1e6, 59.1, 1.0);
    }
  }
  EXPECT_TRUE(seen);
}

TEST_F(DiffTest, FlagsNothingWhenNothingChanged) {
  const Diff d = diff(kFed, kFed);
  expect_closed(d);
  EXPECT_FALSE(d.flagged);
  for (const Term& term : d.terms) {
    EXPECT_FALSE(term.flagged) << term.name;
  }
  EXPECT_EQ(d.comparability.verdict, Verdict::kComparable);
}

TEST_F(DiffTest, AsksMoreOfTermsThatCancelWhenOnlyOneRunSaysSo) {
  const std::string base = "steps=80 workers=0 forward=5ms optimizer=1ms";
  const Diff chance = diff(base, "steps=80 workers=0 forward=4ms optimizer=2ms");
  EXPECT_NEAR(term_ms(chance, leaf::kOptimizer), 1.0, 0.1);
  for (const Term& term : chance.terms) {
    EXPECT_FALSE(term.flagged) << term.name;
  }
  const Diff real = diff(base, "steps=80 workers=0 forward=0.5ms optimizer=5.5ms");
  EXPECT_TRUE(real.terms[0].flagged);
  EXPECT_TRUE(real.terms[1].flagged);
}

TEST_F(DiffTest, ListsCausesOfOppositeSign) {
  const Diff d = diff(kFed, "steps=80 fetch.cpu=30ms collate=2ms optimizer=3ms forward=1ms");
  expect_closed(d);
  EXPECT_EQ(d.terms[0].name, term::kFetch);
  EXPECT_NEAR(term_ms(d, term::kFetch), 6.0, 0.5);
}

TEST_F(DiffTest, SeparatesTwoCausesInOnePipeline) {
  const Diff d = diff(kFed, "steps=80 fetch.cpu=30ms collate=10ms");
  expect_closed(d);
  EXPECT_NEAR(term_ms(d, term::kFetch), 6.0, 0.5);
  EXPECT_NEAR(term_ms(d, term::kCollate), 4.0, 0.5);
}

TEST_F(DiffTest, SeparatesDataFromCompute) {
  // Waits for data before and after: a slower optimizer only uses time that was waited anyway.
  const Diff d = diff("steps=80 fetch.cpu=5ms", "steps=80 fetch.cpu=28ms optimizer=3ms");
  expect_closed(d);
  EXPECT_NEAR(term_ms(d, leaf::kOptimizer), 2.0, 0.3);
  EXPECT_GT(term_ms(d, term::kFetch), 2.5);
}

TEST_F(DiffTest, CallsTheWaitOtherWhenWorkerRecordingsAreMissing) {
  const Diff d =
      diff(std::string(kFed) + " record_workers=0", "steps=80 fetch.cpu=38ms collate=2ms record_workers=0");
  expect_first(d, leaf::kDataOther, 10.0);
  EXPECT_THAT(d.caveats, ::testing::Contains(::testing::HasSubstr("lacks records")));
}

TEST_F(DiffTest, SaysWhatOneRunPerSideCannotKnow) {
  const Diff d = diff(kFed, kFed);
  EXPECT_FALSE(d.noise_known);
  EXPECT_LT(d.base.noise_share, 0);
  EXPECT_THAT(d.caveats, ::testing::Contains(::testing::HasSubstr("one run per side")));
}

TEST_F(DiffTest, DoesNotFlagWhatIsInsideTheNoiseBetweenRuns) {
  const auto a1 = job("a1", "steps=80 seed=1 run_permille=1000");
  const auto a2 = job("a2", "steps=80 seed=2 run_permille=1060");
  const auto b1 = job("b1", "steps=80 seed=3 run_permille=1070");
  const auto b2 = job("b2", "steps=80 seed=4 run_permille=1010");
  const Diff d = diff_of({&a1, &a2}, {&b1, &b2});
  expect_closed(d);
  EXPECT_TRUE(d.noise_known);
  EXPECT_FALSE(d.flagged);
  EXPECT_NEAR(d.base.noise_share, 0.041, 0.01);
}

TEST_F(DiffTest, FlagsASmallChangeThatManyRunsAgreeOn) {
  std::vector<analysis::Run> runs;
  for (int i = 0; i < 6; ++i) {
    runs.push_back(job("r" + std::to_string(i), "steps=80 optimizer=" + std::string(i < 3 ? "1ms" : "1.3ms") +
                                                    " seed=" + std::to_string(i + 1) +
                                                    " run_permille=" + std::to_string(999 + i % 3)));
  }
  const Diff d = diff_of({&runs[0], &runs[1], &runs[2]}, {&runs[3], &runs[4], &runs[5]});
  expect_closed(d);
  EXPECT_EQ(d.terms[0].name, leaf::kOptimizer);
  EXPECT_TRUE(d.terms[0].flagged);
  EXPECT_NEAR(term_ms(d, leaf::kOptimizer), 0.3, 0.05);
}

TEST_F(DiffTest, RefusesRunsWithoutSteps) {
  const auto a = job("base", "steps=20");
  const auto b = process("candidate", "range start_ns=1ms dur_ns=1ms name=x\n");
  const std::vector<const analysis::Run*> base = {&a};
  const std::vector<const analysis::Run*> candidate = {&b};
  const Result<Diff> d = diff_runs(base, candidate, {});
  ASSERT_FALSE(d.ok());
  EXPECT_EQ(d.status().code(), Code::kNotComparable);
}

// Half of the records missing looks like half of the time saved.
TEST_F(DiffTest, RefusesARunThatLostRecords) {
  const auto loop = [this](const std::string& name, const std::string& loss) {
    std::string text = loss + "step lane=1 start_ns=0 index=-1 source=1\n";
    for (int i = 0; i < 300; ++i) {
      text += "range lane=1 start_ns=" + std::to_string(i) + "ms dur_ns=900us name=work\n";
      text += i % 10 == 9 ? "step lane=1 start_ns=" + std::to_string(i + 1) +
                                "ms index=" + std::to_string(i / 10) + " source=1\n"
                          : "";
    }
    return process(name, text);
  };
  const analysis::Run whole = loop("whole", "");
  const auto verdict = [&](const std::string& name, const std::string& loss) {
    const analysis::Run run = loop(name, loss);
    return diff_of({&whole}, {&run}).comparability;
  };
  const Comparability much = verdict("much", "loss ring.full 40\n");
  EXPECT_EQ(much.verdict, Verdict::kNotComparable);
  EXPECT_EQ(much.differences.at(0).key, "lost records");
  EXPECT_EQ(much.differences.at(0).base, "nothing");
  EXPECT_EQ(much.differences.at(0).candidate, "11 % of the events");
  const Comparability little = verdict("little", "loss ring.full 2\n");
  EXPECT_EQ(little.verdict, Verdict::kComparableWithNotes) << "less than the smallest change that is flagged";
  EXPECT_EQ(little.differences.at(0).key, "data loss");
  const Comparability unknown = verdict("unknown", "loss cupti.fatal 1\n");
  EXPECT_EQ(unknown.verdict, Verdict::kNotComparable) << "one event stands for all that came after it";
  EXPECT_EQ(verdict("harmless", "loss range.unbalanced 400\n").verdict, Verdict::kComparable);
  const analysis::Run also = loop("also", "loss ring.full 40\n");
  const analysis::Run lossy = loop("lossy", "loss ring.full 40\n");
  EXPECT_EQ(diff_of({&also}, {&lossy}).comparability.verdict, Verdict::kNotComparable)
      << "that both lost some does not make them alike";
}

TEST_F(DiffTest, NotesAnotherEnvironmentAnotherFileSystemAndAnotherNetwork) {
  const Diff d = diff(std::string(kFed) + " env_hash=11aa cache=tmpfs:/cache network=IB",
                      std::string(kFed) + " env_hash=22bb cache=nfs4:/home network=Socket");
  EXPECT_EQ(d.comparability.verdict, Verdict::kComparableWithNotes);
  std::string notes;
  for (const Difference& one : d.comparability.differences) {
    notes += one.key + ": " + one.base + " -> " + one.candidate + "\n";
  }
  EXPECT_EQ(notes,
            "NCCL's network: IB -> Socket\n"
            "caches on: tmpfs:/cache -> nfs4:/home\n"
            "environment, the rest (hash): 11aa -> 22bb\n");
}

TEST_F(DiffTest, GivesNoNumberWhenOneSideHasOnlyAWarmUp) {
  const auto a = job("base", "steps=20");
  const auto b = job("candidate", "steps=2");
  const Diff d = diff_of({&a}, {&b});
  EXPECT_EQ(d.comparability.verdict, Verdict::kNotComparable);
  EXPECT_TRUE(d.terms.empty());
  EXPECT_EQ(d.delta_ns, 0);
}

TEST_F(DiffTest, GivesTheSameAnswerTwice) {
  const auto a = job("base", kFed);
  const auto b = job("candidate", "steps=80 fetch.cpu=38ms seed=4");
  const Diff first = diff_of({&a}, {&b});
  const Diff second = diff_of({&a}, {&b});
  ASSERT_EQ(first.terms.size(), second.terms.size());
  for (size_t i = 0; i < first.terms.size(); ++i) {
    EXPECT_EQ(first.terms[i].name, second.terms[i].name);
    EXPECT_EQ(first.terms[i].delta_ns, second.terms[i].delta_ns);
    EXPECT_EQ(first.terms[i].interval.low_ns, second.terms[i].interval.low_ns);
  }
}

}  // namespace
}  // namespace stepscope::analysis
