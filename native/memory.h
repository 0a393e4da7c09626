// Memory shared with the kernel, shown to JavaScript as one ArrayBuffer.
#pragma once

#include <cstddef>
#include <memory>

#include <node_api.h>

namespace bulwark {

// A mapping, and the one ArrayBuffer over it. `close` detaches the buffer and gives the kernel its
// memory back at once; the addresses stay reserved, as zeroes, until JavaScript has dropped the
// buffer's store. So a store that was moved elsewhere (ArrayBuffer.prototype.transfer) reads
// zeroes and never a page that is gone.
class Mapping {
public:
	// Maps `bytes` from `offset` of a map's fd. Fails as mmap does.
	Mapping(int fd, size_t offset, size_t bytes, bool writable, const char *what);
	~Mapping();
	Mapping(const Mapping &) = delete;
	Mapping &operator=(const Mapping &) = delete;

	// The same buffer each time, of the first `bytes`.
	napi_value buffer(napi_env env, size_t bytes);
	// Read-only in place of what is mapped from `at` on: `bytes` from `offset` of the fd.
	void show(int fd, size_t at, size_t offset, size_t bytes);
	// While JavaScript runs, before the destructor.
	void close(napi_env env);

private:
	struct Region;
	std::shared_ptr<Region> region;
	napi_ref reference = nullptr;
};

} // namespace bulwark
