// SPDX-License-Identifier: Apache-2.0
// A batch says how many tokens it has by its shape, or nothing at all.
#include "collector/sources/python/batch_tokens.hpp"

#include <gtest/gtest.h>

#include "collector/sources/python/interpreter.hpp"

#include "toy_interpreter.hpp"

namespace stepscope::collector::python {
namespace {

class BatchTokens : public ::testing::Test {
 protected:
  BatchTokens() {
    EXPECT_TRUE(set_interpreter(&toy_interpreter()));
    g_raised = nullptr;
    ids_.attributes = {{"shape", &shape_}};
    batch_.items = {&ids_};
    encoding_.attributes = {{"data", &batch_}};
    encoding_type_.attributes = {{"__name__", &encoding_name_}};
  }

  int64_t tokens(ToyObject& batch) {
    const int64_t found = tokens_of(&own_, &batch);
    EXPECT_EQ(g_raised, nullptr);
    EXPECT_EQ(ids_.references, 1);
    EXPECT_EQ(shape_.references, 1);
    return found;
  }

  ToyObject tensor_type_, dict_type_, encoding_type_;
  ToyObject names_[3] = {{.type = ToyType::kName, .name = "input_ids"},
                         {.type = ToyType::kName, .name = "shape"},
                         {.type = ToyType::kName, .name = "__name__"}};
  ToyObject encoding_name_{.type = ToyType::kName, .name = "BatchEncoding"};
  ToyObject data_name_{.type = ToyType::kName, .name = "data"};
  ToyObject collate_{.type = ToyType::kFunction};
  ToyObject own_{.type = ToyType::kTuple,
                 .items = {&collate_, &tensor_type_, &dict_type_, &names_[0], &names_[1], &names_[2],
                           &encoding_name_, &data_name_}};
  ToyObject rows_{.number = 8}, columns_{.number = 512};
  ToyObject shape_{.type = ToyType::kTuple, .items = {&rows_, &columns_}};
  ToyObject ids_{.type = ToyType::kInstance, .its_type = &tensor_type_};
  ToyObject batch_{.type = ToyType::kInstance, .its_type = &dict_type_};
  ToyObject encoding_{.type = ToyType::kInstance, .its_type = &encoding_type_};
};

TEST_F(BatchTokens, AreRowsTimesColumns) {
  EXPECT_EQ(tokens(batch_), 8 * 512);
}

TEST_F(BatchTokens, AreThoseOfTheDictInsideAnEncoding) {
  EXPECT_EQ(tokens(encoding_), 8 * 512);
  batch_.its_type = &g_other_type;  // a dict with code of its own
  EXPECT_EQ(tokens(encoding_), 0);
}

TEST_F(BatchTokens, AreNotGuessed) {
  shape_.items = {&rows_, &columns_, &rows_};
  EXPECT_EQ(tokens(batch_), 0);
  shape_.items = {&rows_, &columns_};
  ids_.its_type = &g_other_type;  // a subclass of tensors could run code
  EXPECT_EQ(tokens(batch_), 0);
  ids_.its_type = &tensor_type_;
  batch_.items.clear();  // no input_ids
  EXPECT_EQ(tokens(batch_), 0);
  ToyObject tuple{.type = ToyType::kTuple, .items = {&ids_}};
  EXPECT_EQ(tokens(tuple), 0);
}

TEST_F(BatchTokens, AreNotAskedForWithoutAFramework) {
  own_.items.resize(1);
  EXPECT_EQ(tokens(batch_), 0);
}

}  // namespace
}  // namespace stepscope::collector::python
