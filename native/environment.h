// What the addon holds for one JavaScript environment (the main thread, or a worker): the table of
// open handles, the kernel's types, and libbpf's latest words.
//
// JavaScript holds numbers, never pointers. An id is never used twice, so a handle that was closed
// is told apart from one that is open, and garbage from both. Nothing is closed by the garbage
// collector: what JavaScript forgets stays in the table, where the leak check counts it. All that
// is open when the environment ends is closed then.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <node_api.h>

#include "call.h"

struct btf;

namespace bulwark {

enum class Kind { object, program, map, link, ring, socket, keeper };
constexpr const char *kindNames[] = { "objects", "programs", "maps",   "links",
				      "rings",	 "sockets",  "keepers" };

// Something that is open. Its destructor releases what the kernel holds and needs no JavaScript;
// `close` comes before it while JavaScript still runs.
class Handle {
public:
	explicit Handle(Kind kindOfThis) : kind(kindOfThis) {}
	virtual ~Handle() = default;
	Handle(const Handle &) = delete;
	Handle &operator=(const Handle &) = delete;
	virtual void close(Environment &) {}

	const Kind kind;
};

struct Environment {
	static Environment &of(napi_env env);

	uint32_t add(std::unique_ptr<Handle> handle);
	// nullptr when it is closed, or never was.
	Handle *find(uint32_t id) const;
	// Harmless when it is closed.
	void close(uint32_t id);
	void closeAll();

	// The kernel's own types; kept until `forgetKernelTypes`, because reading them takes
	// milliseconds, and not for ever, because they take megabytes. Fails when there are none.
	btf *kernelTypes();
	// Types that were read elsewhere; of no use where there are some already.
	void keepKernelTypes(btf *types);
	// The id of a kernel function, 0 when there is none: by an index, because there are
	// tens of thousands and the sensor asks for hundreds.
	uint32_t kernelFunction(const char *name);
	void forgetKernelTypes();

	napi_env env = nullptr;
	// Makes a NativeError; null until index.ts has set it.
	napi_ref errorFactory = nullptr;
	std::map<uint32_t, std::unique_ptr<Handle>> handles;
	// libuv frees a watcher later than it is closed; the environment waits for that.
	int watchersClosing = 0;
	napi_async_cleanup_hook_handle cleanup = nullptr;
	bool ending = false;
	void watcherClosed();

private:
	struct FreeTypes {
		void operator()(btf *types) const;
	};
	std::unique_ptr<btf, FreeTypes> types;
	std::vector<uint32_t> functions; // by name; empty until somebody asks often
	int functionsAsked = 0;
	uint32_t nextId = 1;
};

template <typename T> T &Call::handle(size_t index)
{
	Handle *found = environment.find(number(index, T::name));
	if (!found)
		failClosed(T::name);
	if (found->kind != T::handleKind)
		mismatch(index, T::name, "a handle of that kind");
	return static_cast<T &>(*found);
}

// Keeps the newest 64 KiB of what libbpf says, which ends with the verifier's last lines.
void startLog();
std::string takeLog();

// Makes the environment, and ends it when Node does.
void startEnvironment(napi_env env);

} // namespace bulwark
