// Files of the kernel's own file systems, such as tracefs. Where those are mounted, if they are at
// all, is the machine's business: they are read through a mount that is in nobody's tree, and gone
// with its file descriptor.
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "addon.h"
#include "environment.h"
#include "kernel-file.h"
#include "map.h"

namespace bulwark {

std::string fileOfKernel(const std::string &fileSystem, const std::string &path)
{
	const std::string what = "read " + path + " of " + fileSystem;
	const auto checked = [&what](int result) {
		if (result < 0)
			fail(errno, what);
		return result;
	};
	const OwnedFd context(checked(fsopen(fileSystem.c_str(), FSOPEN_CLOEXEC)));
	checked(fsconfig(context.fd, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0));
	const OwnedFd root(checked(fsmount(context.fd, FSMOUNT_CLOEXEC, 0)));
	const OwnedFd file(checked(openat(root.fd, path.c_str(), O_RDONLY | O_CLOEXEC)));
	std::string text;
	char part[4096];
	for (;;) {
		const ssize_t got = ::read(file.fd, part, sizeof(part));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			fail(errno, what);
		if (got == 0)
			return text;
		text.append(part, static_cast<size_t>(got));
	}
}

static napi_value readKernelFile(Call &call)
{
	const std::string text = fileOfKernel(call.text(0, "fileSystem"), call.text(1, "path"));
	napi_value made;
	check(napi_create_string_latin1(call.env, text.data(), text.size(), &made));
	return made;
}

void registerKernelFiles(napi_env env, napi_value exports)
{
	addFunction(env, exports, "readKernelFile", entry<readKernelFile>);
}

} // namespace bulwark
