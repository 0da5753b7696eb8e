// SPDX-License-Identifier: Apache-2.0
//
// close_cut_json: what is whole of a JSON document that ends in the middle. Internal to analyzer/import.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stepscope::analysis::importing {

// The document up to the last value that is complete among the members of its outermost object and among the elements or members
// of these, with what is open closed: {"a": [{"b": 1}, {"b": 2  becomes {"a": [{"b": 1}]}. What was begun and did not end is
// left out as a whole, however much of it there is. nullopt: the text is no object, does not end too early, or its
// brackets contradict each other. The result may still be no JSON: only strings and brackets were looked at. O(n).
[[nodiscard]] std::optional<std::string> close_cut_json(std::string_view text);

}  // namespace stepscope::analysis::importing
