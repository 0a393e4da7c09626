// The BPF ring buffer: its memory, and the callback when the kernel rings the bell.
//
// One page holds the consumer's position, which JavaScript writes. The rest only the kernel writes:
// a page with the producer's position, then the data, and its beginning once more behind its end.
// What is mapped counts as the process's memory, so of the data only a window is: a part of it and
// as much more as the longest record, so that none is split. `showRing` moves the window; its
// address stays. It is mapped read-only, and a write to it ends the process: ring.ts hands out
// readers.
#include <algorithm>
#include <cerrno>
#include <memory>

#include <unistd.h>

#include <bpf/bpf.h>
#include <uv.h>

#include "addon.h"
#include "map.h"
#include "memory.h"

namespace bulwark {

// libuv's watcher of one ring. libuv frees it, after its handle was closed.
struct Watcher {
	uv_poll_t poll;
	Environment *environment;
	napi_ref callback;
};

struct RingHandle : Handle {
	static constexpr Kind handleKind = Kind::ring;
	static constexpr const char *name = "ring";

	RingHandle(int mapFd, size_t page, size_t data, size_t mapped, const char *title)
		: Handle(handleKind), file(mapFd), pageBytes(page), dataBytes(data),
		  mappedBytes(mapped), consumer(mapFd, 0, page, true, title),
		  producer(mapFd, page, page + mapped, false, title)
	{
	}
	void close(Environment &environment) override;

