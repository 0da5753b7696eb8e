// SPDX-License-Identifier: Apache-2.0
#include "trace/schema.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace stepscope::trace {
namespace {

constexpr char kSchema[] = R"sql(
CREATE TABLE meta (             -- facts about the recorded process
  key TEXT PRIMARY KEY,         -- dotted name: process.rank, soft.torch, door.preload, ...
  value TEXT NOT NULL           -- UTF-8
) WITHOUT ROWID;
CREATE TABLE process (          -- the recorded process, one row; the same facts as in meta, typed
  pid INTEGER, ppid INTEGER,    -- as the process saw them
  role TEXT, rank INTEGER,      -- main or worker; rank in the job, 0 if unknown
  local_rank INTEGER, world_size INTEGER,
  host TEXT, boot_id TEXT,      -- where, and which boot: times of one boot are comparable
  start_ns INTEGER,             -- start of the process, CLOCK_MONOTONIC_RAW
  exe TEXT, cmdline TEXT,       -- cmdline is redacted
  exit_code INTEGER, exit_signal INTEGER  -- NULL when nobody saw the end
);
CREATE TABLE thread (           -- lanes that are threads
  lane INTEGER PRIMARY KEY,     -- lane.id
  tid INTEGER NOT NULL,         -- kernel thread id
  name TEXT NOT NULL,           -- thread name
  main INTEGER NOT NULL         -- 1: the main thread
);
CREATE TABLE device (           -- GPUs
  id INTEGER PRIMARY KEY,       -- column device of the events
  uuid TEXT, name TEXT          -- as the driver reports them
);
CREATE TABLE lane (             -- what the events happened on
  id INTEGER PRIMARY KEY,       -- column lane of segment
  type TEXT NOT NULL,           -- thread, stream, worker, counter, ...
  name TEXT NOT NULL,           -- for people
  tid INTEGER NOT NULL          -- kernel thread id, 0 when the lane is not a thread
);
CREATE TABLE string (           -- every text that events name; 0 in an event = no text
  id INTEGER PRIMARY KEY,       -- 1, 2, 3, ... without gaps
  text TEXT NOT NULL            -- each text once
);
CREATE TABLE kind (             -- the event kinds this file was written with
  id INTEGER PRIMARY KEY,       -- never reused
  name TEXT NOT NULL,           -- also the name of the SQL table
  summary TEXT NOT NULL         -- one sentence
);
CREATE TABLE kind_column (      -- the columns of each kind
  kind INTEGER NOT NULL,        -- kind.id
  position INTEGER NOT NULL,    -- 0 = start_ns
  name TEXT NOT NULL,
  type INTEGER NOT NULL,        -- 1 time, 2 duration, 3 int, 4 uint, 5 string id, 6 bytes, 7 real (bit pattern)
  encoding INTEGER NOT NULL,    -- what the writer tried first; each stored column says what it is
  PRIMARY KEY (kind, position)
) WITHOUT ROWID;
CREATE TABLE segment (          -- the events: up to 65536 of one kind and lane, ascending by start
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,        -- kind.id
  lane INTEGER NOT NULL,        -- lane.id
  first_ns INTEGER NOT NULL,    -- earliest start
  last_end_ns INTEGER NOT NULL, -- latest end (start + duration)
  rows INTEGER NOT NULL,        -- number of events
  data BLOB NOT NULL            -- one zstd frame around an encoded segment (docs/FORMAT.md)
);
CREATE TABLE name_total (       -- events per kind and name; name = first text column of the kind, 0 if it has none
  kind INTEGER NOT NULL,        -- kind.id
  name INTEGER NOT NULL,        -- string.id
  count INTEGER NOT NULL,
  total_ns INTEGER NOT NULL,    -- sum of durations; nested events count each
  max_ns INTEGER NOT NULL,      -- longest
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE overview (         -- how busy each lane was, in time buckets; several zoom levels
  lane INTEGER NOT NULL,        -- lane.id
  level INTEGER NOT NULL,       -- 0 = finest
  origin_ns INTEGER NOT NULL,   -- start of bucket 0, a multiple of bucket_ns
  bucket_ns INTEGER NOT NULL,   -- width, a power of two
  buckets INTEGER NOT NULL,
  data BLOB NOT NULL,           -- as segment.data, 2 columns: busy 0..65535, leading name (string.id)
  PRIMARY KEY (lane, level)
) WITHOUT ROWID;
CREATE TABLE rollup (           -- cache of an analyzer: present when step and step_ledger are filled
  version INTEGER NOT NULL,     -- of the analyzer's ledger; another version is computed anew
  method TEXT NOT NULL          -- how the steps were found
);
CREATE TABLE step (             -- training steps
  step INTEGER NOT NULL,        -- index of the step
  begin_ns INTEGER NOT NULL,
  end_ns INTEGER NOT NULL,
  class TEXT NOT NULL           -- train, warmup, checkpoint, ...
);
CREATE TABLE step_ledger (      -- where each step's wall time went; leaves of a step sum to its wall time
  step INTEGER NOT NULL,        -- step.step
  leaf TEXT NOT NULL,           -- data.fetch.cpu, compute/forward, ...
  exclusive_ns INTEGER NOT NULL
);
CREATE TABLE loss (             -- everything that was dropped, refused or not understood
  counter TEXT PRIMARY KEY,     -- what
  count INTEGER NOT NULL,       -- how often
  severity TEXT NOT NULL,       -- info, error, data_loss
  sentence TEXT NOT NULL        -- what it means
) WITHOUT ROWID;
CREATE TABLE clock_anchor (     -- one instant read on several clocks
  monotonic_raw_ns INTEGER NOT NULL,
  realtime_ns INTEGER NOT NULL,
  monotonic_ns INTEGER NOT NULL,
  boottime_ns INTEGER NOT NULL,
  tsc INTEGER NOT NULL,         -- ticks; 0 when not read
  cupti_ns INTEGER NOT NULL     -- the GPU's events were stamped by this clock and converted; 0 when not read
);
CREATE TABLE log (              -- the collector's own words
  time_ns INTEGER NOT NULL,     -- CLOCK_MONOTONIC_RAW
  text TEXT NOT NULL
);
CREATE TABLE checksum (         -- of the rows of the other tables, to find damage
  part TEXT PRIMARY KEY,        -- name of the table
  value INTEGER NOT NULL        -- FNV-1a, docs/FORMAT.md
) WITHOUT ROWID;
)sql";

uint32_t big_endian(const unsigned char* bytes, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    value = value << 8 | bytes[i];
  }
  return value;
}

