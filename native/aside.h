// Work on a thread of libuv's pool while JavaScript goes on; a promise tells how it ended.
#pragma once

#include <memory>

#include <node_api.h>

namespace bulwark {

class Aside {
public:
	Aside() = default;
	virtual ~Aside() = default;
	Aside(const Aside &) = delete;
	Aside &operator=(const Aside &) = delete;

	// Gives the promise. `name` is for people who look at what runs.
	static napi_value start(napi_env env, const char *name, std::unique_ptr<Aside> work);

protected:
	// On the other thread: no JavaScript, and nothing that JavaScript may touch meanwhile.
	virtual void run() = 0;
	// Back on its own: what the promise resolves with, nullptr for nothing. A `Failure`
	// rejects it.
	virtual napi_value finish(napi_env env) = 0;

private:
	static void runThere(napi_env env, void *data);
	static void finished(napi_env env, napi_status status, void *data);
	void settle(napi_env env);

	napi_async_work work = nullptr;
	napi_deferred deferred = nullptr;
};

} // namespace bulwark
