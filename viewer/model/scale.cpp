// SPDX-License-Identifier: Apache-2.0
#include "viewer/model/scale.hpp"

#include <algorithm>

namespace stepscope::viewer {

InterfaceScale interface_scale(float content, float framebuffer, float wanted, float user) {
  const float density = std::clamp(framebuffer, 1.0F, 4.0F);
  const float system = std::clamp(content / density, 0.75F, 4.0F);
  return {(wanted > 0 ? wanted : system) * user, density};
}

}  // namespace stepscope::viewer
