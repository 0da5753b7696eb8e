// SPDX-License-Identifier: Apache-2.0
#include "viewer/worker_failure.hpp"

#include <exception>
#include <new>

namespace stepscope::viewer {

std::string describe_exception(const std::string& doing) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return doing + ": memory ran out; close other programs, or open a part of the recordings";
  } catch (const std::exception& error) {
    return doing + ": " + error.what() + "; please report this with the output of 'stepscope selfcheck'";
  } catch (...) {
    return doing + ": failed for a reason that is not known; please report this";
  }
}

}  // namespace stepscope::viewer
