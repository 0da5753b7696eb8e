// SPDX-License-Identifier: Apache-2.0
#include "analyzer/import/byte_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <zlib.h>

namespace stepscope::analysis::importing {
namespace {

using trace::Code;
using trace::Result;
using trace::Status;

constexpr size_t kInputBytes = size_t{256} << 10U;
constexpr size_t kHeadBytes = 4096;
constexpr int kGzipOnly = 16 + MAX_WBITS;  // inflateInit2: a gzip header is required

Status source_error(const std::string& path, const std::string& cause, const std::string& remedy) {
  return {Code::kUnreadable, "cannot import '" + path + "': " + cause + "; " + remedy};
}

bool is_gzip(const unsigned char* bytes, size_t size) {
  return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

}  // namespace

struct ByteSource::State {
  ~State() {
    if (inflating) {
      inflateEnd(&stream);
    }
    if (fd >= 0) {
      ::close(fd);
    }
  }

  // Bytes of the file; 0 at its end.
  Result<size_t> read_file(void* out, size_t capacity) {
    for (;;) {
      const ssize_t got = ::read(fd, out, capacity);
      if (got >= 0) {
        position += static_cast<uint64_t>(got);
        return static_cast<size_t>(got);
      }
      if (errno != EINTR) {
        return source_error(path, std::strerror(errno), "check the disk or network it lies on");
      }
    }
  }

  Status refill() {
    Result<size_t> got = read_file(input.data(), input.size());
    if (!got.ok()) {
      return got.status();
    }
    stream.next_in = input.data();
    stream.avail_in = static_cast<uInt>(got.value());
    file_ended = got.value() == 0;
    return {};
  }

  // At the end of a gzip member: true when another one follows. Whatever else follows is padding.
  Result<bool> next_member() {
    if (stream.avail_in < 2 && !file_ended) {
      const unsigned char kept = stream.avail_in == 1 ? *stream.next_in : 0;
      const size_t have = stream.avail_in;
      input[0] = kept;
      Result<size_t> got = read_file(input.data() + have, input.size() - have);
      if (!got.ok()) {
        return got.status();
      }
      stream.next_in = input.data();
      stream.avail_in = static_cast<uInt>(have + got.value());
      file_ended = got.value() == 0;
    }
    return is_gzip(stream.next_in, stream.avail_in) && inflateReset(&stream) == Z_OK;
  }

  Result<size_t> read_gzip(char* out, size_t capacity) {
    auto* const bytes = static_cast<Bytef*>(static_cast<void*>(out));
    stream.next_out = bytes;
    stream.avail_out = static_cast<uInt>(capacity);
    while (stream.avail_out > 0 && !done) {
      if (stream.avail_in == 0 && !file_ended) {
        if (Status status = refill(); !status.ok()) {
          return status;
        }
      }
      const int result = inflate(&stream, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        Result<bool> more = next_member();
        if (!more.ok()) {
          return more.status();
        }
        done = !more.value();
      } else if (stream.avail_in == 0 && file_ended && stream.avail_out > 0) {
        done = true;
        end = SourceEnd::kCut;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        done = true;
        end = SourceEnd::kDamaged;
      }
    }
    return static_cast<size_t>(stream.next_out - bytes);
  }

  // Content from behind the head.
  Result<size_t> read_content(char* out, size_t capacity) {
    return inflating ? read_gzip(out, capacity) : read_file(out, capacity);
  }

  std::string path;
  int fd = -1;
  uint64_t size = 0;
  uint64_t position = 0;
  bool inflating = false;
  bool file_ended = false;
  bool done = false;
  SourceEnd end = SourceEnd::kWhole;
  z_stream stream = {};
  std::vector<unsigned char> input;
  std::string head;
  size_t head_given = 0;
};

Result<ByteSource> ByteSource::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info = {};
  if (state->fd < 0 || fstat(state->fd, &info) != 0) {
    return source_error(path, std::strerror(errno), "check the path and your permissions");
  }
  if (!S_ISREG(info.st_mode)) {
    return source_error(path, "it is not a regular file", "name a trace file");
  }
  state->size = static_cast<uint64_t>(info.st_size);
  static_cast<void>(posix_fadvise(state->fd, 0, 0, POSIX_FADV_SEQUENTIAL));
  std::array<unsigned char, 2> magic = {};
  const ssize_t got = pread(state->fd, magic.data(), magic.size(), 0);
  if (got > 0 && is_gzip(magic.data(), static_cast<size_t>(got))) {
    if (inflateInit2(&state->stream, kGzipOnly) != Z_OK) {
      return source_error(path, "out of memory", "free some memory and repeat");
    }
    state->inflating = true;
    state->input.resize(kInputBytes);
  }
  state->head.resize(kHeadBytes);
  size_t filled = 0;
  while (filled < kHeadBytes) {
    Result<size_t> more = state->read_content(state->head.data() + filled, kHeadBytes - filled);
    if (!more.ok()) {
      return more.status();
    }
    if (more.value() == 0) {
      break;
    }
    filled += more.value();
  }
  state->head.resize(filled);
  if (filled == 0) {
    return state->inflating
               ? source_error(path, "nothing of it can be decompressed", "take an undamaged copy")
               : source_error(path, "the file is empty", "take a complete copy");
  }
  return ByteSource(std::move(state));
}

ByteSource::ByteSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

std::string_view ByteSource::head() const {
  return state_->head;
}

Result<size_t> ByteSource::read(char* out, size_t capacity) {
  State& state = *state_;
  if (state.head_given < state.head.size()) {
    const size_t count = std::min(capacity, state.head.size() - state.head_given);
    state.head.copy(out, count, state.head_given);
    state.head_given += count;
    return count;
  }
  return state.read_content(out, capacity);
}

SourceEnd ByteSource::end() const {
  return state_->end;
}
bool ByteSource::compressed() const {
  return state_->inflating;
}
const std::string& ByteSource::path() const {
  return state_->path;
}
uint64_t ByteSource::position_bytes() const {
  return state_->position;
}
uint64_t ByteSource::size_bytes() const {
  return state_->size;
}

}  // namespace stepscope::analysis::importing
