/* SPDX-License-Identifier: Apache-2.0
 * Exits with the code in its argument; linked statically, so that no library can be preloaded into it. */
#include <stdlib.h>

int main(int argc, char** argv) {
  return argc > 1 ? atoi(argv[1]) : 0;
}
