// SPDX-License-Identifier: Apache-2.0
#include "collector/open_devices.hpp"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "collector/text.hpp"

namespace stepscope::collector {

int count_open_verbs_devices() noexcept {
  const int error_before = errno;  // the program's
  DIR* descriptors = opendir("/proc/self/fd");
  if (descriptors == nullptr) {
    errno = error_before;
    return -1;
  }
  int count = 0;
  while (const dirent* entry = readdir(descriptors)) {
    if (entry->d_name[0] == '.') {
      continue;
    }
    char target[256];
    const ssize_t length = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof(target) - 1);
    if (length > 0) {
      target[length] = '\0';
      count += strstr(target, "/infiniband/uverbs") != nullptr ? 1 : 0;
    }
  }
  closedir(descriptors);
  errno = error_before;
  return count;
}

}  // namespace stepscope::collector
