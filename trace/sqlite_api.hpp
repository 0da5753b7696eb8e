// SPDX-License-Identifier: Apache-2.0
//
// SQLite's C API. In the loadable extension the same calls go to the SQLite of the program that loaded it, so that two
// copies of SQLite never meet in one process; everywhere else they go to the library that we link.
#pragma once

#if defined(STEPSCOPE_SQLITE_EXTENSION)
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#else
#include <sqlite3.h>
#endif
