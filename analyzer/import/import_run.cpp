// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/import_run.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "analyzer/import/byte_source.hpp"
#include "analyzer/import/importer.hpp"
#include "trace/recording_builder.hpp"

namespace stepscope::analysis {
namespace {

namespace fs = std::filesystem;
using importing::ByteSource;
using importing::Importer;
using importing::ImportFacts;
using trace::Code;
using trace::Result;
using trace::Status;

constexpr size_t kLongestStem = 160;

// "dir/rank-0.pt.trace.json.gz" -> "rank-0": what is left without the endings of traces, in letters safe for a name.
std::string stem_of(const std::string& path) {
  std::string stem = fs::path(path).filename().string();
  for (bool cut = true; cut;) {
    cut = false;
    for (const std::string_view ending : {".gz", ".json", ".trace", ".pt", ".sqlite"}) {
      if (stem.size() > ending.size() && stem.ends_with(ending)) {
        stem.resize(stem.size() - ending.size());
        cut = true;
      }
    }
  }
  stem.resize(std::min(stem.size(), kLongestStem));
  for (char& c : stem) {
    const bool safe =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == '=';
    c = safe ? c : '_';
  }
  return stem;
}

class RunImport : public importing::ImportOutput {
 public:
  RunImport(const std::vector<std::string>& files, const std::string& directory, const ImportOptions& options)
      : files_(files), directory_(directory), options_(options) {
    for (const std::string& file : files) {
      std::error_code error;
      const uintmax_t size = fs::file_size(file, error);
      total_bytes_ += error ? 0 : size;
    }
  }

  Result<ImportedRun> run() {
    for (index_ = 0; index_ < files_.size(); ++index_) {
      if (Status status = import_file(); !status.ok()) {
        for (const ImportedFile& file : run_.files) {
          std::error_code ignored;
          fs::remove(file.recording, ignored);
        }
        return status;
      }
    }
    return std::move(run_);
  }

  Result<trace::RecordingBuilder> begin(std::string_view part) override {
    const std::string stem = stem_of(files_[index_]) + (part.empty() ? "" : "-") + std::string(part);
    std::string name = stem;
    for (size_t number = 2; !names_.insert(name).second;
         ++number) {  // files of the same name in other folders
      name = stem;
      name.append("-").append(std::to_string(number));
    }
    path_ = directory_ + "/" + name + ".stepscope";
    return trace::RecordingBuilder::create(path_);
  }

  // A file that does not say its rank has that of its place on the list.
  Status finish(trace::RecordingBuilder& builder, const ImportFacts& facts) override {
    ImportedFile file;
    file.input = files_[index_];
    file.recording = path_;
    file.format = facts.format;
    file.rank = facts.rank >= 0 ? facts.rank : static_cast<int32_t>(run_.files.size());
    file.events = facts.events;
    file.rows = facts.rows;
    file.damaged = facts.damaged;
    const auto [same, fresh] = file_of_rank_.emplace(file.rank, index_);
    if (!fresh) {
      return {Code::kUsage, "'" + files_[same->second] + "' and '" + file.input + "' are both of rank " +
                                std::to_string(file.rank) + "; import each into a run of its own"};
    }
    const auto given = static_cast<int64_t>(files_.size());
    const int64_t world = facts.world_size > 0 ? facts.world_size : given;
    const int64_t missing = run_.files.empty() && facts.rank >= 0 ? world - given : 0;
    builder.add_loss("import.rank_unknown", facts.rank >= 0 || world == 1 ? 0 : 1);
    builder.add_loss("import.missing_ranks", static_cast<uint64_t>(std::max<int64_t>(0, missing)));
    builder.set_meta("process.role", "main");
    builder.set_meta("process.rank", std::to_string(file.rank));
    builder.set_meta("process.world_size", std::to_string(world));
    // Times of two traces have each their own zero: only their wall clocks say how they lie to each other.
    builder.set_meta("process.boot_id", "import-" + std::to_string(index_));
    builder.set_meta("import.source", fs::path(file.input).filename().string());
    builder.set_meta("import.format", file.format);
    if (Status status = builder.finish(); !status.ok()) {
      return status;
    }
    run_.files.push_back(std::move(file));
    return {};
  }

  void progress() override {
    if (options_.progress && source_ != nullptr) {
      options_.progress(done_bytes_ + source_->position_bytes(), total_bytes_);
    }
  }

 private:
  Status import_file() {
    Result<ByteSource> source = ByteSource::open(files_[index_]);
    if (!source.ok()) {
      return source.status();
    }
    const auto formats = importing::importers();
    const auto importer = std::find_if(formats.begin(), formats.end(), [&source](const Importer& one) {
      return one.recognises(source.value().head());
    });
    if (importer == formats.end()) {
      return {Code::kUnreadable,
              "cannot import '" + files_[index_] +
                  "': its content is of no known format; name a trace of torch.profiler "
                  "(*.json, *.json.gz), an SQLite export of Nsight Systems or a flight recorder's JSON"};
    }
    source_ = &source.value();
    Status status = importer->read(source.value(), *this);
    source_ = nullptr;
    done_bytes_ += source.value().size_bytes();
    return status;
  }

  const std::vector<std::string>& files_;
  const std::string& directory_;
  const ImportOptions& options_;
  size_t index_ = 0;  // of the file at hand
  ByteSource* source_ = nullptr;
  std::string path_;  // of the recording at hand
  std::set<std::string> names_;
  uint64_t total_bytes_ = 0;
  uint64_t done_bytes_ = 0;
  std::map<int32_t, size_t> file_of_rank_;
  ImportedRun run_;
};

}  // namespace

Result<ImportedRun> import_run(const std::vector<std::string>& files, const std::string& directory,
                               const ImportOptions& options) {
  if (files.empty()) {
    return Status(Code::kUsage, "no trace to import; name one or more files");
  }
  return RunImport(files, directory, options).run();
}

}  // namespace stepscope::analysis
