// SPDX-License-Identifier: Apache-2.0
#include "trace/finalize.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

#include "trace/output_file.hpp"
#include "trace/recording.hpp"
#include "trace/recording_builder.hpp"
#include "trace/schema.hpp"
#include "trace/spool_input.hpp"
#include "trace/spool_reader.hpp"

namespace stepscope::trace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSpoolSuffix = ".spool";
constexpr std::string_view kRingSuffix = ".ring";
constexpr std::string_view kRecordingSuffix = ".stepscope";
constexpr std::string_view kSnapshot =
    "spool.snapshot";  // loss counter of a recording made while the process lived

// Finalizers of one directory take turns: one that removed a spool and not yet its ring must not be met by another, which
// would take the ring for all there is. Where the file system has no locks, the lock on PATH.tmp still keeps writers apart.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::string& directory)
      : fd_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    while (fd_ >= 0 && flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  ~DirectoryLock() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }

 private:
  int fd_;
};

// Hands a spool over to a builder. String ids stay as they are.
class Transfer : public SpoolVisitor {
 public:
  Transfer(RecordingBuilder& builder, const std::function<bool()>& cancelled)
      : builder_(builder), cancelled_(cancelled) {}

  void on_string(uint32_t id, std::string_view text) override { builder_.set_string(id, text); }
  void on_lane(const LaneDecl& lane) override { builder_.add_lane(lane); }
  void on_meta(std::string_view key, std::string_view value) override { builder_.set_meta(key, value); }
  void on_anchor(const ClockAnchor& anchor) override { builder_.add_anchor(anchor); }
  void on_loss(std::string_view counter, uint64_t count) override { builder_.add_loss(counter, count); }
  void on_log(int64_t time_ns, std::string_view text) override { builder_.add_log(time_ns, text); }
  Status on_events(const EventBlock& block) override {
    if (cancelled_ && cancelled_()) {
      return {Code::kUsage, "cancelled"};
    }
    if (find_kind(static_cast<uint16_t>(block.kind)) == nullptr) {
      builder_.add_loss("spool.unknown_kind." + std::to_string(static_cast<unsigned>(block.kind)),
                        block.rows);
      return {};
    }
    return builder_.add_block(block);
  }

 private:
  RecordingBuilder& builder_;
  const std::function<bool()>& cancelled_;
};

// BASEs of the spools in a directory, ascending.
std::set<std::string> find_bases(const std::string& directory) {
  std::set<std::string> bases;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string path = entry->path().string();
    for (const std::string_view suffix : {kSpoolSuffix, kRingSuffix}) {
      if (path.ends_with(suffix)) {
        bases.insert(path.substr(0, path.size() - suffix.size()));
      }
    }
  }
  return bases;
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// A finalize that was interrupted while it removed its inputs leaves the ring alone beside a complete recording.
bool only_cleanup_is_left(const std::string& base) {
  const std::string recording_path = base + std::string(kRecordingSuffix);
  if (exists(base + std::string(kSpoolSuffix)) || !exists(recording_path)) {
    return false;
  }
  const Result<Recording> recording = Recording::open(recording_path);
  if (!recording.ok()) {
    return false;
  }
  const std::span<const Loss> losses = recording.value().losses();
  return std::none_of(losses.begin(), losses.end(),
                      [](const Loss& loss) { return loss.counter == kSnapshot; });
}

Status remove_inputs(const std::string& base) {
  // The spool first: only_cleanup_is_left() relies on it.
  for (const std::string_view suffix : {kSpoolSuffix, kRingSuffix}) {
    const std::string path = base + std::string(suffix);
    std::error_code error;
    fs::remove(path, error);
    if (error) {
      return {Code::kUnavailable, "cannot remove '" + path + "': " + error.message() +
                                      "; the recording is complete, remove the file yourself"};
    }
  }
  return {};
}

Status finalize_base(const std::string& base, const FinalizeOptions& options, FinalizeResult& result) {
  if (!options.allow_running && is_being_recorded(base)) {
    result.still_running.push_back(base);
    return {};
  }
  const std::string path = base + std::string(kRecordingSuffix);
  if (!options.keep_spool && only_cleanup_is_left(base)) {
    result.recordings.push_back(path);
    return remove_inputs(base);
  }
  Result<RecordingBuilder> builder = RecordingBuilder::create(path);
  if (!builder.ok()) {
    return builder.status();
  }
  Transfer transfer(builder.value(), options.cancelled);
  const Result<SpoolSummary> summary = read_spool(base, transfer);
  if (!summary.ok()) {
    return summary.status();
  }
  const bool alive = summary.value().writer_alive;
  builder.value().add_loss("spool.torn_bytes", summary.value().torn_bytes);
  builder.value().add_loss(kSnapshot, alive ? 1 : 0);
  builder.value().add_loss("spool.unclean_end", alive || summary.value().clean_end ? 0 : 1);
  for (const auto& [key, value] : options.extra_meta) {
    builder.value().set_meta(key, value);
  }
  if (const Status finished = builder.value().finish(); !finished.ok()) {
    return finished;
  }
  result.recordings.push_back(path);
  return alive || options.keep_spool ? Status() : remove_inputs(base);
}

}  // namespace

bool is_being_recorded(const std::string& base) {
  for (const std::string_view suffix : {kSpoolSuffix, kRingSuffix}) {
    spool::InputFile file;
    if (file.open(base + std::string(suffix)) == 0 && file.is_locked()) {
      return true;
    }
  }
  return false;
}

Result<FinalizeResult> finalize(const std::string& path, const FinalizeOptions& options) {
  std::error_code ignored;
  const bool is_directory = fs::is_directory(path, ignored);
  const std::string directory = is_directory                       ? path
                                : fs::path(path).has_parent_path() ? fs::path(path).parent_path().string()
                                                                   : ".";
  const DirectoryLock lock(directory);
  std::set<std::string> bases;
  if (is_directory) {
    bases = find_bases(path);
  } else if (path.ends_with(kSpoolSuffix) || path.ends_with(kRingSuffix)) {
    bases.insert(path.substr(0, path.rfind('.')));
  } else {
    return unreadable(path,
                      exists(path) ? "it is neither a directory nor a spool" : "no such file or directory",
                      "name a run directory or a *.spool file");
  }
  FinalizeResult result;
  for (const std::string& base : bases) {
    if (options.progress) {
      options.progress(result.recordings.size() + result.still_running.size() + result.problems.size(),
                       bases.size());
    }
    const bool stop = options.cancelled && options.cancelled();
    const Status status = stop ? Status(Code::kUsage, "cancelled") : finalize_base(base, options, result);
    if (status.code() == Code::kUsage) {
      return Status(Code::kUsage, path + ": finalizing was cancelled");
    }
    if (!status.ok() && !is_directory) {
      return status;
    }
    if (!status.ok()) {
      result.problems.push_back(status);
    }
  }
  if (options.progress) {
    options.progress(bases.size(), bases.size());
  }
  return result;
}

bool needs_finalize(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) && !find_bases(path).empty();
}

}  // namespace stepscope::trace
