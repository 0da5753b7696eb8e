// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/frame_rate.hpp"

namespace stepscope::viewer {

bool is_remote_display(std::string_view display) {
  const size_t colon = display.rfind(':');
  if (colon == std::string_view::npos || display.starts_with('/')) {  // a path is a socket of this machine
    return false;
  }
  const std::string_view host = display.substr(0, colon);
  return !host.empty() && host != "unix" && !host.starts_with("unix/");
}

}  // namespace stepscope::viewer
