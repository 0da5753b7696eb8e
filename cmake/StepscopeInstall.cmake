# SPDX-License-Identifier: Apache-2.0
# Install rules, the exported CMake package for the public headers, and the .deb packages.
