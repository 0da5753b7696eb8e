// SPDX-License-Identifier: Apache-2.0
//
// How large the interface is drawn. Two factors of the system say the same thing in different places: the content scale
// (of the monitor; X11 and Windows leave enlarging to the program) and the framebuffer scale (pixels per unit of the
// window; Wayland and macOS have enlarged already). Only what the framebuffer does not do is left for us. Pure.
#pragma once

namespace stepscope::viewer {

struct InterfaceScale {
  float unit = 1;     // window units per unit of the design: every size is multiplied by it
  float density = 1;  // framebuffer pixels per window unit: letters are rasterised that much larger
};

// `wanted`: --scale, 0 = what the system says. `user`: the user's larger or smaller text.
[[nodiscard]] InterfaceScale interface_scale(float content, float framebuffer, float wanted, float user);

}  // namespace stepscope::viewer
