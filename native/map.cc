// Maps: values by key, live memory, and slots of prog arrays.
#include "map.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "addon.h"
#include "object.h"

namespace bulwark {

OwnedFd::~OwnedFd()
{
	::close(fd);
}

int OwnedFd::copyOf(int fd, const char *what)
{
	const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		fail(errno, std::string("copy the file descriptor of ") + what);
	return copy;
}

bool MapFacts::perCpu() const
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

static size_t roundUp(size_t bytes, size_t to)
{
	return (bytes + to - 1) / to * to;
}

size_t MapFacts::transferBytes() const
{
	if (!perCpu())
		return valueBytes;
	const int cpus = libbpf_num_possible_cpus();
	if (cpus < 0)
		fail(cpus, "count the possible CPUs");
	return roundUp(valueBytes, 8) * static_cast<size_t>(cpus);
}

void MapHandle::close(Environment &environment)
{
	if (memory)
		memory->close(environment.env);
}

static napi_value describe(Call &call, std::unique_ptr<MapHandle> map)
{
	const MapFacts &facts = map->facts;
	Made made(call.env);
	made.set("name", facts.title.c_str())
		.set("type", facts.type)
		.set("keyBytes", facts.keyBytes)
		.set("valueBytes", facts.valueBytes)
		.set("maxEntries", facts.maxEntries)
		.set("transferBytes", static_cast<double>(facts.transferBytes()))
		.set("fd", map->file.fd);
	return made.set("handle", call.environment.add(std::move(map))).value;
}

static napi_value openMap(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	const std::string name = call.text(1, "map");
	const bpf_map *map = object.map(name);
	const int fd = OwnedFd::copyOf(object.fdOf(map), name.c_str());
	return describe(
		call, std::make_unique<MapHandle>(
			      fd, MapFacts{ name, bpf_map__type(map), bpf_map__key_size(map),
					    bpf_map__value_size(map), bpf_map__max_entries(map) }));
}

static napi_value createMap(Call &call)
{
	const MapFacts facts = { call.text(1, "name"), call.number(0, "type"),
				 call.number(2, "keyBytes"), call.number(3, "valueBytes"),
				 call.number(4, "maxEntries") };
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = call.number(5, "flags"));
	const int fd = bpf_map_create(static_cast<bpf_map_type>(facts.type), facts.title.c_str(),
				      facts.keyBytes, facts.valueBytes, facts.maxEntries, &options);
	if (fd < 0)
		fail(fd, "create map " + facts.title);
	return describe(call, std::make_unique<MapHandle>(fd, facts));
}

static void mustHave(const Bytes &bytes, size_t wanted, const char *what, const MapFacts &facts)
{
	if (bytes.size != wanted)
		reject(std::string(what) + " of map " + facts.title,
		       "it has " + std::to_string(bytes.size) + " bytes, the map's has " +
			       std::to_string(wanted));
}

static napi_value lookup(Call &call)
{
	const auto &map = call.handle<MapHandle>(0);
	const Bytes key = call.bytes(1, "key"), value = call.bytes(2, "value");
	mustHave(key, map.facts.keyBytes, "key", map.facts);
	mustHave(value, map.facts.transferBytes(), "value", map.facts);
	const int error = bpf_map_lookup_elem(map.file.fd, key.data, value.data);
	if (error && error != -ENOENT)
		fail(error, "look up in map " + map.facts.title);
	return makeBoolean(call.env, !error);
}

static napi_value update(Call &call)
{
	const auto &map = call.handle<MapHandle>(0);
	const Bytes key = call.bytes(1, "key"), value = call.bytes(2, "value");
	const uint32_t flags = call.number(3, "flags");
	mustHave(key, map.facts.keyBytes, "key", map.facts);
	mustHave(value, map.facts.transferBytes(), "value", map.facts);
	const int error = bpf_map_update_elem(map.file.fd, key.data, value.data, flags);
	if (error)
		fail(error, "update map " + map.facts.title);
	return nullptr;
}

static napi_value remove(Call &call)
{
	const auto &map = call.handle<MapHandle>(0);
	const Bytes key = call.bytes(1, "key");
	mustHave(key, map.facts.keyBytes, "key", map.facts);
	const int error = bpf_map_delete_elem(map.file.fd, key.data);
	if (error && error != -ENOENT)
		fail(error, "delete from map " + map.facts.title);
	return makeBoolean(call.env, !error);
}

// An empty `key` asks for the first one.
static napi_value nextKey(Call &call)
{
	const auto &map = call.handle<MapHandle>(0);
	const Bytes key = call.bytes(1, "key"), next = call.bytes(2, "next");
	if (key.size != 0)
		mustHave(key, map.facts.keyBytes, "key", map.facts);
	mustHave(next, map.facts.keyBytes, "next key", map.facts);
	const int error =
		bpf_map_get_next_key(map.file.fd, key.size ? key.data : nullptr, next.data);
	if (error && error != -ENOENT)
		fail(error, "list the keys of map " + map.facts.title);
	return makeBoolean(call.env, !error);
}

// The fd of a program becomes the value; the kernel keeps the program from then on.
static napi_value setTailCall(Call &call)
{
	const auto &map = call.handle<MapHandle>(0);
	const uint32_t slot = call.number(1, "slot"), fd = call.number(2, "fd", INT32_MAX);
	if (map.facts.type != BPF_MAP_TYPE_PROG_ARRAY)
		reject("map " + map.facts.title, "it is no prog array");
	const int error = bpf_map_update_elem(map.file.fd, &slot, &fd, BPF_ANY);
	if (error)
		fail(error, "put a program into slot " + std::to_string(slot) + " of map " +
				    map.facts.title);
	return nullptr;
}

static bool isArray(uint32_t type)
{
	return type == BPF_MAP_TYPE_ARRAY;
}

// Mapped here, because libbpf shows the live memory only to skeletons.
static napi_value memoryOf(Call &call)
{
	auto &map = call.handle<MapHandle>(0);
	if (!isArray(map.facts.type))
		reject("memory of map " + map.facts.title, "only array maps have it");
	const size_t bytes = roundUp(map.facts.valueBytes, 8) * map.facts.maxEntries;
	const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
	if (!map.memory)
		map.memory = std::make_unique<Mapping>(map.file.fd, 0, roundUp(bytes, page), true,
						       map.facts.title.c_str());
	return map.memory->buffer(call.env, bytes);
}

void registerMaps(napi_env env, napi_value exports)
{
	addFunction(env, exports, "openMap", entry<openMap>);
	addFunction(env, exports, "createMap", entry<createMap>);
	addFunction(env, exports, "mapLookup", entry<lookup>);
	addFunction(env, exports, "mapUpdate", entry<update>);
	addFunction(env, exports, "mapDelete", entry<remove>);
	addFunction(env, exports, "mapNextKey", entry<nextKey>);
	addFunction(env, exports, "mapMemory", entry<memoryOf>);
	addFunction(env, exports, "setTailCall", entry<setTailCall>);
}

} // namespace bulwark
