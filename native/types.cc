// Types (BTF) of the kernel and of objects: ids, and where members and variables lie.
#include <cerrno>
#include <functional>
#include <utility>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "addon.h"
#include "aside.h"
#include "object.h"

namespace bulwark {

// A member found in a struct, with those of its anonymous parts as if they were its own.
struct Member {
	std::string name;
	uint32_t offsetBits;
	uint32_t widthBits; // of a bit field; 0 for any other
	uint32_t type;
};

using OnMember = std::function<void(const Member &)>;

// Nothing in the kernel nests so deep; types of a damaged object might, without end.
static constexpr int anonymousDepthMax = 16;

static const btf_type *withoutModifiers(const btf *types, uint32_t id)
{
	const int resolved = btf__resolve_type(types, id);
	return resolved < 0 ? nullptr : btf__type_by_id(types, static_cast<uint32_t>(resolved));
}

static void eachMember(const btf *types, const btf_type *type, uint32_t baseBits, int depth,
		       const OnMember &onMember)
{
	if (depth > anonymousDepthMax)
		return;
	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		const btf_member *member = btf_members(type) + i;
		const char *text = btf__name_by_offset(types, member->name_off);
		const std::string name = text ? text : "";
		const uint32_t offsetBits = baseBits + btf_member_bit_offset(type, i);
		const btf_type *inner = withoutModifiers(types, member->type);
		if (name.empty() && inner && btf_is_composite(inner))
			eachMember(types, inner, offsetBits, depth + 1, onMember);
		else
			onMember({ name, offsetBits, btf_member_bitfield_size(type, i),
				   member->type });
	}
}

static napi_value findKernelType(Call &call)
{
	const std::string name = call.text(0, "name");
	const uint32_t kind = call.number(1, "kind", BTF_KIND_MAX);
	const int id = btf__find_by_name_kind(call.environment.kernelTypes(), name.c_str(), kind);
	return makeNumber(call.env, id < 0 ? 0 : id);
}

static int parametersOf(const btf *types, uint32_t function)
{
	return btf_vlen(btf__type_by_id(types, btf__type_by_id(types, function)->type));
}

// A function of the kernel and its prototype; zeros when there is none.
static napi_value findKernelFunction(Call &call)
{
	const uint32_t id = call.environment.kernelFunction(call.text(0, "name").c_str());
	const btf *types = call.environment.kernelTypes();
	return Made(call.env)
		.set("id", id)
		.set("prototype", id > 0 ? btf__type_by_id(types, id)->type : 0)
		.set("parameters", id > 0 ? parametersOf(types, id) : 0)
		.value;
}

// The first byte of a member in a struct or union of the kernel; -1 when there is none.
static napi_value kernelMember(Call &call)
{
	const std::string name = call.text(0, "struct"), wanted = call.text(1, "member");
	const btf *types = call.environment.kernelTypes();
	int id = btf__find_by_name_kind(types, name.c_str(), BTF_KIND_STRUCT);
	if (id < 0)
		id = btf__find_by_name_kind(types, name.c_str(), BTF_KIND_UNION);
	double offset = -1;
	if (id > 0 && !wanted.empty())
		eachMember(types, btf__type_by_id(types, static_cast<uint32_t>(id)), 0, 0,
			   [&](const Member &member) {
				   if (member.name == wanted)
					   offset = member.offsetBits / 8;
			   });
	return makeNumber(call.env, offset);
}

static napi_value forgetKernelTypes(Call &call)
{
	call.environment.forgetKernelTypes();
	return nullptr;
}

// The kernel's types on their way in.
struct ReadingTypes : Aside {
	~ReadingTypes() override { btf__free(types); }

	void run() override
	{
		startLog(); // What it says when it fails, it says again to whoever asks.
		types = btf__load_vmlinux_btf();
		takeLog();
	}

	napi_value finish(napi_env env) override
	{
		Environment::of(env).keepKernelTypes(std::exchange(types, nullptr));
		return nullptr;
	}

	btf *types = nullptr;
};

// Reads the kernel's types while JavaScript goes on. Gives a promise, which says nothing: when they
// cannot be read, the next question says why.
static napi_value readKernelTypesAside(Call &call)
{
	return Aside::start(call.env, "bulwark:types", std::make_unique<ReadingTypes>());
}

static const btf *typesOf(const ObjectHandle &object)
{
	const btf *types = bpf_object__btf(object.file.get());
	if (!types)
		fail(ENOENT, std::string("read the types of BPF object ") +
				     bpf_object__name(object.file.get()) +
				     ": it was built without -g");
	return types;
}

static napi_value layoutOf(napi_env env, const btf *types, const btf_type *type, const char *name)
{
	MadeList members(env);
	eachMember(types, type, 0, 0, [&](const Member &member) {
		members.add(Made(env)
				    .set("name", member.name.c_str())
				    .set("offsetBytes", member.offsetBits / 8)
				    .set("bytes",
					 static_cast<double>(btf__resolve_size(types, member.type)))
				    .set("bitOffset", member.offsetBits % 8)
				    .set("bits", member.widthBits)
				    .value);
	});
	return Made(env)
		.set("name", name)
		.set("bytes", type->size)
		.set("members", members.value)
		.value;
}

// Every struct and union with a name in the object's types; or that of one name.
static napi_value structLayouts(Call &call)
{
	const btf *types = typesOf(call.handle<ObjectHandle>(0));
	const std::string wanted = call.text(1, "name");
	MadeList layouts(call.env);
	for (uint32_t id = 1; id < btf__type_cnt(types); id++) {
		const btf_type *type = btf__type_by_id(types, id);
		const char *name = btf__name_by_offset(types, type->name_off);
		if (btf_is_composite(type) && name && *name && (wanted.empty() || wanted == name))
			layouts.add(layoutOf(call.env, types, type, name));
	}
	return layouts.value;
}

// Where a global variable lies in its section; an empty answer (null) when there is none.
static napi_value findVariable(Call &call)
{
	const auto &object = call.handle<ObjectHandle>(0);
	const std::string section = call.text(1, "section"), wanted = call.text(2, "variable");
	const btf *types = typesOf(object);
	const int id = btf__find_by_name_kind(types, section.c_str(), BTF_KIND_DATASEC);
	if (id > 0) {
		const btf_type *type = btf__type_by_id(types, static_cast<uint32_t>(id));
		for (uint32_t i = 0; i < btf_vlen(type); i++) {
			const btf_var_secinfo *place = btf_var_secinfos(type) + i;
			const btf_type *variable = btf__type_by_id(types, place->type);
			if (wanted == btf__name_by_offset(types, variable->name_off))
				return Made(call.env)
					.set("offsetBytes", place->offset)
					.set("bytes", place->size)
					.value;
		}
	}
	fail(ENOENT, "find variable " + wanted + " in section " + section + " of BPF object " +
			     bpf_object__name(object.file.get()));
}

void registerTypes(napi_env env, napi_value exports)
{
	addFunction(env, exports, "findKernelType", entry<findKernelType>);
	addFunction(env, exports, "findKernelFunction", entry<findKernelFunction>);
	addFunction(env, exports, "kernelMember", entry<kernelMember>);
	addFunction(env, exports, "readKernelTypesAside", entry<readKernelTypesAside>);
	addFunction(env, exports, "forgetKernelTypes", entry<forgetKernelTypes>);
	addFunction(env, exports, "structLayouts", entry<structLayouts>);
	addFunction(env, exports, "findVariable", entry<findVariable>);
}

} // namespace bulwark
