// What this kernel and machine can do, and their clocks. An answer of a probe is 1, 0 or, when the
// machine does not tell, a negative errno.
#include <ctime>

#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "addon.h"
#include "environment.h"

namespace bulwark {

static napi_value probeProgramType(Call &call)
{
	const auto type = static_cast<bpf_prog_type>(call.number(0, "type", INT32_MAX));
	return makeNumber(call.env, libbpf_probe_bpf_prog_type(type, nullptr));
}

static napi_value probeMapType(Call &call)
{
	const auto type = static_cast<bpf_map_type>(call.number(0, "type", INT32_MAX));
	return makeNumber(call.env, libbpf_probe_bpf_map_type(type, nullptr));
}

static napi_value probeHelper(Call &call)
{
	const auto type = static_cast<bpf_prog_type>(call.number(0, "programType", INT32_MAX));
	const auto helper = static_cast<bpf_func_id>(call.number(1, "helper", INT32_MAX));
	return makeNumber(call.env, libbpf_probe_bpf_helper(type, helper, nullptr));
}

static napi_value hasKernelTypes(Call &call)
{
	return makeBoolean(call.env, access("/sys/kernel/btf/vmlinux", R_OK) == 0);
}

static napi_value possibleCpus(Call &call)
{
	const int cpus = libbpf_num_possible_cpus();
	if (cpus < 0)
		fail(cpus, "count the possible CPUs");
	return makeNumber(call.env, cpus);
}

static uint64_t nanoseconds(clockid_t clock)
{
	timespec now = {};
	clock_gettime(clock, &now);
	return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 +
	       static_cast<uint64_t>(now.tv_nsec);
}

// Both clocks at one instant: the tightest of several readings, in case one was interrupted.
static napi_value clocks(Call &call)
{
	uint64_t bootNs = 0, realNs = 0, narrowest = UINT64_MAX;
	for (int i = 0; i < 5; i++) {
		const uint64_t before = nanoseconds(CLOCK_BOOTTIME);
		const uint64_t real = nanoseconds(CLOCK_REALTIME);
		const uint64_t width = nanoseconds(CLOCK_BOOTTIME) - before;
		if (width < narrowest) {
			narrowest = width;
			bootNs = before + width / 2;
			realNs = real;
		}
	}
	return Made(call.env)
		.set("bootNs", makeBigInt(call.env, bootNs))
		.set("realNs", makeBigInt(call.env, realNs))
		.value;
}

void registerKernel(napi_env env, napi_value exports)
{
	addFunction(env, exports, "probeProgramType", entry<probeProgramType>);
	addFunction(env, exports, "probeMapType", entry<probeMapType>);
	addFunction(env, exports, "probeHelper", entry<probeHelper>);
	addFunction(env, exports, "hasKernelTypes", entry<hasKernelTypes>);
	addFunction(env, exports, "possibleCpus", entry<possibleCpus>);
	addFunction(env, exports, "clocks", entry<clocks>);
}

} // namespace bulwark
