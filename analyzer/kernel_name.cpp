// SPDX-License-Identifier: Apache-2.0
#include "analyzer/kernel_name.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <span>

#include "analyzer/kernel_family.hpp"

namespace stepscope::analysis {
namespace {

void erase_all(std::string& text, std::string_view part) {
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at)) {
    text.erase(at, part.size());
  }
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// A demangled name taken apart: "ns::base" without template and call arguments, and the template arguments.
struct Parts {
  std::string base;
  std::string arguments;
};

Parts take_apart(std::string text) {
  for (const std::string_view anonymous :
       {std::string_view("(anonymous namespace)::"), std::string_view("<unnamed>::")}) {
    erase_all(text, anonymous);
  }
  Parts parts;
  int depth = 0;
  for (const char c : text) {
    if (c == '<') {
      ++depth;
    } else if (c == '>' && depth > 0) {
      --depth;
      parts.arguments += ' ';
    } else if (depth > 0) {
      parts.arguments += c;
    } else if (c == '(') {
      break;  // the call's arguments
    } else if (c == ' ') {
      parts.base.clear();  // what stood before was the return type
      parts.arguments.clear();
    } else {
      parts.base += c;
    }
    if (c == '<' && depth > 1) {
      parts.arguments += '<';
    }
  }
  return parts;
}

std::string_view last_component(std::string_view base) {
  const size_t colons = base.rfind("::");
  return colons == std::string_view::npos ? base : base.substr(colons + 2);
}

// Templates that say how, not what: what they do is the functor among their arguments.
struct Carrier {
  std::string_view component;  // last component of the name
  std::string_view shown;
};
constexpr Carrier kCarriers[] = {
    {"vectorized_elementwise_kernel", "elementwise"},
    {"unrolled_elementwise_kernel", "elementwise"},
    {"elementwise_kernel", "elementwise"},
    {"elementwise_kernel_manual_unroll", "elementwise"},
    {"elementwise_kernel_with_index", "elementwise"},
    {"unrolled_elementwise_kernel_for_multi_outputs", "elementwise"},
    {"vectorized_templated_elementwise_kernel", "elementwise"},
    {"reduce_kernel", "reduce"},
    {"multi_tensor_apply_kernel", "multi_tensor_apply"},
    {"Kernel", "cutlass"},
    {"Kernel2", "cutlass"},
    {"device_kernel", "cutlass"},
};

// Identifiers among template arguments that are not the functor.
constexpr std::string_view kNotFunctors[] = {"void",
                                             "int",
                                             "unsigned",
                                             "long",
                                             "float",
                                             "double",
                                             "bool",
                                             "char",
                                             "short",
                                             "signed",
                                             "const",
                                             "true",
                                             "false",
                                             "operator",
                                             "lambda",
                                             "instance",
                                             "Array",
                                             "array",
                                             "BinaryFunctor",
                                             "UnaryFunctor",
                                             "AUnaryFunctor",
                                             "BUnaryFunctor",
                                             "ReduceOp",
                                             "func_wrapper_t",
                                             "TensorListMetadata",
                                             "TensorListScalarListMetadata",
                                             "FusedOptimizerTensorListMetadata",
                                             "GemmKernel",
                                             "gpu_kernel_impl",
                                             "gpu_kernel_impl_nocast",
                                             "BFloat16",
                                             "Half",
                                             "complex",
                                             "opmath_gpu_kernel_with_scalars",
                                             "TensorIteratorBase",
                                             "TensorIterator",
                                             "Scalar",
                                             "OpaqueType"};

// The first identifier that is neither a type, a namespace nor plumbing.
std::string_view functor_in(std::string_view arguments) {
  for (size_t at = 0; at < arguments.size();) {
    if (!is_word(arguments[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < arguments.size() && is_word(arguments[end])) {
      ++end;
    }
    const std::string_view word = arguments.substr(at, end - at);
    const bool number = is_digit(word[0]);
    const bool space = arguments.substr(end).starts_with("::");
    const bool known =
        std::find(std::begin(kNotFunctors), std::end(kNotFunctors), word) != std::end(kNotFunctors);
    if (!number && !space && !known && !word.starts_with("enable_") && word.size() > 2) {
      return word;
    }
    at = end;
  }
  return {};
}

bool contains_tile(std::string_view token) {
  for (size_t i = 1; i + 1 < token.size(); ++i) {
    if (token[i] == 'x' && is_digit(token[i - 1]) && is_digit(token[i + 1])) {
      return true;
    }
  }
  return false;
}

// "sm80", "stage3", "v1": `prefix` and nothing but digits after it.
bool is_numbered(std::string_view token, std::string_view prefix) {
  return token.size() > prefix.size() && token.starts_with(prefix) &&
         std::all_of(token.begin() + static_cast<std::ptrdiff_t>(prefix.size()), token.end(), is_digit);
}

bool is_tuning_of_a_library(std::string_view token) {
  static constexpr std::string_view kWords[] = {
      "volta",  "turing", "ampere", "ada",     "hopper",   "blackwell", "maxwell", "pascal", "small",
      "medium", "large",  "xregs",  "execute", "interior", "kernel",    "5x",      "cublas", "coopA",
      "coopB",  "coop",   "bz",     "h",       "v",        "2cta",      "cutlass"};
  static constexpr std::string_view kNumbered[] = {"",       "sm",     "v",      "stage", "stages", "align",
                                                   "aligna", "alignb", "alignc", "ldg",   "g"};
  return std::find(std::begin(kWords), std::end(kWords), token) != std::end(kWords) ||
         token.starts_with("tilesize") || token.starts_with("warpsize") ||
         token.starts_with("warpgroupsize") ||
         (token.starts_with("tile") && token.size() > 4 && is_digit(token[4])) ||
         std::any_of(std::begin(kNumbered), std::end(kNumbered),
                     [token](std::string_view prefix) { return is_numbered(token, prefix); });
}

bool is_of_a_library(std::string_view name) {
  static constexpr std::string_view kMarks[] = {"gemm",  "xmma",  "cudnn", "cutlass_", "nvjet",
                                                "fprop", "wgrad", "dgrad", "fmha"};
  return std::any_of(std::begin(kMarks), std::end(kMarks),
                     [name](std::string_view mark) { return name.find(mark) != std::string_view::npos; });
}

std::string without_tuning(std::string_view name) {
  // Tensile: the macro tile and all parameters after it.
  name = name.starts_with("Cijk_") ? name.substr(0, name.find("_MT")) : name;
  const bool library = is_of_a_library(name);
  std::string out;
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find('_', at), name.size());
    const std::string_view token = name.substr(at, end - at);
    if (!contains_tile(token) && !(library && (token.empty() || is_tuning_of_a_library(token)))) {
      out += (out.empty() || at == 0 ? "" : "_") + std::string(token);
    }
    at = end + 1;
  }
  return out.empty() ? std::string(name) : out;
}

// Triton appends which arguments are divisible by 16 ("_0d1d2de3c") and torch.compile a number of its own ("_12").
std::string_view without_triton_suffix(std::string_view name) {
  const size_t underscore = name.rfind('_');
  if (underscore == std::string_view::npos || underscore + 1 == name.size()) {
    return name;
  }
  const std::string_view tail = name.substr(underscore + 1);
  const bool signature = tail[0] == '0' &&
                         tail.find_first_not_of("0123456789dec") == std::string_view::npos &&
                         tail.find('d') != std::string_view::npos;
  return signature ? name.substr(0, underscore) : name;
}

// "triton_poi_fused__to_copy_add_mul_12": the operations, at most kMost characters of them.
std::string triton_operations(std::string_view name) {
  constexpr size_t kMost = 32;
  constexpr std::string_view kFused = "_fused_";
  const size_t fused = name.find(kFused);
  std::string_view operations =
      fused == std::string_view::npos ? std::string_view() : name.substr(fused + kFused.size());
  while (operations.starts_with('_')) {
    operations.remove_prefix(1);
  }
  if (operations.size() > kMost) {
    const size_t cut = operations.rfind('_', kMost);
    operations = operations.substr(0, cut == std::string_view::npos ? kMost : cut);
  }
  return std::string(operations);
}

std::string_view without_number(std::string_view name) {
  const size_t underscore = name.rfind('_');
  return underscore != std::string_view::npos && is_numbered(name.substr(underscore), "_")
             ? name.substr(0, underscore)
             : name;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string normalise(const std::string& demangled) {
  if (demangled.starts_with("_Z")) {
    return demangled;  // damaged or truncated: nothing to take apart
  }
  const Parts parts = take_apart(demangled);
  const std::string_view component = last_component(parts.base);
  for (const Carrier& carrier : kCarriers) {
    if (component == carrier.component) {
      const std::string_view functor = functor_in(parts.arguments);
      return std::string(carrier.shown) + (functor.empty() ? "" : " " + without_tuning(functor));
    }
  }
  // Namespaces stay as they are; only the function's own name carries numbers.
  const std::string_view space = std::string_view(parts.base).substr(0, parts.base.size() - component.size());
  std::string out = std::string(space) + without_tuning(without_triton_suffix(component));
  return out.empty() ? demangled : out;
}

}  // namespace

std::string demangle(std::string_view raw) {
  std::string text(raw);
  if (text.ends_with(".kd")) {  // AMD's kernel descriptor
    text.resize(text.size() - 3);
  }
  if (!text.starts_with("_Z")) {
    return text;
  }
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> made(
      abi::__cxa_demangle(text.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 && made != nullptr ? std::string(made.get()) : text;
}

KernelName describe_kernel(std::string_view raw) {
  KernelName out;
  out.demangled = demangle(raw);
  if (is_communication_kernel(raw)) {
    out.family = KernelFamily::kCommunication;
    out.detail = collective_op(take_apart(out.demangled).base);
    out.normalised = "collective " + out.detail;
    return out;
  }
  if (out.demangled.starts_with("triton_")) {
    const std::string_view name = without_number(without_triton_suffix(out.demangled));
    out.family = KernelFamily::kTriton;
    out.normalised = name;
    out.detail = triton_operations(name);
    return out;
  }
  out.normalised = normalise(out.demangled);
  std::string words = lower(out.normalised);
  erase_all(words, "fbgemm_gpu::");  // a library of everything but GEMMs
  out.family = family_of_words(words);
  return out;
}

const KernelName& KernelNames::of(uint32_t name) {
  if (name >= known_.size()) {
    known_.resize(std::max<size_t>(name + 1, run_.name_count()));
  }
  if (known_[name] == nullptr) {
    known_[name] = std::make_unique<KernelName>(describe_kernel(run_.name(name)));
  }
  return *known_[name];
}

}  // namespace stepscope::analysis
