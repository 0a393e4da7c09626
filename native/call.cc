// See call.h.
#include "call.h"

#include <cmath>
#include <cstring>
#include <exception>

#include <bpf/libbpf.h>

#include "environment.h"

namespace bulwark {

// Errors that only the kernel's inside and libbpf know; neither is in errno.h.
static constexpr int kernelNotSupported = 524;

static std::string nameOf(int error)
{
	if (error == kernelNotSupported)
		return "ENOTSUPP";
	if (error >= LIBBPF_ERRNO__LIBELF)
		return "LIBBPF";
	const char *name = strerrorname_np(error);
	return name ? name : "EUNKNOWN";
}

void fail(int error, std::string what, std::string log)
{
	const int number = std::abs(error);
	char reason[128] = "not supported by this kernel";
	if (number != kernelNotSupported)
		libbpf_strerror(number, reason, sizeof(reason));
	throw Failure{ nameOf(number), number, std::move(what), reason, std::move(log) };
}

void reject(std::string what, std::string reason)
{
	throw Failure{ "BAD_ARGUMENT", 0, std::move(what), std::move(reason), {} };
}

void failClosed(const char *kind)
{
	throw Failure{ "CLOSED", 0, kind, "it is closed", {} };
}

void check(napi_status status)
{
	if (status == napi_ok)
		return;
	if (status == napi_pending_exception)
		throw Pending{};
	reject("Node-API", "status " + std::to_string(status));
}

Call::Call(napi_env environmentOfNode, napi_callback_info info)
	: env(environmentOfNode), environment(Environment::of(environmentOfNode))
{
	check(napi_get_cb_info(env, info, &count, values, nullptr, &data));
}

void Call::mismatch(size_t index, const char *name, const char *wanted)
{
	reject("argument " + std::to_string(index + 1) + " (" + name + ")",
	       std::string("expected ") + wanted);
}

// A size that Node-API reports without the terminating zero; text with a zero inside is refused,
// because C would read another name than JavaScript wrote.
std::string Call::text(size_t index, const char *name)
{
	size_t size = 0;
	if (index >= count ||
	    napi_get_value_string_utf8(env, values[index], nullptr, 0, &size) != napi_ok)
		mismatch(index, name, "a string");
	std::string text(size, '\0');
	check(napi_get_value_string_utf8(env, values[index], text.data(), size + 1, &size));
	if (text.find('\0') != std::string::npos)
		mismatch(index, name, "a string without NUL");
	return text;
}

uint32_t Call::number(size_t index, const char *name, uint32_t max)
{
	double value = 0;
	if (index >= count || napi_get_value_double(env, values[index], &value) != napi_ok ||
	    !(value >= 0 && value <= max) || value != std::floor(value)) {
		const std::string wanted = "a whole number from 0 to " + std::to_string(max);
		mismatch(index, name, wanted.c_str());
	}
	return static_cast<uint32_t>(value);
}

bool Call::boolean(size_t index, const char *name)
{
	bool value = false;
	if (index >= count || napi_get_value_bool(env, values[index], &value) != napi_ok)
		mismatch(index, name, "a boolean");
	return value;
}

Bytes Call::bytes(size_t index, const char *name)
{
	static uint8_t nothing;
	napi_typedarray_type type = napi_int8_array;
	void *data = nullptr;
	size_t size = 0;
	if (index >= count ||
	    napi_get_typedarray_info(env, values[index], &type, &size, &data, nullptr, nullptr) !=
		    napi_ok ||
	    type != napi_uint8_array)
		mismatch(index, name, "a Uint8Array");
	return size && data ? Bytes{ static_cast<uint8_t *>(data), size } : Bytes{ &nothing, 0 };
}

napi_value Call::function(size_t index, const char *name)
{
	napi_valuetype type = napi_undefined;
	if (index >= count || napi_typeof(env, values[index], &type) != napi_ok ||
	    type != napi_function)
		mismatch(index, name, "a function");
	return values[index];
}

napi_value makeText(napi_env env, const std::string &text)
{
	napi_value value;
	check(napi_create_string_utf8(env, text.data(), text.size(), &value));
	return value;
}

napi_value makeNumber(napi_env env, double number)
{
	napi_value value;
	check(napi_create_double(env, number, &value));
	return value;
}

napi_value makeBoolean(napi_env env, bool boolean)
{
	napi_value value;
	check(napi_get_boolean(env, boolean, &value));
	return value;
}

napi_value makeBigInt(napi_env env, uint64_t number)
{
	napi_value value;
	check(napi_create_bigint_uint64(env, number, &value));
	return value;
}

Made::Made(napi_env environment) : env(environment)
{
	check(napi_create_object(env, &value));
}

Made &Made::set(const char *name, napi_value property)
{
	check(napi_set_named_property(env, value, name, property));
	return *this;
}

Made &Made::set(const char *name, double number)
{
	return set(name, makeNumber(env, number));
}

Made &Made::set(const char *name, const char *text)
{
	return set(name, makeText(env, text ? text : ""));
}

MadeList::MadeList(napi_env environment) : env(environment)
{
	check(napi_create_array(env, &value));
}

void MadeList::add(napi_value element)
{
	check(napi_set_element(env, value, size++, element));
}

napi_value makeError(napi_env env, const Failure &failure)
{
	const napi_ref factory = Environment::of(env).errorFactory;
	napi_value make = nullptr, receiver, error;
	if (factory)
		check(napi_get_reference_value(env, factory, &make));
	if (!make) {
		const std::string message = failure.what + ": " + failure.reason;
		check(napi_create_error(env, makeText(env, failure.code), makeText(env, message),
					&error));
		return error;
	}
	const napi_value arguments[] = {
		makeText(env, failure.code), makeNumber(env, failure.error),
		makeText(env, failure.what), makeText(env, failure.reason),
		makeText(env, failure.log),
	};
	check(napi_get_undefined(env, &receiver));
	check(napi_call_function(env, receiver, make, 5, arguments, &error));
	return error;
}

void throwFailure(napi_env env, const Failure &failure)
{
	try {
		check(napi_throw(env, makeError(env, failure)));
	} catch (const Pending &) {
		// The factory threw: that error is as good.
	} catch (const Failure &worse) {
		napi_throw_error(env, failure.code.c_str(), failure.what.c_str());
	}
}

napi_value runBody(napi_env env, napi_callback_info info, Body body) noexcept
{
	try {
		Call call(env, info);
		return body(call);
	} catch (const Failure &failure) {
		throwFailure(env, failure);
	} catch (const Pending &) {
	} catch (const std::exception &error) {
		throwFailure(env, Failure{ "ENOMEM", ENOMEM, "addon", error.what(), {} });
	}
	return nullptr;
}

void addFunction(napi_env env, napi_value exports, const char *name, napi_callback function)
{
	napi_value value;
	check(napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value));
	check(napi_set_named_property(env, exports, name, value));
}

} // namespace bulwark
