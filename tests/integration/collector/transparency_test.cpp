// SPDX-License-Identifier: Apache-2.0
//
// Twenty ordinary programs do exactly the same with and without the collector: output, error output, exit code, signal.
#include "tests/integration/collector/collector_test.hpp"

namespace stepscope::testing {
namespace {

struct Program {
  const char* name;
  std::vector<std::string> command;
};

// A program that gains privileges when it starts. For root none does: become somebody else first.
std::vector<std::string> setuid_program() {
  if (geteuid() == 0) {
    return {"setpriv", "--reuid", "65534", "--clear-groups", "su", "--help"};
  }
  return {"su", "--help"};
}

// Run in a directory with the files `words` and `main.c` and the folder `src`.
std::vector<Program> programs() {
  return {
      {"sh", {"sh", "-c", "echo out; echo err >&2; exit 7"}},
      {"bash", {"bash", "-c", "for i in 1 2 3; do (echo $i; exit $i) | cat; done; echo ${PIPESTATUS[0]} $?"}},
      {"git", {"git", "init", "-q", "repo"}},
      {"git_status", {"git", "-C", "repo", "status", "--short"}},
      {"python",
       {"/usr/bin/python3", "-S", "-c",
        "import sys, threading; print(sys.argv); threading.Thread(target=print, "
        "args=('t',)).start(); sys.exit(5)"}},
      {"python_plain",
       {"/usr/bin/python3", "-c", "import sys, os; print(sys.argv, sorted(os.__dict__)[:3]); sys.exit(6)"}},
      {"python_isolated",
       {"/usr/bin/python3", "-I", "-c", "import sys; print(sys.flags.isolated); sys.exit(4)"}},
      {"gcc", {"gcc", "-O1", "main.c", "-o", "main"}},
      {"gcc_error", {"gcc", "-c", "words", "-x", "c", "missing.c"}},
      {"compiled_program", {"./main", "a", "b"}},
      {"static_program", {"./static_main", "x"}},
      {"ls", {"ls", "-la", "--time-style=+", "src"}},
      {"awk", {"awk", "{ n += length($0) } END { print n }", "words"}},
      {"sed", {"sed", "-n", "s/b/B/p", "words"}},
      {"grep_finds_nothing", {"grep", "-r", "no such text", "src"}},
      {"find", {"find", "src", "-type", "f"}},
      {"tar", {"tar", "-cf", "src.tar", "src"}},
      {"make", {"make", "-s", "-f", "/dev/null", "nothing"}},
      {"perl", {"perl", "-e", "print join(',', map { $_ * 2 } 1..5), \"\\n\"; warn 'w'; exit 3"}},
      {"env", {"env", "-i", "A=1", "/usr/bin/env"}},
      {"xargs", {"sh", "-c", "cat words | xargs -n 1 -P 2 echo | sort"}},
      {"sort", {"sort", "-r", "words"}},
      {"setuid", setuid_program()},
      {"setuid_refused", {"passwd", "--status", "nobody-here"}},
      {"crash", {"sh", "-c", "kill -SEGV $$"}},
      {"terminated", {"sh", "-c", "kill -TERM $$"}},
      {"not_there", {"./no-such-program"}},
  };
}

class Transparency : public CollectorTest {
 protected:
  static void prepare(const std::string& directory) {
    std::filesystem::create_directories(directory + "/src");
    write_bytes(directory + "/words", "alpha\nbeta\ngamma\n");
    write_bytes(directory + "/src/one", "1\n");
    write_bytes(directory + "/main.c",
                "#include <stdio.h>\nint main(int c, char** v) { puts(v[c - 1]); return c; }\n");
  }

  // All programs in turn, in one directory: later ones use what earlier ones made.
  std::vector<Outcome> run_all(const std::string& directory, const Environment& environment) {
    prepare(directory);
    run_program({"gcc", "-static", "main.c", "-o", "static_main"}, clean_environment(), directory);
    std::vector<Outcome> outcomes;
    for (const Program& program : programs()) {
      outcomes.push_back(run_program(program.command, environment, directory));
    }
    return outcomes;
  }
};

TEST_F(Transparency, TwentyProgramsBehaveTheSame) {
  Environment with_default = recorded();
  with_default["STEPSCOPE_DIR"] = "";
  std::vector<Outcome> without = run_all(scratch_.file("a"), clean_environment());
  std::vector<Outcome> with_directory = run_all(scratch_.file("b"), recorded());
  std::vector<Outcome> with_default_directory = run_all(scratch_.file("c"), with_default);

  std::vector<Program> all = programs();
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(without[i], with_directory[i]) << all[i].name;
    EXPECT_EQ(without[i], with_default_directory[i]) << all[i].name;
    EXPECT_EQ(without[i].exit_code == 127, all[i].name == std::string("not_there"))
        << all[i].name << " did not run";
  }
  const auto plain = [&](const std::string& name) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Program& program) { return program.name == name; });
    return found == all.end() ? Outcome() : without[static_cast<size_t>(found - all.begin())];
  };
  EXPECT_EQ(plain("sh").exit_code, 7);
  EXPECT_EQ(plain("python_plain").exit_code, 6);
  EXPECT_EQ(plain("static_program").exit_code, 2);
  EXPECT_EQ(plain("setuid").exit_code, 0);
  EXPECT_EQ(plain("crash").signal, SIGSEGV);
  EXPECT_EQ(plain("terminated").signal, SIGTERM);
  EXPECT_FALSE(std::filesystem::exists(run_directory())) << "none of them is worth recording";
}

TEST_F(Transparency, ARecordedProgramBehavesTheSame) {
  for (const char* what : {"events", "_exit", "quick_exit", "abort", "sigterm", "sigkill", "segv", "fork-raw",
                           "vfork", "spawn", "threads-at-exit", "daemonize", "exec", "atexit"}) {
    Outcome without = run_program({FAKE_RECORDED_PROGRAM, what}, clean_environment(), scratch_.path());
    EXPECT_EQ(record_program(what), without) << what;
  }
  EXPECT_FALSE(run().empty());
}

}  // namespace
}  // namespace stepscope::testing
