// Links: programs of an object that are attached, and iterators, which are read instead.
#include <cerrno>
#include <memory>
#include <vector>

#include <linux/perf_event.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "addon.h"
#include "kernel-file.h"
#include "map.h"
#include "object.h"

namespace bulwark {

struct DestroyLink {
	void operator()(bpf_link *link) const { bpf_link__destroy(link); }
};

struct LinkHandle : Handle {
	static constexpr Kind handleKind = Kind::link;
	static constexpr const char *name = "link";

	LinkHandle(bpf_link *attached, std::string title, std::shared_ptr<bpf_object> from)
		: Handle(handleKind), program(std::move(title)), object(std::move(from)),
		  link(attached)
	{
	}
	// Of a program that is of no object.
	LinkHandle(int fd, std::string title)
		: Handle(handleKind), program(std::move(title)), file(std::make_unique<OwnedFd>(fd))
	{
	}

	int fd() const { return file ? file->fd : bpf_link__fd(link.get()); }

	const std::string program;
	// Before `link`, so that it goes after it.
	const std::shared_ptr<bpf_object> object;
	const std::unique_ptr<bpf_link, DestroyLink> link;
	const std::unique_ptr<OwnedFd> file;
};

// A perf event of the tracepoint that a section `tracepoint/…` names; the fd, or -1 and errno. The
// program runs on every CPU, whichever the event is of. Not as libbpf has it, which wants tracefs
// to be mounted.
static int openTracepoint(const bpf_program *program)
{
	const std::string section = bpf_program__section_name(program);
	const std::string path = section.substr(section.find('/') + 1);
	perf_event_attr event = {};
	event.type = PERF_TYPE_TRACEPOINT;
	event.size = sizeof(event);
	event.config = std::stoul(fileOfKernel("tracefs", "events/" + path + "/id"));
	return static_cast<int>(
		syscall(SYS_perf_event_open, &event, -1, sched_getcpu(), -1, PERF_FLAG_FD_CLOEXEC));
}

static bpf_link *attachTo(const bpf_program *program)
{
	if (bpf_program__type(program) != BPF_PROG_TYPE_TRACEPOINT)
		return bpf_program__attach(program);
	const int event = openTracepoint(program);
	bpf_link *link = event < 0 ? nullptr : bpf_program__attach_perf_event(program, event);
	if (!link && event >= 0) {
		const int error = errno;
		close(event);
		errno = error;
	}
	return link; // It owns the event.
}

static napi_value attach(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	const std::string name = call.text(1, "program");
	const bpf_program *program = object.program(name);
	object.fdOf(program);
	startLog();
	bpf_link *link = attachTo(program);
	if (!link)
		fail(errno,
		     "attach program " + name + " (" + bpf_program__section_name(program) + ")",
		     takeLog());
	auto handle = std::make_unique<LinkHandle>(link, name, object.file);
	return makeNumber(call.env, call.environment.add(std::move(handle)));
}

// Attaches a program to the kernel type that it was loaded for.
static napi_value attachProgram(Call &call)
{
	const int program = static_cast<int>(call.number(0, "fd", INT32_MAX));
	const std::string target = call.text(1, "target");
	const int fd = bpf_raw_tracepoint_open(nullptr, program);
	if (fd < 0)
		fail(fd, "attach a program to " + target);
	return makeNumber(call.env, call.environment.add(std::make_unique<LinkHandle>(fd, target)));
}

// One walk of an iterator from its start to its end, as one Uint8Array.
static napi_value readIterator(Call &call)
{
	const auto &link = call.handle<LinkHandle>(0);
	const size_t bytesMax = call.number(1, "bytesMax");
	const int fd = bpf_iter_create(link.fd());
	if (fd < 0)
		fail(fd, "start iterator " + link.program);
	const OwnedFd file(fd);
	constexpr size_t chunkBytes = 64 * 1024;
	// The kernel says EAGAIN after a long walk without output; a walk that never has any ends
	// too.
	constexpr int quietReadsMax = 1000;
	std::vector<uint8_t> all;
	size_t used = 0;
	for (int quietReads = 0; quietReads < quietReadsMax;) {
		all.resize(used + chunkBytes);
		const ssize_t got = ::read(file.fd, all.data() + used, chunkBytes);
		if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
			quietReads++;
			continue;
		}
		if (got < 0)
			fail(errno, "read iterator " + link.program);
		used += static_cast<size_t>(got);
		if (used > bytesMax)
			fail(EOVERFLOW, "read iterator " + link.program + ": more than " +
						std::to_string(bytesMax) + " bytes");
		if (got == 0) {
			napi_value buffer, bytes;
			void *target = nullptr;
			check(napi_create_arraybuffer(call.env, used, &target, &buffer));
			if (used)
				memcpy(target, all.data(), used);
			check(napi_create_typedarray(call.env, napi_uint8_array, used, buffer, 0,
						     &bytes));
			return bytes;
		}
	}
	fail(EAGAIN, "read iterator " + link.program);
}

void registerLinks(napi_env env, napi_value exports)
{
	addFunction(env, exports, "attach", entry<attach>);
	addFunction(env, exports, "attachProgram", entry<attachProgram>);
	addFunction(env, exports, "readIterator", entry<readIterator>);
}

} // namespace bulwark
