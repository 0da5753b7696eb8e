// SPDX-License-Identifier: Apache-2.0
#include "trace/append_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"
#include "trace/sqlite.hpp"

namespace stepscope::trace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::read_bytes;
using testing::write_bytes;
using Mode = AppendStore::Mode;

StoredRecord record_of(const std::string& name, int64_t time_ns, const std::string& text) {
  StoredRecord record;
  record.kind = "run";
  record.name = name;
  record.key = "k";
  record.time_ns = time_ns;
  record.author = "me";
  record.text = text;
  record.id = content_id({record.kind, record.name, record.text});
  return record;
}

std::vector<std::string> texts(const AppendStore& store, const RecordFilter& filter = {}) {
  std::vector<std::string> out;
  const Status status = store.scan(filter, [&](const StoredRecord& record) {
    out.push_back(record.text);
    return true;
  });
  EXPECT_TRUE(status.ok()) << status.message();
  return out;
}

class AppendStores : public ::testing::Test {
 protected:
  AppendStore open(Mode mode, const std::string& file = "") {
    Result<AppendStore> store = AppendStore::open(file.empty() ? path_ : dir_.file(file), mode);
    EXPECT_TRUE(store.ok()) << store.status().message();
    return std::move(store).value();
  }
  void append(AppendStore& store, const std::vector<StoredRecord>& records, size_t expected) {
    const Result<size_t> added = store.append(records);
    ASSERT_TRUE(added.ok()) << added.status().message();
    EXPECT_EQ(added.value(), expected);
  }
  void expect_refused(Code code, const std::string& cause, const std::string& remedy) {
    for (const Mode mode : {Mode::kRead, Mode::kAppend}) {
      const Status status = AppendStore::open(path_, mode).status();
      EXPECT_EQ(status.code(), code) << status.message();
      EXPECT_THAT(status.message(), HasSubstr(path_));
      EXPECT_THAT(status.message(), HasSubstr(cause));
      EXPECT_THAT(status.message(), HasSubstr("; " + remedy));
    }
  }
  // What another program does to the file.
  void change(const char* sql) {
    Result<Database> database = Database::open(path_, OpenMode::kReadWrite);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database.value().exec(sql)) << database.value().error();
    ASSERT_TRUE(database.value().close());
  }
  testing::TempDir dir_;
  std::string path_ = dir_.file("store.db");
};

TEST_F(AppendStores, KeepWhatWasAppendedNewestFirst) {
  {
    AppendStore store = open(Mode::kAppend);
    append(store, {record_of("main", 10, "a"), record_of("main", 30, "b"), record_of("other", 20, "c")}, 3);
  }
  const AppendStore store = open(Mode::kRead);
  EXPECT_THAT(texts(store), ElementsAre("b", "c", "a"));
  EXPECT_THAT(texts(store, {.name = "main"}), ElementsAre("b", "a"));
  EXPECT_THAT(texts(store, {.kind = "accept"}), IsEmpty());
  EXPECT_THAT(texts(store, {.kind = "run", .name = "other", .key = "k"}), ElementsAre("c"));
  std::vector<StoredRecord> seen;
  EXPECT_TRUE(store.scan({}, [&](const StoredRecord& record) { return seen.push_back(record), false; }).ok());
  ASSERT_EQ(seen.size(), 1U) << "the visitor ends the scan";
  EXPECT_EQ(seen[0].author, "me");
  EXPECT_EQ(seen[0].id, record_of("main", 30, "b").id);
  EXPECT_TRUE(store.verify().ok());
}

TEST_F(AppendStores, TakeARecordOnceAndAllOrNone) {
  AppendStore store = open(Mode::kAppend);
  append(store, {record_of("main", 10, "a")}, 1);
  append(store, {record_of("main", 99, "a"), record_of("main", 11, "b")}, 1);
  EXPECT_THAT(texts(store), ElementsAre("b", "a")) << "the first one stays as it is";
  const Status large =
      store.append(std::vector{record_of("main", 12, "c"), record_of("main", 13, std::string(65537, 'x'))})
          .status();
  EXPECT_EQ(large.code(), Code::kUsage);
  EXPECT_THAT(texts(store), ElementsAre("b", "a"));
}

TEST_F(AppendStores, AReaderMakesNoFileAndRefusesOneOfNothing) {
  const Status status = AppendStore::open(path_, Mode::kRead).status();
  EXPECT_EQ(status.code(), Code::kUnreadable);
  EXPECT_FALSE(std::filesystem::exists(path_));
  write_bytes(path_, "");  // a copy that failed, or a writer that was killed before its first transaction
  const Status empty = AppendStore::open(path_, Mode::kRead).status();
  EXPECT_EQ(empty.code(), Code::kUnreadable);
  EXPECT_THAT(empty.message(), HasSubstr("the store is empty; take a complete copy"));
  EXPECT_EQ(std::filesystem::file_size(path_), 0U);
  AppendStore writer = open(Mode::kAppend);
  append(writer, {record_of("main", 10, "a")}, 1);
  EXPECT_THAT(texts(open(Mode::kRead)), ElementsAre("a"));
}

TEST_F(AppendStores, AreMadeWithTheModeThatTheUmaskLeaves) {
  const mode_t before = umask(027);
  open(Mode::kAppend);
  umask(before);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0640U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_.path()), {}), 1)
      << "one file, nothing beside it";
}