constexpr size_t kHeaderBytes = 100;  // of an SQLite file

// SQLite and the system may answer with several lines; a message is one.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

const char* schema_sql() {
  return kSchema;
}

Status unreadable(const std::string& path, std::string_view cause, std::string_view remedy) {
  return {Code::kUnreadable, "cannot read '" + path + "': " + one_line(cause) + "; " + std::string(remedy)};
}

Status damaged(const std::string& path, std::string_view cause) {
  return unreadable(path, "the recording is damaged (" + std::string(cause) + ")",
                    "take an undamaged copy or record again");
}

Status unwritable(const std::string& path, std::string_view cause, std::string_view remedy) {
  return {Code::kUnavailable, "cannot write '" + path + "': " + one_line(cause) + "; " + std::string(remedy)};
}

Status check_header(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return unreadable(path, std::strerror(errno), "check the path and your permissions");
  }
  struct stat info = {};
  std::array<unsigned char, kHeaderBytes> header = {};
  const bool stated = fstat(fd, &info) == 0;
  const ssize_t got = stated && S_ISREG(info.st_mode) ? pread(fd, header.data(), header.size(), 0) : 0;
  ::close(fd);
  if (!stated || !S_ISREG(info.st_mode)) {
    return unreadable(path, "it is not a regular file", "name a *.stepscope file");
  }
  if (info.st_size == 0) {
    return unreadable(path, "the file is empty", "take a complete copy or record again");
  }
  constexpr char kMagic[] = "SQLite format 3";
  if (got != static_cast<ssize_t>(header.size()) || std::memcmp(header.data(), kMagic, sizeof(kMagic)) != 0 ||
      big_endian(&header[68], 4) != kApplicationId) {
    return unreadable(path, "it is not a stepscope recording",
                      "name a *.stepscope file that `stepscope record` wrote");
  }
  const uint32_t version = big_endian(&header[60], 4);
  if (version >> 16 > kFormatMajor) {
    return unreadable(path,
                      "it has format version " + std::to_string(version >> 16) + "." +
                          std::to_string(version & 0xffff) + ", newer than the " +
                          std::to_string(kFormatMajor) + ".x this stepscope reads",
                      "update stepscope");
  }
  if (version >> 16 < 1) {
    return damaged(path, "no format version");
  }
  const uint32_t page_bytes = big_endian(&header[16], 2) == 1 ? 65536 : big_endian(&header[16], 2);
  const uint64_t expected = uint64_t{page_bytes} * big_endian(&header[28], 4);
  if (static_cast<uint64_t>(info.st_size) < expected) {
    return unreadable(path,
                      "the file is cut off after " + std::to_string(info.st_size) + " of " +
                          std::to_string(expected) + " bytes",
                      "take a complete copy or record again");
  }
  return {};
}

void RowDigest::add(int64_t value) {
  auto bits = static_cast<uint64_t>(value);
  for (int i = 0; i < 8; ++i) {
    hash_ = (hash_ ^ (bits & 0xff)) * 0x100000001b3U;
    bits >>= 8;
  }
}

void RowDigest::add(std::string_view text) {
  add(static_cast<int64_t>(text.size()));
  for (const char c : text) {
    hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
}

}  // namespace stepscope::trace
