// See memory.h.
#include "memory.h"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>

#include <malloc.h>
#include <sys/mman.h>

#include "addon.h"
#include "call.h"

namespace bulwark {

struct Mapping::Region {
	void *address;
	size_t bytes;

	~Region() { munmap(address, bytes); }

	// Puts empty pages in place of the kernel's. When that fails, those stay until the end.
	void empty() const
	{
		mmap(address, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	}
};

Mapping::Mapping(int fd, size_t offset, size_t bytes, bool writable, const char *what)
{
	void *address = mmap(nullptr, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ,
			     MAP_SHARED, fd, static_cast<off_t>(offset));
	if (address == MAP_FAILED)
		fail(errno, std::string("map memory of ") + what);
	region.reset(new Region{ address, bytes });
}

Mapping::~Mapping()
{
	region->empty();
}

napi_value Mapping::buffer(napi_env env, size_t bytes)
{
	napi_value buffer = nullptr;
	if (reference) {
		check(napi_get_reference_value(env, reference, &buffer));
		return buffer;
	}
	auto keep = std::make_unique<std::shared_ptr<Region>>(region);
	const napi_finalize drop = [](napi_env, void *, void *hint) {
		delete static_cast<std::shared_ptr<Region> *>(hint);
	};
	check(napi_create_external_arraybuffer(env, region->address, bytes, drop, keep.get(),
					       &buffer));
	keep.release();
	check(napi_create_reference(env, buffer, 1, &reference));
	return buffer;
}

// When it fails, empty pages stand there: an address without any would end the process.
void Mapping::show(int fd, size_t at, size_t offset, size_t bytes)
{
	void *address = static_cast<uint8_t *>(region->address) + at;
	if (mmap(address, bytes, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
		 static_cast<off_t>(offset)) != MAP_FAILED)
		return;
	const int error = errno;
	region->empty();
	fail(error, "map another part of a ring");
}

void Mapping::close(napi_env env)
{
	if (!reference)
		return;
	napi_handle_scope scope;
	napi_value buffer = nullptr;
	if (napi_open_handle_scope(env, &scope) == napi_ok) {
		if (napi_get_reference_value(env, reference, &buffer) == napi_ok && buffer)
			napi_detach_arraybuffer(env, buffer);
		napi_close_handle_scope(env, scope);
	}
	napi_delete_reference(env, reference);
	reference = nullptr;
}

// What is mapped of files, is not written to and was never (no page of its own): the kernel has it
// in its page cache and brings back what is used again.
static void dropPages(const std::string &range)
{
	uintptr_t from = 0, to = 0;
	if (sscanf(range.c_str(), "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2)
		madvise(reinterpret_cast<void *>(from), to - from, MADV_DONTNEED);
}

static napi_value releaseMemory(Call &)
{
	malloc_trim(0);
	std::ifstream smaps("/proc/self/smaps");
	std::string line, range;
	while (std::getline(smaps, line)) {
		char permissions[5] = {};
		unsigned long inode = 0, kib = 0;
		if (sscanf(line.c_str(), "%*x-%*x %4s %*s %*s %lu", permissions, &inode) == 2) {
			const bool isText = permissions[1] == '-' && permissions[3] == 'p';
			range = isText && inode != 0 ? line : "";
		} else if (sscanf(line.c_str(), "Anonymous: %lu kB", &kib) == 1 && kib == 0 &&
			   !range.empty()) {
			dropPages(range);
			range.clear();
		}
	}
	return nullptr;
}

void registerMemory(napi_env env, napi_value exports)
{
	addFunction(env, exports, "releaseMemory", entry<releaseMemory>);
}

} // namespace bulwark
