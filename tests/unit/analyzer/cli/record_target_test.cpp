// SPDX-License-Identifier: Apache-2.0
#include "analyzer/cli/record_target.hpp"

#include <elf.h>
#include <sys/stat.h>

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace stepscope::analysis::cli {
namespace {

using ::testing::HasSubstr;
using testing::read_bytes;
using testing::TempDir;
using testing::write_bytes;

std::string elf_header() {
  std::string bytes = read_bytes("/proc/self/exe").substr(0, sizeof(Elf64_Ehdr));
  Elf64_Ehdr header{};
  memcpy(&header, bytes.data(), sizeof header);
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

// An ELF file whose one program header names `interpreter`.
std::string elf_with_interpreter(const std::string& interpreter) {
  Elf64_Phdr segment{};
  segment.p_type = PT_INTERP;
  segment.p_offset = sizeof(Elf64_Ehdr) + sizeof segment;
  segment.p_filesz = interpreter.size() + 1;
  std::string bytes = elf_header();
  bytes.append(reinterpret_cast<const char*>(&segment), sizeof segment);
  return bytes + interpreter + '\0';
}

class Target : public ::testing::Test {
 protected:
  RecordTarget inspect(const std::string& content) {
    write_bytes(dir_.file("program"), content);
    return inspect_target(dir_.file("program"));
  }
  TempDir dir_;
};

TEST_F(Target, AnOrdinaryProgramCanBeRecorded) {
  EXPECT_EQ(inspect_target("/proc/self/exe").loadable, Loadable::kYes);
  EXPECT_EQ(inspect(elf_with_interpreter("/lib64/ld-linux-x86-64.so.2")).loadable, Loadable::kYes);
}

TEST_F(Target, AMuslProgramMustNotGetOurLibrary) {
  const RecordTarget target = inspect(elf_with_interpreter("/lib/ld-musl-x86_64.so.1"));
  EXPECT_EQ(target.loadable, Loadable::kForeignAbi);
  EXPECT_THAT(target.reason, HasSubstr("musl"));
}

TEST_F(Target, AStaticProgramHasNoLoader) {
  std::string bytes = elf_with_interpreter("x");
  bytes[sizeof(Elf64_Ehdr)] = PT_LOAD;
  EXPECT_EQ(inspect(bytes).loadable, Loadable::kStatic);
}

TEST_F(Target, AnotherWordSizeIsForeign) {
  std::string bytes = elf_with_interpreter("/lib/ld-linux.so.2");
  bytes[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(inspect(bytes).loadable, Loadable::kForeignAbi);
}

TEST_F(Target, ScriptsAreJudgedByTheirInterpreter) {
  write_bytes(dir_.file("musl"), elf_with_interpreter("/lib/ld-musl-x86_64.so.1"));
  EXPECT_EQ(inspect("#!" + dir_.file("musl") + " -x\n").loadable, Loadable::kForeignAbi);
  EXPECT_EQ(inspect("#! /bin/sh\n").loadable, Loadable::kYes);
  EXPECT_EQ(inspect("#!/usr/bin/env -S FOO=1 sh -e\n").loadable, Loadable::kYes);
  EXPECT_EQ(inspect("#!/no/such/interpreter\n").loadable, Loadable::kYes);
}

TEST_F(Target, AScriptThatNamesItselfComesToAnEnd) {
  EXPECT_EQ(inspect("#!" + dir_.file("program") + "\n").loadable, Loadable::kYes);
}

TEST_F(Target, AnySortOfFileIsJudgedWithoutHarm) {
  for (const std::string& content : {std::string(), std::string("\x7f"), std::string("#!"),
                                     std::string("\x7f"
                                                 "ELF"),
                                     elf_header(), std::string(5000, 'x')}) {
    static_cast<void>(inspect(content));
  }
  std::string endless = elf_header();
  endless[offsetof(Elf64_Ehdr, e_phnum)] = '\xff';
  endless[offsetof(Elf64_Ehdr, e_phnum) + 1] = '\xff';
  EXPECT_EQ(inspect(endless).loadable, Loadable::kStatic);
  EXPECT_EQ(inspect_target("/no/such/file").loadable, Loadable::kYes);
  EXPECT_EQ(inspect_target("/tmp").loadable, Loadable::kYes);
}

}  // namespace
}  // namespace stepscope::analysis::cli
