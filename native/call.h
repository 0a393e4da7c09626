// One call from JavaScript: reading its arguments, making its result, failing.
//
// Inside the addon a failure is a C++ exception; `entry` is the only place where one is turned into
// a JavaScript error, so none crosses the Node-API boundary. Arguments are checked here for type
// and range, whatever TypeScript has promised.
#pragma once

#include <cstdint>
#include <string>

#include <node_api.h>

namespace bulwark {

struct Environment;

// An operation that failed. Becomes a `NativeError`: see native-error.ts for the meaning of `code`.
struct Failure {
	std::string code;
	int error; // errno, positive; 0 when the fault is the caller's
	std::string what;
	std::string reason;
	std::string log;
};

// Thrown when a JavaScript exception pends already.
struct Pending {};

// The kernel or libbpf refused. The sign of `error` does not matter.
[[noreturn]] void fail(int error, std::string what, std::string log = {});
// The caller passed something that cannot be.
[[noreturn]] void reject(std::string what, std::string reason);
// The caller used something that was closed.
[[noreturn]] void failClosed(const char *kind);
void check(napi_status status);

// Bytes that JavaScript owns; valid during the call only.
struct Bytes {
	uint8_t *data;
	size_t size;
};

class Call {
public:
	Call(napi_env env, napi_callback_info info);

	std::string text(size_t index, const char *name);
	uint32_t number(size_t index, const char *name, uint32_t max = UINT32_MAX);
	bool boolean(size_t index, const char *name);
	// A Uint8Array; may be empty, `data` is never null.
	Bytes bytes(size_t index, const char *name);
	napi_value function(size_t index, const char *name);
	// As it was given, of one that was read already.
	napi_value value(size_t index) const { return values[index]; }

	// The open thing with the id that the argument gives; T is a Handle.
	template <typename T> T &handle(size_t index);

	const napi_env env;
	Environment &environment;
	// That the function was made with.
	void *data = nullptr;

private:
	[[noreturn]] void mismatch(size_t index, const char *name, const char *wanted);

	size_t count = argumentsMax;
	static constexpr size_t argumentsMax = 8;
	napi_value values[argumentsMax] = {};
};

napi_value makeText(napi_env env, const std::string &text);
napi_value makeNumber(napi_env env, double number);
napi_value makeBoolean(napi_env env, bool value);
napi_value makeBigInt(napi_env env, uint64_t value);

// A JavaScript object that is being filled.
class Made {
public:
	explicit Made(napi_env env);
	Made &set(const char *name, napi_value value);
	Made &set(const char *name, double number);
	Made &set(const char *name, const char *text);

	napi_value value;

private:
	napi_env env;
};

// A JavaScript array that is being filled.
class MadeList {
public:
	explicit MadeList(napi_env env);
	void add(napi_value element);

	napi_value value;

private:
	napi_env env;
	uint32_t size = 0;
};

using Body = napi_value (*)(Call &call);

// A `NativeError` as a value. Throws `Pending` or `Failure` when it cannot be made.
napi_value makeError(napi_env env, const Failure &failure);
void throwFailure(napi_env env, const Failure &failure);
napi_value runBody(napi_env env, napi_callback_info info, Body body) noexcept;

// What Node-API calls. Undefined is returned when `body` returns nullptr.
template <Body body> napi_value entry(napi_env env, napi_callback_info info)
{
	return runBody(env, info, body);
}

void addFunction(napi_env env, napi_value exports, const char *name, napi_callback function);

} // namespace bulwark
