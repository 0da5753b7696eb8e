// SPDX-License-Identifier: Apache-2.0
//
// stepscope-viewer: main prints and exits; everything else is in the library.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "viewer/app.hpp"
#include "viewer/options.hpp"

int main(int argc, char** argv) {
  using stepscope::viewer::Exit;
  try {
    stepscope::viewer::Options options;
    const std::string wrong = parse_options(std::vector<std::string>(argv + 1, argv + argc), options);
    if (!wrong.empty()) {
      std::fprintf(stderr, "stepscope-viewer: %s\n", wrong.c_str());
      return static_cast<int>(Exit::kUsage);
    }
    if (options.help || options.version) {
      std::fputs(
          options.help ? stepscope::viewer::usage_text() : "stepscope-viewer " STEPSCOPE_VERSION_TEXT "\n",
          stdout);
      return static_cast<int>(Exit::kOk);
    }
    return static_cast<int>(stepscope::viewer::run_app(options));
  } catch (const std::exception& error) {  // out of memory and the like
    std::fprintf(stderr, "stepscope-viewer: %s\n", error.what());
    return static_cast<int>(Exit::kUnreadable);
  }
}
