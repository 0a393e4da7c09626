// The addon's entry point, and what belongs to no part of it: closing and counting handles.
#include "addon.h"

#include "environment.h"

namespace bulwark {

// Sets the function that makes errors: (code, errno, what, reason, log) => Error.
static napi_value setErrorFactory(Call &call)
{
	const napi_value factory = call.function(0, "factory");
	napi_ref &kept = call.environment.errorFactory;
	if (kept)
		check(napi_delete_reference(call.env, kept));
	kept = nullptr;
	check(napi_create_reference(call.env, factory, 1, &kept));
	return nullptr;
}

// Closes whatever the id names; harmless when that is closed.
static napi_value close(Call &call)
{
	call.environment.close(call.number(0, "handle"));
	return nullptr;
}

static napi_value openHandles(Call &call)
{
	int counts[sizeof(kindNames) / sizeof(*kindNames)] = {};
	for (const auto &[id, handle] : call.environment.handles)
		counts[static_cast<size_t>(handle->kind)]++;
	Made made(call.env);
	for (size_t i = 0; i < sizeof(kindNames) / sizeof(*kindNames); i++)
		made.set(kindNames[i], counts[i]);
	return made.value;
}

static void start(napi_env env, napi_value exports)
{
	startEnvironment(env);
	addFunction(env, exports, "setErrorFactory", entry<setErrorFactory>);
	addFunction(env, exports, "close", entry<close>);
	addFunction(env, exports, "openHandles", entry<openHandles>);
	registerObjects(env, exports);
	registerMaps(env, exports);
	registerMemory(env, exports);
	registerPrograms(env, exports);
	registerLineKeepers(env, exports);
	registerLinks(env, exports);
	registerRings(env, exports);
	registerSockets(env, exports);
	registerKernel(env, exports);
	registerKernelFiles(env, exports);
	registerTypes(env, exports);
}

} // namespace bulwark

NAPI_MODULE_INIT()
{
	try {
		bulwark::start(env, exports);
	} catch (const bulwark::Failure &failure) {
		napi_throw_error(env, failure.code.c_str(), failure.reason.c_str());
	} catch (...) {
		napi_throw_error(env, nullptr, "the addon could not start");
	}
	return exports;
}
