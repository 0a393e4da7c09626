// BPF objects: a blueprint from bytes, its knobs, loading. Maps and links are in files of their
// own.
#include "object.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <bpf/bpf.h>

#include "addon.h"
#include "aside.h"
#include "map.h"

namespace bulwark {

bpf_program *ObjectHandle::program(const std::string &wanted) const
{
	bpf_program *found = bpf_object__find_program_by_name(file.get(), wanted.c_str());
	if (!found)
		fail(ENOENT, std::string("find program ") + wanted + " in BPF object " +
				     bpf_object__name(file.get()));
	return found;
}

bpf_map *ObjectHandle::map(const std::string &wanted) const
{
	bpf_map *found = bpf_object__find_map_by_name(file.get(), wanted.c_str());
	if (!found)
		fail(ENOENT, std::string("find map ") + wanted + " in BPF object " +
				     bpf_object__name(file.get()));
	return found;
}

int ObjectHandle::fdOf(const bpf_program *program) const
{
	const int fd = bpf_program__fd(program);
	if (fd < 0)
		reject(std::string("program ") + bpf_program__name(program),
		       loaded ? "it was not loaded: its autoload is off" : "load the object first");
	return fd;
}

int ObjectHandle::fdOf(const bpf_map *map) const
{
	const int fd = bpf_map__fd(map);
	if (!(loaded || hasMaps) || fd < 0)
		reject(std::string("map ") + bpf_map__name(map), "load the object first");
	return fd;
}

void ObjectHandle::mustNotBeLoaded(const char *what) const
{
	if (loaded || loading)
		reject(what, "the object is loaded: knobs are set before");
}

// Its size and its first value are no longer asked.
static void mustNotBeMade(const bpf_map *map)
{
	if (bpf_map__fd(map) >= 0)
		reject(std::string("map ") + bpf_map__name(map),
		       "it is made: knobs are set before");
}

static napi_value openObject(Call &call)
{
	const Bytes bytes = call.bytes(0, "bytes");
	const std::string name = call.text(1, "name");
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name.c_str());
	startLog();
	bpf_object *object = bpf_object__open_mem(bytes.data, bytes.size, &options);
	if (!object)
		fail(errno, "read BPF object " + name, takeLog());
	return makeNumber(call.env, call.environment.add(std::make_unique<ObjectHandle>(object)));
}

static napi_value describePrograms(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	MadeList list(call.env);
	bpf_program *program;
	bpf_object__for_each_program(program, object.file.get()) {
		Made made(call.env);
		made.set("name", bpf_program__name(program))
			.set("section", bpf_program__section_name(program))
			.set("type", bpf_program__type(program))
			.set("expectedAttachType", bpf_program__expected_attach_type(program))
			.set("instructions", static_cast<double>(bpf_program__insn_cnt(program)))
			.set("autoload", makeBoolean(call.env, bpf_program__autoload(program)));
		list.add(made.value);
	}
	return list.value;
}

static napi_value describeMaps(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	MadeList list(call.env);
	bpf_map *map;
	bpf_object__for_each_map(map, object.file.get()) {
		Made made(call.env);
		made.set("name", bpf_map__name(map))
			.set("type", bpf_map__type(map))
			.set("keyBytes", bpf_map__key_size(map))
			.set("valueBytes", bpf_map__value_size(map))
			.set("maxEntries", bpf_map__max_entries(map));
		list.add(made.value);
	}
	return list.value;
}

static napi_value setAutoload(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	const std::string name = call.text(1, "program");
	const bool autoload = call.boolean(2, "autoload");
	object.mustNotBeLoaded("autoload");
	const int error = bpf_program__set_autoload(object.program(name), autoload);
	if (error)
		fail(error, "set autoload of program " + name);
	return nullptr;
}

