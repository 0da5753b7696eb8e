// SPDX-License-Identifier: Apache-2.0
#include "tests/gui/x_relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace stepscope::viewer {
namespace {

constexpr int kFirstPort = 6000;  // of display 0
constexpr size_t kChunk = 16384;

size_t padded(size_t bytes) {
  return (bytes + 3) / 4 * 4;
}

// Little-endian, as every machine that these tests run on sends it.
uint32_t number_at(const std::vector<uint8_t>& bytes, size_t at, size_t size) {
  uint32_t value = 0;
  std::memcpy(&value, &bytes[at], size);
  return value;
}

int connect_unix(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(path.begin(), std::min(path.size(), sizeof(address.sun_path) - 1), address.sun_path);
  if (fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return fd;
  }
  close(fd);
  return -1;
}

bool write_all(int fd, const uint8_t* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = send(fd, bytes, size, MSG_NOSIGNAL);
    if (written <= 0) {
      return false;
    }
    bytes += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

}  // namespace

// --- PictureCounter ---

size_t PictureCounter::head_size() const {
  if (!greeted_) {
    return 12;
  }
  // A length of 0 says that the true one follows in 4 bytes.
  return head_.size() >= 4 && number_at(head_, 2, 2) == 0 ? 8 : 4;
}

void PictureCounter::begin() {
  if (!greeted_) {
    greeted_ = true;
    skip_ = padded(number_at(head_, 6, 2)) + padded(number_at(head_, 8, 2));
  } else {
    constexpr uint8_t kPutImage = 72;
    const bool large = head_.size() == 8;
    const uint64_t size = uint64_t{4} * (large ? number_at(head_, 4, 4) : number_at(head_, 2, 2));
    pictures_ += head_[0] == kPutImage ? 1U : 0U;
    skip_ = size > head_.size() ? size - head_.size() : 0;
  }
  head_.clear();
}

uint64_t PictureCounter::feed(const uint8_t* bytes, size_t size) {
  const uint64_t before = pictures_;
  while (size > 0) {
    const size_t skipped = std::min<uint64_t>(size, skip_);
    skip_ -= skipped;
    bytes += skipped;
    size -= skipped;
    if (size > 0) {
      head_.push_back(*bytes++);
      --size;
      if (head_.size() == head_size()) {
        begin();
      }
    }
  }
  return pictures_ - before;
}

// --- XRelay ---

struct XRelay::Line {
  int program = -1;
  int server = -1;
  PictureCounter pictures;
};

XRelay::XRelay(double bytes_per_second) : bytes_per_second_(bytes_per_second) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int number = 40; number < 140 && number_ < 0; ++number) {
    address.sin_port = htons(static_cast<uint16_t>(kFirstPort + number));
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      number_ = number;
    }
  }
  listen(listener_, 8);
}

XRelay::~XRelay() {
  stop_ = true;
  if (thread_.joinable()) {
    thread_.join();
  }
  close(listener_);
}

std::string XRelay::name() const {
  return "localhost:" + std::to_string(number_) + ".0";
}

void XRelay::connect_to(const std::string& display) {
  const size_t colon = display.rfind(':') + 1;
  thread_ =
      std::thread([this, server = "/tmp/.X11-unix/X" + display.substr(colon, display.find('.', colon) -
                                                                                 colon)] { serve(server); });
}

XRelay::Sent XRelay::sent() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return sent_;
}

bool XRelay::wait_until_quiet() const {
  using std::chrono::milliseconds;
  for (int i = 0; i < 400; ++i) {
    const Sent now = sent();
    if (now.pictures > 0 && Clock::now() - now.last > milliseconds(500)) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(50));
  }
  return false;
}

// From the program to the server, no faster than the line.
bool XRelay::forward(Line& line) {
  std::array<uint8_t, kChunk> chunk{};
  const ssize_t got = recv(line.program, chunk.data(), chunk.size(), 0);
  if (got <= 0) {
    return false;
  }
  const auto size = static_cast<size_t>(got);
  const auto taken = std::chrono::duration<double>(static_cast<double>(size) / bytes_per_second_);
  free_from_ = std::max(free_from_, Clock::now()) + std::chrono::duration_cast<Clock::duration>(taken);
  std::this_thread::sleep_until(free_from_);
  const uint64_t pictures = line.pictures.feed(chunk.data(), size);
  if (!write_all(line.server, chunk.data(), size)) {
    return false;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  sent_.bytes += size;
  sent_.pictures += pictures;
  sent_.last = Clock::now();
  return true;
}

void XRelay::serve(const std::string& server) {
  std::vector<Line> lines;
  const auto back = [](const Line& line) {
    std::array<uint8_t, kChunk> chunk{};
    const ssize_t got = recv(line.server, chunk.data(), chunk.size(), 0);
    return got > 0 && write_all(line.program, chunk.data(), static_cast<size_t>(got));
  };
  while (!stop_) {
    std::vector<pollfd> watched{{listener_, POLLIN, 0}};
    for (const Line& line : lines) {
      watched.push_back({line.program, POLLIN, 0});
      watched.push_back({line.server, POLLIN, 0});
    }
    poll(watched.data(), watched.size(), 50);
    for (size_t i = lines.size(); i-- > 0;) {
      const bool asks = (watched[1 + 2 * i].revents & (POLLIN | POLLHUP)) != 0;
      const bool answers = (watched[2 + 2 * i].revents & (POLLIN | POLLHUP)) != 0;
      if ((answers && !back(lines[i])) || (asks && !forward(lines[i]))) {
        close(lines[i].program);
        close(lines[i].server);
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    if ((watched[0].revents & POLLIN) != 0) {
      Line line;
      line.program = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      line.server = connect_unix(server);
      lines.push_back(std::move(line));
    }
  }
  for (const Line& line : lines) {
    close(line.program);
    close(line.server);
  }
}

}  // namespace stepscope::viewer
