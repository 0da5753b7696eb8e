// SPDX-License-Identifier: Apache-2.0
#include "collector/open_devices.hpp"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "collector/text.hpp"

namespace stepscope::collector {

int count_open_verbs_devices() noexcept {
  DIR* descriptors = opendir("/proc/self/fd");
  if (descriptors == nullptr) {
    return -1;
  }
  int count = 0;
  while (const dirent* entry = readdir(descriptors)) {
    char target[256];
    const ssize_t length = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof(target) - 1);
    if (length > 0) {
      target[length] = '\0';
      count += strstr(target, "/infiniband/uverbs") != nullptr ? 1 : 0;
    }
  }
  closedir(descriptors);
  return count;
}

}  // namespace stepscope::collector