static napi_value setMaxEntries(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	const std::string name = call.text(1, "map");
	const uint32_t entries = call.number(2, "maxEntries");
	object.mustNotBeLoaded("size of a map");
	bpf_map *map = object.map(name);
	mustNotBeMade(map);
	const int error = bpf_map__set_max_entries(map, entries);
	if (error)
		fail(error, "set the size of map " + name);
	return nullptr;
}

// A map that is in the kernel already, in place of a new one.
static napi_value reuseMap(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	const std::string name = call.text(1, "map");
	const int fd = static_cast<int>(call.number(2, "fd", INT32_MAX));
	object.mustNotBeLoaded("map to reuse");
	const int error = bpf_map__reuse_fd(object.map(name), fd);
	if (error)
		fail(error, "reuse a map as " + name);
	return nullptr;
}

static int createOf(const bpf_map *map)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = bpf_map__map_flags(map),
		    .map_extra = bpf_map__map_extra(map), .numa_node = bpf_map__numa_node(map));
	return bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map),
			      bpf_map__value_size(map), bpf_map__max_entries(map), &options);
}

static void makeMap(bpf_map *map)
{
	const auto checked = [map](int result) {
		if (result < 0)
			fail(result, std::string("make map ") + bpf_map__name(map));
		return result;
	};
	const OwnedFd made(checked(createOf(map)));
	size_t size = 0;
	const void *initial = bpf_map__initial_value(map, &size);
	const uint32_t first = 0;
	if (initial)
		checked(bpf_map_update_elem(made.fd, &first, initial, 0));
	checked(bpf_map__reuse_fd(map, made.fd));
}

// Makes what `load` would make first, but for constants: they are the object's own.
static napi_value makeMaps(Call &call)
{
	auto &object = call.handle<ObjectHandle>(0);
	object.mustNotBeLoaded("maps");
	startLog();
	bpf_map *map;
	bpf_object__for_each_map(map, object.file.get())
		if (bpf_map__fd(map) < 0 && !(bpf_map__map_flags(map) & BPF_F_RDONLY_PROG))
			makeMap(map);
	object.hasMaps = true;
	return nullptr;
}

// Writes into the first value of a global-data map (.rodata, .bss, .data).
static napi_value setInitialValue(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	const std::string name = call.text(1, "map");
	const uint32_t offset = call.number(2, "offset");
	const Bytes bytes = call.bytes(3, "bytes");
	object.mustNotBeLoaded("first value of a map");
	bpf_map *map = object.map(name);
	mustNotBeMade(map);
	size_t size = 0;
	const void *initial = bpf_map__initial_value(map, &size);
	if (!initial)
		reject("map " + name, "it holds no global data, so it has no first value");
	if (offset > size || bytes.size > size - offset)
		reject("first value of map " + name,
		       std::to_string(bytes.size) + " bytes at " + std::to_string(offset) +
			       " do not fit into " + std::to_string(size));
	// libbpf says const, and its own skeletons write here: before loading this is the value.
	memcpy(static_cast<uint8_t *>(const_cast<void *>(initial)) + offset, bytes.data,
	       bytes.size);
	return nullptr;
}

// The kernel function or hook that a program attaches to, in place of its section's.
static napi_value setAttachTarget(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	const std::string name = call.text(1, "program");
	const std::string target = call.text(2, "target");
	object.mustNotBeLoaded("attach target");
	startLog();
	const int error = bpf_program__set_attach_target(object.program(name), 0, target.c_str());
	if (error)
		fail(error, "set the attach target of program " + name + " to " + target,
		     takeLog());
	return nullptr;
}

static napi_value loadObject(Call &call)
{
	auto &object = call.handle<ObjectHandle>(0);
	object.mustNotBeLoaded("load");
	startLog();
	const int error = bpf_object__load(object.file.get());
	if (error)
		fail(error, std::string("load BPF object ") + bpf_object__name(object.file.get()),
		     takeLog());
	object.loaded = true;
	return nullptr;
}

