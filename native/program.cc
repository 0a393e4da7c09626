// Programs by fd: loading raw instructions, test runs, and what the kernel says of them.
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <bpf/bpf.h>

#include "addon.h"
#include "aside.h"
#include "map.h"
#include "object.h"

namespace bulwark {

// A program that came from instructions; those of an object belong to the object.
struct ProgramHandle : Handle {
	static constexpr Kind handleKind = Kind::program;
	static constexpr const char *name = "BPF program";

	explicit ProgramHandle(int fd) : Handle(handleKind), file(fd) {}

	const OwnedFd file;
};

struct RawProgram {
	bpf_prog_type type;
	std::string name, license;
	Bytes code;
	bpf_attach_type attachType;
	uint32_t attachBtfId;

	// The fd, or a negative errno.
	int load(char *log, uint32_t logBytes) const
	{
		LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attachType,
			    .attach_btf_id = attachBtfId, .log_level = log ? 1u : 0u,
			    .log_size = logBytes, .log_buf = log);
		return bpf_prog_load(type, name.c_str(), license.c_str(),
				     reinterpret_cast<const bpf_insn *>(code.data),
				     code.size / sizeof(bpf_insn), &options);
	}
};

// The verifier's words about a program that it refused: the newest 64 KiB. The buffer is large,
// because some kernels answer ENOSPC to a short one; pages that are not written cost nothing.
static std::string verifierLog(const RawProgram &program)
{
	constexpr uint32_t roomBytes = 16 * 1024 * 1024 - 1, keptBytes = 64 * 1024;
	const std::unique_ptr<char[]> room(new char[roomBytes]);
	room[0] = '\0';
	const int fd = program.load(room.get(), roomBytes);
	if (fd >= 0)
		OwnedFd closed(fd);
	std::string log(room.get());
	return log.size() > keptBytes ? log.substr(log.size() - keptBytes) : log;
}

// Puts a program into the table of what is open.
static napi_value describeProgram(napi_env env, std::unique_ptr<ProgramHandle> handle)
{
	Made made(env);
	made.set("fd", handle->file.fd);
	const uint32_t id = Environment::of(env).add(std::move(handle));
	return made.set("handle", id).value;
}

// Loads a program, and puts it there.
static napi_value openProgram(Call &call, const RawProgram &program)
{
	// Without a log first: most loads succeed, and a log that is too short has an errno of its
	// own.
	const int fd = program.load(nullptr, 0);
	if (fd < 0)
		fail(fd, "load program " + program.name, verifierLog(program));
	return describeProgram(call.env, std::make_unique<ProgramHandle>(fd));
}

static RawProgram programOf(Call &call)
{
	RawProgram program = {
		static_cast<bpf_prog_type>(call.number(0, "type")),
		call.text(1, "name"),
		call.text(2, "license"),
		call.bytes(3, "instructions"),
		static_cast<bpf_attach_type>(call.number(4, "expectedAttachType")),
		call.number(5, "attachBtfId"),
	};
	if (program.code.size == 0 || program.code.size % sizeof(bpf_insn) != 0)
		reject("instructions of program " + program.name,
		       std::to_string(program.code.size) + " bytes are no number of 8-byte ones");
	return program;
}

static napi_value loadProgram(Call &call)
{
	return openProgram(call, programOf(call));
}

// A program on its way into the kernel: the verifier may take a second. Its instructions are its
// own, since JavaScript goes on.
struct LoadingProgram : Aside {
	explicit LoadingProgram(RawProgram given)
		: program(std::move(given)),
		  code(program.code.data, program.code.data + program.code.size)
	{
		program.code.data = code.data();
	}

	void run() override
	{
		const int fd = program.load(nullptr, 0);
		if (fd >= 0) {
			loaded = std::make_unique<ProgramHandle>(fd);
		} else {
			error = fd;
			log = verifierLog(program);
		}
	}

	napi_value finish(napi_env env) override
	{
		if (!loaded)
			fail(error, "load program " + program.name, log);
		return describeProgram(env, std::move(loaded));
	}

	RawProgram program;
	std::vector<uint8_t> code;
	std::unique_ptr<ProgramHandle> loaded;
	int error = 0;
	std::string log;
};

