// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cuda_calls.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace stepscope::analysis {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

CallClass classify_call(std::string_view name) {
  struct Row {
    std::string_view start;
    CallClass call;
  };
  // By how a name goes on after "cuda", "cu" or "hip"; first match wins.
  static constexpr Row kRows[] = {
      {"Launch", CallClass::kLaunch},        {"GraphLaunch", CallClass::kLaunch},
      {"Malloc", CallClass::kAlloc},         {"Free", CallClass::kAlloc},
      {"HostAlloc", CallClass::kAlloc},      {"HostRegister", CallClass::kAlloc},
      {"HostUnregister", CallClass::kAlloc}, {"MemAlloc", CallClass::kAlloc},
      {"MemFree", CallClass::kAlloc},        {"MemHost", CallClass::kAlloc},
      {"MemCreate", CallClass::kAlloc},      {"MemRelease", CallClass::kAlloc},
      {"MemMap", CallClass::kAlloc},         {"MemUnmap", CallClass::kAlloc},
      {"MemAddress", CallClass::kAlloc},     {"MemSetAccess", CallClass::kAlloc},
      {"MemPool", CallClass::kAlloc},        {"ModuleLoad", CallClass::kCompile},
      {"LibraryLoad", CallClass::kCompile},  {"LinkComplete", CallClass::kCompile},
      {"LinkAdd", CallClass::kCompile},      {"ModuleLaunch", CallClass::kLaunch},
      {"ExtLaunch", CallClass::kLaunch},     {"ExtModuleLaunch", CallClass::kLaunch},
  };
  const bool hip = name.starts_with("hip");
  if (!hip && !name.starts_with("cu")) {
    return CallClass::kOther;
  }
  if (contains(name, "Synchronize")) {
    return CallClass::kSync;
  }
  const std::string_view rest = name.substr(name.starts_with("cuda") ? 4 : hip ? 3 : 2);
  if ((rest.starts_with("Memcpy")) && !contains(rest, "Async")) {
    return CallClass::kSync;
  }
  const auto* const row = std::find_if(std::begin(kRows), std::end(kRows),
                                       [rest](const Row& one) { return rest.starts_with(one.start); });
  return row == std::end(kRows) ? CallClass::kOther : row->call;
}

bool says_compile(std::string_view range_name) {
  std::string text(range_name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const size_t compile = text.find("compile");
  const bool compiled = compile != std::string::npos && text.substr(compile).starts_with("compiled");
  return (compile != std::string::npos && !compiled) || contains(text, "autotun") || contains(text, "dynamo");
}

}  // namespace stepscope::analysis
