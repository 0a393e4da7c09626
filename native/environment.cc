// See environment.h.
#include "environment.h"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

namespace bulwark {

static constexpr size_t logBytesMax = 64 * 1024;
// libbpf's printer is one for the process; workers must not mix their words.
static thread_local std::string newestLog;

static int keepLog(libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	// The verifier's whole log comes as one piece, so it is measured first.
	va_list again;
	va_copy(again, arguments);
	const int size = vsnprintf(nullptr, 0, format, again);
	va_end(again);
	if (size <= 0)
		return size;
	std::vector<char> piece(static_cast<size_t>(size) + 1);
	vsnprintf(piece.data(), piece.size(), format, arguments);
	newestLog.append(piece.data(), static_cast<size_t>(size));
	if (newestLog.size() > logBytesMax)
		newestLog.erase(0, newestLog.size() - logBytesMax);
	return size;
}

void startLog()
{
	newestLog.clear();
	libbpf_set_print(keepLog);
}

std::string takeLog()
{
	std::string log;
	log.swap(newestLog);
	return log;
}

Environment &Environment::of(napi_env env)
{
	void *data = nullptr;
	napi_get_instance_data(env, &data);
	if (!data)
		reject("addon", "its environment has ended");
	return *static_cast<Environment *>(data);
}

uint32_t Environment::add(std::unique_ptr<Handle> handle)
{
	if (nextId == UINT32_MAX)
		reject("addon", "more handles than there are ids; restart the process");
	handles.emplace(nextId, std::move(handle));
	return nextId++;
}

Handle *Environment::find(uint32_t id) const
{
	const auto found = handles.find(id);
	return found == handles.end() ? nullptr : found->second.get();
}

void Environment::close(uint32_t id)
{
	const auto found = handles.find(id);
	if (found == handles.end())
		return;
	const std::unique_ptr<Handle> handle = std::move(found->second);
	handles.erase(found);
	handle->close(*this);
}

// Newest first: links and rings go before the object that they came from.
void Environment::closeAll()
{
	while (!handles.empty())
		close(handles.rbegin()->first);
	forgetKernelTypes();
}

void Environment::FreeTypes::operator()(btf *freed) const
{
	btf__free(freed);
}

btf *Environment::kernelTypes()
{
	if (types)
		return types.get();
	startLog();
	types.reset(btf__load_vmlinux_btf());
	if (!types)
		fail(errno, "read the kernel's types (/sys/kernel/btf/vmlinux)", takeLog());
	return types.get();
}

void Environment::keepKernelTypes(btf *read)
{
	std::unique_ptr<btf, FreeTypes> given(read);
	if (!types)
		types = std::move(given);
}

uint32_t Environment::kernelFunction(const char *name)
{
	const btf *from = kernelTypes();
	// To sort them all takes as long as some fifty searches.
	if (functions.empty() && functionsAsked < 32) {
		functionsAsked++;
		const int id = btf__find_by_name_kind(from, name, BTF_KIND_FUNC);
		return id < 0 ? 0 : static_cast<uint32_t>(id);
	}
	const auto nameOf = [from](uint32_t id) {
		return btf__name_by_offset(from, btf__type_by_id(from, id)->name_off);
	};
	if (functions.empty()) {
		for (uint32_t id = 1; id < btf__type_cnt(from); id++)
			if (btf_is_func(btf__type_by_id(from, id)))
				functions.push_back(id);
		// Stable: of those that share a name the first, which is the one libbpf takes.
		std::stable_sort(functions.begin(), functions.end(), [&](uint32_t a, uint32_t b) {
			return strcmp(nameOf(a), nameOf(b)) < 0;
		});
	}
	const auto found = std::lower_bound(
		functions.begin(), functions.end(), name,
		[&](uint32_t id, const char *wanted) { return strcmp(nameOf(id), wanted) < 0; });
	return found != functions.end() && strcmp(nameOf(*found), name) == 0 ? *found : 0;
}

void Environment::forgetKernelTypes()
{
	functions = {};
	functionsAsked = 0;
	types.reset();
}

void Environment::watcherClosed()
{
	if (--watchersClosing == 0 && ending) {
		napi_remove_async_cleanup_hook(cleanup);
		delete this;
	}
}

// Node waits with the end of its loop until the hook is removed; watchers close meanwhile.
static void endEnvironment(napi_async_cleanup_hook_handle, void *data)
{
	auto *environment = static_cast<Environment *>(data);
	environment->closeAll();
	napi_set_instance_data(environment->env, nullptr, nullptr, nullptr);
	environment->ending = true;
	environment->watchersClosing++;
	environment->watcherClosed();
}

void startEnvironment(napi_env env)
{
	auto environment = std::make_unique<Environment>();
	environment->env = env;
	check(napi_set_instance_data(env, environment.get(), nullptr, nullptr));
	check(napi_add_async_cleanup_hook(env, endEnvironment, environment.get(),
					  &environment->cleanup));
	environment.release();
}

} // namespace bulwark
