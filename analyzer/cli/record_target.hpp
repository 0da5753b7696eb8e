// SPDX-License-Identifier: Apache-2.0
//
// Can a library be preloaded into this command? Read from the file, before anything runs.
#pragma once

#include <string>

namespace stepscope::analysis::cli {

enum class Loadable {
  kYes,
  kStatic,      // no dynamic loader: the command itself stays unrecorded, what it starts may be recorded
  kSetuid,      // the loader ignores LD_PRELOAD; as above
  kForeignAbi,  // musl, another word size or machine: the library must not be offered, it would break the command
};

struct RecordTarget {
  Loadable loadable = Loadable::kYes;
  std::string reason;  // for people, when not kYes: "./tool is statically linked"
};

// `path`: what execvp would run. Follows #! lines, also through /usr/bin/env. A file that cannot be read counts as
// loadable: running it will tell.
[[nodiscard]] RecordTarget inspect_target(const std::string& path);

}  // namespace stepscope::analysis::cli