TEST_F(AppendStores, MergeIsIdempotentAndTheOrderIsAllTheSame) {
  AppendStore a = open(Mode::kAppend);
  AppendStore b = open(Mode::kAppend, "b.db");
  append(a, {record_of("main", 1, "a"), record_of("main", 2, "both")}, 2);
  append(b, {record_of("main", 2, "both"), record_of("main", 3, "b")}, 2);
  const AppendStore::Merged merged = a.merge(b).value();
  EXPECT_EQ(merged.added, 1U);
  EXPECT_EQ(merged.present, 1U);
  EXPECT_EQ(a.merge(b).value().added, 0U);
  EXPECT_EQ(b.merge(a).value().added, 1U);
  EXPECT_THAT(texts(a), ElementsAre("b", "both", "a"));
  EXPECT_EQ(texts(a), texts(b));
  EXPECT_EQ(a.merge(a).status().code(), Code::kUsage);
}

TEST_F(AppendStores, WhatWasTakenOutIsNotMergedBackButMayBeAppended) {
  AppendStore a = open(Mode::kAppend);
  AppendStore b = open(Mode::kAppend, "b.db");
  const StoredRecord old = record_of("main", 1, "old");
  append(a, {old, record_of("main", 2, "new")}, 2);
  append(b, {old}, 1);
  StoredRecord reason = record_of("main", 3, "pruned");
  reason.kind = "prune";
  EXPECT_EQ(a.remove(std::vector{old.id, std::string("unknown")}, reason).value(), 1U);
  EXPECT_THAT(texts(a), ElementsAre("pruned", "new"));
  EXPECT_EQ(a.merge(b).value().removed, 1U);
  EXPECT_THAT(texts(a), ElementsAre("pruned", "new"));
  append(a, {old}, 1);
  EXPECT_THAT(texts(a), ElementsAre("pruned", "new", "old"));
}

TEST_F(AppendStores, GiveRoomBack) {
  AppendStore store = open(Mode::kAppend);
  std::vector<StoredRecord> records;
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    records.push_back(record_of("main", i, std::string(50000, static_cast<char>('a' + i))));
    ids.push_back(records.back().id);
  }
  append(store, records, 20);
  const size_t full = std::filesystem::file_size(path_);
  EXPECT_EQ(store.remove(ids, record_of("main", 99, "why")).value(), 20U);
  EXPECT_LT(std::filesystem::file_size(path_), full / 10);
}

TEST_F(AppendStores, RefuseWhatIsNoStore) {
  write_bytes(path_, std::string(5000, 'x'));
  expect_refused(Code::kUnreadable, "it is no stepscope store", "name another file");
  EXPECT_EQ(read_bytes(path_), std::string(5000, 'x'));
  std::filesystem::remove(path_);
  write_bytes(path_, "");
  change("CREATE TABLE theirs (a)");
  expect_refused(Code::kUnreadable, "it is no stepscope store", "name another file");
  change("PRAGMA application_id=0x53545343");
  expect_refused(Code::kUnreadable, "it is a recording", "name another file");
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  expect_refused(Code::kUnreadable, "it is no file", "name another file");
}

TEST_F(AppendStores, OpenANewerMinorAndRefuseANewerMajor) {
  open(Mode::kAppend);
  change("PRAGMA user_version=65543");
  EXPECT_THAT(texts(open(Mode::kRead)), IsEmpty());
  change("PRAGMA user_version=131072");
  expect_refused(Code::kUnreadable, "it has format version 2.0, newer than the 1.x", "update stepscope");
}

TEST_F(AppendStores, NoticeDamage) {
  {
    AppendStore store = open(Mode::kAppend);
    append(store,
           {record_of("main", 1, std::string(20000, 'x')), record_of("main", 2, std::string(20000, 'y'))}, 2);
  }
  const std::string good = read_bytes(path_);
  std::string flipped = good;  // in a page of text, where SQLite itself sees nothing
  flipped[good.rfind("xxxx")] = 'z';
  write_bytes(path_, flipped);
  const auto all = [](const StoredRecord&) { return true; };
  Status status = open(Mode::kRead).scan({}, all);
  EXPECT_EQ(status.code(), Code::kUnreadable);
  EXPECT_THAT(status.message(), HasSubstr("is damaged; take an undamaged copy"));

  write_bytes(path_, good.substr(0, good.size() / 2));
  Result<AppendStore> cut = AppendStore::open(path_, Mode::kRead);
  status = cut.ok() ? cut.value().scan({}, all) : cut.status();
  EXPECT_EQ(status.code(), Code::kUnreadable) << status.message();
  EXPECT_THAT(status.message(), HasSubstr("damaged"));

  write_bytes(path_, good);
  change("DROP TABLE record");
  status = open(Mode::kRead).scan({}, all);
  EXPECT_EQ(status.code(), Code::kUnreadable);
  EXPECT_THAT(status.message(), HasSubstr("the store is damaged: no such table: record"));
}

TEST_F(AppendStores, ThatCannotBeMadeSayWhy) {
  path_ = dir_.file("none/store.db");
  const Status status = AppendStore::open(path_, Mode::kAppend).status();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("cannot write"));
  EXPECT_THAT(status.message(), HasSubstr("; check that its directory exists"));
}

TEST(ContentIds, TellPartsApart) {
  EXPECT_EQ(content_id({"a", "b"}), content_id({"a", "b"}));
  EXPECT_NE(content_id({"a", "b"}), content_id({"ab", ""}));
  EXPECT_NE(content_id({"a", "b"}), content_id({"b", "a"}));
  EXPECT_NE(content_id({"run 1"}).substr(0, 6), content_id({"run 2"}).substr(0, 6))
      << "also in the digits that people type";
  EXPECT_EQ(content_id({"x"}).size(), 32U);
}

}  // namespace
}  // namespace stepscope::trace
