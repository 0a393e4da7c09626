// Files of the kernel's own file systems, such as tracefs.
#pragma once

#include <string>

namespace bulwark {

// What a file says; `path` begins below the root of the file system. Fails when it cannot be read.
std::string fileOfKernel(const std::string &fileSystem, const std::string &path);

} // namespace bulwark