// An object on its way into the kernel.
struct LoadingObject : Aside {
	LoadingObject(uint32_t idOfObject, std::shared_ptr<bpf_object> object)
		: id(idOfObject), file(std::move(object))
	{
	}

	void run() override
	{
		startLog();
		error = bpf_object__load(file.get());
		log = takeLog();
	}

	napi_value finish(napi_env env) override
	{
		if (error)
			fail(error, std::string("load BPF object ") + bpf_object__name(file.get()),
			     log);
		// When it was closed meanwhile, whoever uses it next is told.
		if (Handle *found = Environment::of(env).find(id)) {
			auto &object = static_cast<ObjectHandle &>(*found);
			object.loading = false;
			object.loaded = true;
		}
		return nullptr;
	}

	const uint32_t id;
	const std::shared_ptr<bpf_object> file;
	int error = 0;
	std::string log;
};

// As `loadObject`, while JavaScript goes on. Gives a promise.
static napi_value loadObjectAside(Call &call)
{
	auto &object = call.handle<ObjectHandle>(0);
	object.mustNotBeLoaded("load");
	const uint32_t id = call.number(0, "object");
	const napi_value promise = Aside::start(call.env, "bulwark:load",
						std::make_unique<LoadingObject>(id, object.file));
	object.loading = true;
	return promise;
}

ObjectLoad::ObjectLoad(std::shared_ptr<bpf_object> object) : file(std::move(object))
{
	thread = std::thread([this] {
		startLog();
		error = bpf_object__load(file.get());
		log = takeLog();
	});
}

ObjectLoad::~ObjectLoad()
{
	wait();
}

void ObjectLoad::wait()
{
	if (thread.joinable())
		thread.join();
}

// As `loadObject`, on a thread that `endLoad` waits for.
static napi_value beginLoad(Call &call)
{
	auto &object = call.handle<ObjectHandle>(0);
	object.mustNotBeLoaded("load");
	try {
		object.load = std::make_unique<ObjectLoad>(object.file);
	} catch (const std::system_error &error) {
		fail(error.code().value(), std::string("start a thread that loads BPF object ") +
						   bpf_object__name(object.file.get()));
	}
	object.loading = true;
	return nullptr;
}

static napi_value endLoad(Call &call)
{
	auto &object = call.handle<ObjectHandle>(0);
	if (!object.load)
		reject("load", "it was not begun");
	const auto load = std::move(object.load);
	load->wait();
	object.loading = false;
	if (load->error)
		fail(load->error,
		     std::string("load BPF object ") + bpf_object__name(object.file.get()),
		     load->log);
	object.loaded = true;
	return nullptr;
}

// A program's fd, borrowed from the object.
static napi_value programFd(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	const std::string name = call.text(1, "program");
	return makeNumber(call.env, object.fdOf(object.program(name)));
}

void registerObjects(napi_env env, napi_value exports)
{
	addFunction(env, exports, "openObject", entry<openObject>);
	addFunction(env, exports, "describePrograms", entry<describePrograms>);
	addFunction(env, exports, "describeMaps", entry<describeMaps>);
	addFunction(env, exports, "setAutoload", entry<setAutoload>);
	addFunction(env, exports, "setMaxEntries", entry<setMaxEntries>);
	addFunction(env, exports, "reuseMap", entry<reuseMap>);
	addFunction(env, exports, "makeMaps", entry<makeMaps>);
	addFunction(env, exports, "setInitialValue", entry<setInitialValue>);
	addFunction(env, exports, "setAttachTarget", entry<setAttachTarget>);
	addFunction(env, exports, "loadObject", entry<loadObject>);
	addFunction(env, exports, "loadObjectAside", entry<loadObjectAside>);
	addFunction(env, exports, "beginLoad", entry<beginLoad>);
	addFunction(env, exports, "endLoad", entry<endLoad>);
	addFunction(env, exports, "programFd", entry<programFd>);
}

} // namespace bulwark