	const OwnedFd file;
	const size_t pageBytes, dataBytes;
	// The window with what lies behind it.
	const size_t mappedBytes;
	Mapping consumer, producer;
	Watcher *watcher = nullptr;
};

static void closeWatcher(Watcher *watcher)
{
	Environment &environment = *watcher->environment;
	napi_delete_reference(environment.env, watcher->callback);
	environment.watchersClosing++;
	uv_close(reinterpret_cast<uv_handle_t *>(&watcher->poll), [](uv_handle_t *handle) {
		auto *closed = static_cast<Watcher *>(handle->data);
		Environment *waiting = closed->environment;
		delete closed;
		waiting->watcherClosed();
	});
}

void RingHandle::close(Environment &environment)
{
	if (watcher)
		closeWatcher(watcher);
	watcher = nullptr;
	consumer.close(environment.env);
	producer.close(environment.env);
}

// Positions are compared by their low 32 bits.
static constexpr size_t dataBytesMax = size_t{ 1 } << 30;
static constexpr size_t recordHeaderBytes = 8;

static napi_value openRing(Call &call)
{
	const auto &map = call.handle<MapHandle>(0);
	const char *title = map.facts.title.c_str();
	if (map.facts.type != BPF_MAP_TYPE_RINGBUF)
		reject("map " + map.facts.title, "it is no ring buffer");
	const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
	const size_t dataBytes = map.facts.maxEntries;
	if (dataBytes > dataBytesMax)
		reject("ring " + map.facts.title, "it is larger than 1 GiB");
	const size_t windowBytes = std::min<size_t>(call.number(2, "windowBytes"), dataBytes);
	if (windowBytes == 0 || windowBytes % page != 0 || dataBytes % windowBytes != 0)
		reject("window of ring " + map.facts.title, "it is no part of it in whole pages");
	// Whole pages, and at the most all the data.
	const size_t longest = call.number(1, "recordBytesMax") + recordHeaderBytes;
	const size_t tail = (longest + page - 1) / page * page;
	const size_t mappedBytes = windowBytes + std::min(tail, dataBytes);
	const int fd = OwnedFd::copyOf(map.file.fd, title);
	auto ring = std::make_unique<RingHandle>(fd, page, dataBytes, mappedBytes, title);
	Made made(call.env);
	made.set("consumer", ring->consumer.buffer(call.env, page))
		.set("producer", ring->producer.buffer(call.env, page + mappedBytes))
		.set("pageBytes", static_cast<double>(page))
		.set("dataBytes", static_cast<double>(dataBytes))
		.set("windowBytes", static_cast<double>(windowBytes));
	return made.set("handle", call.environment.add(std::move(ring))).value;
}

// Moves the window: it begins at `from` of the data.
static napi_value showRing(Call &call)
{
	auto &ring = call.handle<RingHandle>(0);
	const size_t from = call.number(1, "from");
	if (from % ring.pageBytes != 0 || from >= ring.dataBytes ||
	    from + ring.mappedBytes > 2 * ring.dataBytes)
		reject("window of a ring", "it begins at no page of the data");
	// In the map's file two pages, one for each position, lie before the data.
	ring.producer.show(ring.file.fd, ring.pageBytes, 2 * ring.pageBytes + from,
			   ring.mappedBytes);
	return nullptr;
}

// Runs on the loop's thread, once a turn while there is data: the watch is level-triggered.
static void onReadable(uv_poll_t *poll, int, int)
{
	const auto *watcher = static_cast<Watcher *>(poll->data);
	const napi_env env = watcher->environment->env;
	napi_handle_scope scope;
	napi_value callback, receiver, error;
	if (napi_open_handle_scope(env, &scope) != napi_ok)
		return;
	// The callback may close the ring, and the watcher with it: no use of either from here on.
	if (napi_get_reference_value(env, watcher->callback, &callback) == napi_ok &&
	    napi_get_global(env, &receiver) == napi_ok &&
	    napi_make_callback(env, nullptr, receiver, callback, 0, nullptr, nullptr) ==
		    napi_pending_exception &&
	    napi_get_and_clear_last_exception(env, &error) == napi_ok)
		napi_fatal_exception(env, error);
	napi_close_handle_scope(env, scope);
}

// Sets the callback, once a ring. It does not keep the process alive until `setRingRef`.
static napi_value watchRing(Call &call)
{
	auto &ring = call.handle<RingHandle>(0);
	const napi_value function = call.function(1, "callback");
	if (ring.watcher)
		reject("callback of a ring", "it has one already");
	uv_loop_t *loop = nullptr;
	check(napi_get_uv_event_loop(call.env, &loop));
	auto watcher = std::make_unique<Watcher>();
	watcher->environment = &call.environment;
	check(napi_create_reference(call.env, function, 1, &watcher->callback));
	const int error = uv_poll_init(loop, &watcher->poll, ring.file.fd);
	if (error) {
		napi_delete_reference(call.env, watcher->callback);
		fail(error, "watch a ring");
	}
	// From here on libuv knows it, so that it goes only through `closeWatcher`.
	watcher->poll.data = watcher.get();
	uv_unref(reinterpret_cast<uv_handle_t *>(&watcher->poll));
	ring.watcher = watcher.release();
	uv_poll_start(&ring.watcher->poll, UV_READABLE, onReadable);
	return nullptr;
}

static Watcher &watcherOf(RingHandle &ring)
{
	if (!ring.watcher)
		reject("callback of a ring", "it has none yet: onReadable sets it");
	return *ring.watcher;
}

static napi_value setRingWatch(Call &call)
{
	Watcher &watcher = watcherOf(call.handle<RingHandle>(0));
	const int error = call.boolean(1, "watch") ?
				  uv_poll_start(&watcher.poll, UV_READABLE, onReadable) :
				  uv_poll_stop(&watcher.poll);
	if (error)
		fail(error, "watch a ring");
	return nullptr;
}

static napi_value setRingRef(Call &call)
{
	Watcher &watcher = watcherOf(call.handle<RingHandle>(0));
	auto *handle = reinterpret_cast<uv_handle_t *>(&watcher.poll);
	if (call.boolean(1, "ref"))
		uv_ref(handle);
	else
		uv_unref(handle);
	return nullptr;
}

void registerRings(napi_env env, napi_value exports)
{
	addFunction(env, exports, "openRing", entry<openRing>);
	addFunction(env, exports, "showRing", entry<showRing>);
	addFunction(env, exports, "watchRing", entry<watchRing>);
	addFunction(env, exports, "setRingWatch", entry<setRingWatch>);
	addFunction(env, exports, "setRingRef", entry<setRingRef>);
}

} // namespace bulwark
