// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/record_target.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analyzer/cli/locate.hpp"

namespace stepscope::analysis::cli {
namespace {

constexpr int kMostInterpreters = 5;  // the kernel follows as many #! lines
constexpr size_t kFirstLine = 256;    // and reads as much of each
constexpr size_t kMostProgramHeaders = 512;

class File {
 public:
  explicit File(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) {
      close(fd_);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  [[nodiscard]] bool is_setuid() const {
    struct stat info {};
    return fstat(fd_, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & (S_ISUID | S_ISGID)) != 0 &&
           info.st_uid != geteuid();
  }
  // True when all `size` bytes were there.
  bool read_at(uint64_t offset, void* out, size_t size) const {
    return pread(fd_, out, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
  }
  [[nodiscard]] std::string head(size_t size) const {
    std::string text(size, '\0');
    const ssize_t got = pread(fd_, text.data(), size, 0);
    text.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return text;
  }

 private:
  int fd_;
};

// The program that a "#!" line asks for; nullopt when there is no such line.
std::optional<std::string> interpreter_of_script(std::string_view head) {
  if (!head.starts_with("#!")) {
    return std::nullopt;
  }
  std::istringstream line(std::string(
      head.substr(2, head.find('\n') == std::string_view::npos ? head.npos : head.find('\n') - 2)));
  std::string program;
  line >> program;
  if (!program.ends_with("/env")) {
    return program;
  }
  std::string word;
  while (line >> word) {
    const bool assignment = word.find('=') != std::string::npos;
    if (word.front() != '-' && !assignment) {
      return find_on_path(word);
    }
  }
  return program;
}

RecordTarget inspect_elf(const File& file, const Elf64_Ehdr& header, const std::string& path) {
  Elf64_Ehdr own{};
  const bool have_own = File("/proc/self/exe").read_at(0, &own, sizeof own);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || (have_own && header.e_machine != own.e_machine)) {
    return {Loadable::kForeignAbi, fmt::format("{} is built for another machine or word size", path)};
  }
  const size_t count = std::min<size_t>(header.e_phnum, kMostProgramHeaders);
  for (size_t i = 0; i < count; ++i) {
    Elf64_Phdr segment{};
    if (!file.read_at(header.e_phoff + i * header.e_phentsize, &segment, sizeof segment)) {
      break;
    }
    if (segment.p_type != PT_INTERP) {
      continue;
    }
    std::array<char, 256> interpreter{};
    static_cast<void>(file.read_at(segment.p_offset, interpreter.data(),
                                   std::min<uint64_t>(segment.p_filesz, interpreter.size() - 1)));
    if (std::string_view(interpreter.data()).find("ld-musl") != std::string_view::npos) {
      return {Loadable::kForeignAbi,
              fmt::format("{} is linked against musl, libstepscope.so against glibc", path)};
    }
    return {};
  }
  return {Loadable::kStatic, fmt::format("{} is statically linked", path)};
}

}  // namespace

RecordTarget inspect_target(const std::string& path) {
  std::string current = path;
  for (int depth = 0; depth <= kMostInterpreters; ++depth) {
    const File file(current);
    if (!file.ok()) {
      return {};
    }
    Elf64_Ehdr header{};
    if (file.read_at(0, &header, sizeof header) && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0) {
      // A setuid bit that changes nothing (root running root's program) does not stop the loader.
      return file.is_setuid()
                 ? RecordTarget{Loadable::kSetuid, fmt::format("{} runs as another user", current)}
                 : inspect_elf(file, header, current);
    }
    const std::optional<std::string> interpreter = interpreter_of_script(file.head(kFirstLine));
    if (!interpreter.has_value() || interpreter->empty()) {
      return {};
    }
    current = *interpreter;
  }
  return {};
}

}  // namespace stepscope::analysis::cli