// As `loadProgram`, while JavaScript goes on. Gives a promise.
static napi_value loadProgramAside(Call &call)
{
	return Aside::start(call.env, "bulwark:load-program",
			    std::make_unique<LoadingProgram>(programOf(call)));
}

// A program of an object once more, for another kernel type. Its instructions are those that
// libbpf has fitted to this kernel; they name the object's own maps. Never sleepable: libbpf does
// not tell whether the program is.
static napi_value copyProgram(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	const std::string name = call.text(1, "program");
	const bpf_program *from = object.program(name);
	object.fdOf(from);
	const bpf_insn *code = bpf_program__insns(from);
	return openProgram(call,
			   {
				   bpf_program__type(from),
				   name.substr(0, BPF_OBJ_NAME_LEN - 1),
				   call.text(2, "license"),
				   { reinterpret_cast<uint8_t *>(const_cast<bpf_insn *>(code)),
				     bpf_program__insn_cnt(from) * sizeof(bpf_insn) },
				   bpf_program__expected_attach_type(from),
				   call.number(3, "attachBtfId"),
			   });
}

// `context` and `data` are read when they are not empty; a program of type syscall writes its
// context back. What a type of program may not have (repeat, data), the kernel refuses.
static napi_value testRun(Call &call)
{
	const int fd = static_cast<int>(call.number(0, "fd", INT32_MAX));
	const Bytes context = call.bytes(1, "context"), data = call.bytes(2, "data");
	const int repeat = static_cast<int>(call.number(3, "repeat", INT32_MAX));
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = data.size ? data.data : nullptr,
		    .data_size_in = static_cast<__u32>(data.size),
		    .ctx_in = context.size ? context.data : nullptr,
		    .ctx_size_in = static_cast<__u32>(context.size), .repeat = repeat);
	const int error = bpf_prog_test_run_opts(fd, &options);
	if (error)
		fail(error, "test-run a program");
	return Made(call.env)
		.set("returnValue", options.retval)
		.set("durationNs", options.duration)
		.value;
}

static std::string hexOf(const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	std::string hex;
	for (size_t i = 0; i < size; i++) {
		hex += digits[bytes[i] >> 4];
		hex += digits[bytes[i] & 15];
	}
	return hex;
}

static napi_value programInfo(Call &call)
{
	const int fd = static_cast<int>(call.number(0, "fd", INT32_MAX));
	bpf_prog_info info = {};
	__u32 size = sizeof(info);
	const int error = bpf_obj_get_info_by_fd(fd, &info, &size);
	if (error)
		fail(error, "ask the kernel about a program");
	return Made(call.env)
		.set("id", info.id)
		.set("type", info.type)
		.set("tag", hexOf(info.tag, sizeof(info.tag)).c_str())
		.set("runCount", static_cast<double>(info.run_cnt))
		.set("runTimeNs", static_cast<double>(info.run_time_ns))
		.set("recursionMisses", static_cast<double>(info.recursion_misses))
		.set("verifiedInstructions", info.verified_insns)
		.set("attachBtfId", info.attach_btf_id)
		.value;
}

// Runs that the kernel left out of all these programs, together: one look at some dozens of them.
static napi_value skippedRuns(Call &call)
{
	const Bytes fds = call.bytes(0, "fds");
	uint64_t runs = 0;
	for (size_t at = 0; at + sizeof(int32_t) <= fds.size; at += sizeof(int32_t)) {
		int32_t fd;
		memcpy(&fd, fds.data + at, sizeof(fd));
		bpf_prog_info info = {};
		__u32 size = sizeof(info);
		const int error = bpf_obj_get_info_by_fd(fd, &info, &size);
		if (error)
			fail(error, "ask the kernel about a program");
		runs += info.recursion_misses;
	}
	return makeNumber(call.env, static_cast<double>(runs));
}

void registerPrograms(napi_env env, napi_value exports)
{
	addFunction(env, exports, "loadProgram", entry<loadProgram>);
	addFunction(env, exports, "loadProgramAside", entry<loadProgramAside>);
	addFunction(env, exports, "copyProgram", entry<copyProgram>);
	addFunction(env, exports, "testRun", entry<testRun>);
	addFunction(env, exports, "programInfo", entry<programInfo>);
	addFunction(env, exports, "skippedRuns", entry<skippedRuns>);
}

} // namespace bulwark
