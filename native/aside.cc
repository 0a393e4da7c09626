// Work on another thread, and how its promise is settled.
#include "aside.h"

#include "call.h"

namespace bulwark {

napi_value Aside::start(napi_env env, const char *name, std::unique_ptr<Aside> aside)
{
	napi_value promise;
	check(napi_create_promise(env, &aside->deferred, &promise));
	check(napi_create_async_work(env, nullptr, makeText(env, name), runThere, finished,
				     aside.get(), &aside->work));
	check(napi_queue_async_work(env, aside->work));
	aside.release();
	return promise;
}

void Aside::runThere(napi_env, void *data)
{
	static_cast<Aside *>(data)->run();
}

void Aside::settle(napi_env env)
{
	try {
		napi_value value = finish(env);
		if (!value)
			check(napi_get_undefined(env, &value));
		check(napi_resolve_deferred(env, deferred, value));
	} catch (const Failure &failure) {
		check(napi_reject_deferred(env, deferred, makeError(env, failure)));
	}
}

void Aside::finished(napi_env env, napi_status status, void *data)
{
	const std::unique_ptr<Aside> aside(static_cast<Aside *>(data));
	napi_delete_async_work(env, aside->work);
	if (status == napi_cancelled)
		return;
	try {
		aside->settle(env);
	} catch (const Failure &failure) {
		throwFailure(env, failure);
	} catch (const Pending &) {
	}
}

} // namespace bulwark
